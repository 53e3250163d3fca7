"""The parser: options that every command takes, and mistakes told in one line."""

import re
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import Any, NoReturn

from .. import __version__
from ..errors import ArgumentError
from ..wording import hint

PROGRAM = "ioc-removal"
FEW = 12  # choices that a message can list


class Options(Namespace):
    """What was given on the command line; what was not has its default here.

    does: "module.function" of the command, empty when none was given.
    """

    does: str = ""
    settings: str | None = None
    store: str | None = None
    log: str | None = None
    connection: list[str] | None = None
    first_connection: list[str] | None = None
    json: bool = False
    quiet: bool = False
    color: bool = True

    @property
    def connections(self) -> list[str]:
        """Every --connection, before and after the command."""
        return [*(self.first_connection or ()), *(self.connection or ())]

    def given(self, name: str) -> Any:
        """Return an option of one command only, None when it has none of that name."""
        return getattr(self, name, None)


class Parser(ArgumentParser):
    """An argument parser that takes no abbreviations and raises ArgumentError."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        chosen = re.match(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if chosen:
            argument, given, known = chosen.groups()
            names = re.findall(r"[\w-]+", known)
            what = "command" if argument == "COMMAND" else argument
            there = f" (there is: {', '.join(names)})" if len(names) <= FEW else ""
            message = f"there is no {what} {given!r}{hint(given, names) or there}"
        elif message.startswith("the following arguments are required: "):
            message = message.removeprefix("the following arguments are required: ") + " is missing"
        elif message.startswith("unrecognized arguments: "):
            given = message.removeprefix("unrecognized arguments: ")
            names = self._every_option()
            message = (
                f"there is no option {given}{hint(given.split('=')[0], names)}"
                if given.startswith("-")
                else f"{given}: too much is given"
            )
        raise ArgumentError(f"{message} (see {self.prog} --help)")

    def _every_option(self) -> list[str]:
        """Return the options of this parser and of its commands: argparse asks the outermost."""
        names = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action.choices, dict):
                names += [name for one in action.choices.values() for name in one._every_option()]
        return list(dict.fromkeys(names))


def common_options(*, first: bool) -> Parser:
    """Return the options that may stand before (first) or after the command."""
    parser = Parser(add_help=False, argument_default=SUPPRESS)
    group = parser.add_argument_group("options of every command")
    add = group.add_argument
    add("--settings", metavar="FILE", help="settings with the connections")
    add(
        "--store",
        metavar="FILE",
        help="where runs are recorded, or postgresql://NAME@HOST/DATABASE",
    )
    add(
        "--connection",
        metavar="SYSTEM=NAME",
        action="append",
        dest="first_connection" if first else "connection",
        help="which connection to use where a system has several; may be repeated",
    )
    add(
        "--log",
        metavar="FILE",
        help="append a line of JSON there for each batch, and for what went wrong; - is stderr",
    )
    add("--json", action="store_true", help="print JSON and nothing else on standard output")
    add("--quiet", action="store_true", help="print no notes, warnings or progress")
    add("--no-color", action="store_false", dest="color", help="print no colours (or NO_COLOR=1)")
    return parser


def whole_parser() -> Parser:
    """Return the parser without its commands (commands.py)."""
    parser = Parser(
        prog=PROGRAM,
        parents=[common_options(first=True)],
        description="Removes indicators of compromise from Kaspersky CyberTrace, Huawei Cloud "
        "SecMaster and\nHuawei Cloud WAF, and tells what became of each.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return parser


EPILOG = """\
exit status:
  0    all is done: removed, or was not there
  1    something failed, or was refused after something was sent
  2    nothing was sent: wrong use, settings or arguments
  3    something is unknown, or a system could not be reached
  4    the run waits for an approval
  130  interrupted, by Ctrl-C or SIGTERM

first steps:
  ioc-removal demo                 rehearse the playbooks on stand-ins of the three systems
  ioc-removal actions              what can be called
  ioc-removal test                 whether the connections in the settings work
"""
