"""The command `ioc-removal`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from traceback import print_exc

from ..errors import ArgumentError, PluginError
from ..outcome import Summary, exit_status
from .commands import parser_with_commands
from .log import logged
from .output import Output
from .parser import Options, Parser
from .pauses import told_pauses
from .session import Session

DEBUG = "IOC_REMOVAL_DEBUG"
FAILED, WRONG_USE, DOUBT, INTERRUPTED = 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; argv: without the program's name."""
    options, output, begun = Options(), Output(), False
    try:
        try:
            parser = _parsed(sys.argv[1:] if argv is None else argv, options)
            output = Output(json=options.json, quiet=options.quiet, color=options.color)
            if not options.does:
                parser.print_help(sys.stderr)
                return WRONG_USE
            module, function = options.does.split(".")
            command = getattr(import_module(f".{module}", __package__), function)
            with (
                logged(options.log),
                told_pauses(output),
                Session(options, output) as session,
            ):
                begun = True
                status = int(command(session))
        except SystemExit as left:  # argparse's --help and --version
            status = int(left.code or 0)
        except PluginError as error:
            output.json |= "--json" in (sys.argv[1:] if argv is None else argv)
            output.failed(error, options)
            status = exit_status(Summary(), [type(error).__name__])
        output.flush()
    except KeyboardInterrupt:
        _leave(output, begun=begun)
        status = INTERRUPTED
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        if os.environ.get(DEBUG) == "1":
            print_exc()
        output.error(
            f"internal error: {type(error).__name__}: {error}; please report it "
            f"({DEBUG}=1 shows where); {output.recorded or 'nothing was removed'}"
        )
        status = DOUBT if output.recorded else FAILED
    return status


def _parsed(words: Sequence[str], options: Options) -> Parser:
    """Read the command line, and return what read it; a mistake is told with all commands known."""
    parser = parser_with_commands(words[0] if words else "")
    try:
        parser.parse_args(words, options)
    except ArgumentError:
        parser_with_commands().parse_args(words, options)
        raise
    return parser


def _leave(output: Output, *, begun: bool) -> None:
    """Say what is recorded, and go at once although requests may be in flight."""
    ours = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ours else None
    output.interrupted(begun=begun)
    output.flush()
    if ours and threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # the interpreter would wait for every request's answer
    if before is not None:
        signal.signal(signal.SIGINT, before)
