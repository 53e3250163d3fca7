"""The command `ioc-removal`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from traceback import print_exc

from ..errors import ArgumentError, PluginError, is_of_interruption
from ..outcome import Summary, exit_status
from ..trust.threads import end_idle
from .commands import parser_with_commands
from .log import logged
from .output import Output
from .parser import Options, Parser
from .pauses import told_pauses
from .session import Session

DEBUG = "IOC_REMOVAL_DEBUG"
ENDING = (signal.SIGINT, signal.SIGTERM)
FAILED, WRONG_USE, DOUBT, INTERRUPTED = 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; argv: without the program's name."""
    options, output, session = Options(), Output(), None
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
                status = int(command(session))
        except SystemExit as left:  # argparse's --help and --version
            status = int(left.code or 0)
        except PluginError as error:
            if is_of_interruption(error):
                raise KeyboardInterrupt from error
            output.json |= "--json" in (sys.argv[1:] if argv is None else argv)
            output.failed(error, options)
            status = exit_status(Summary(), [type(error).__name__])
        output.flush()
    except KeyboardInterrupt:
        status = _leave(output, session)
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        if os.environ.get(DEBUG) == "1":
            print_exc()
        if is_of_interruption(error):
            return _leave(output, session)
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


def _leave(output: Output, session: Session | None) -> int:
    """Say what is recorded, and go at once although requests may be in flight."""
    ours = threading.current_thread() is threading.main_thread()
    before = {kind: signal.signal(kind, signal.SIG_IGN) for kind in ENDING} if ours else {}
    output.interrupted(sent=session is not None and session.connected)
    output.flush()
    end_idle()
    if ours and threading.active_count() > 1:
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # the interpreter would wait for every request's answer
    for kind, handler in before.items():
        if handler is not None:  # that of a program in another language
            signal.signal(kind, handler)
    return INTERRUPTED
