"""What several commands take: a file, who wants it, what is overridden, how it is proved."""

from collections.abc import Callable
from typing import Any

from ...indicators.formats import FORMATS
from ..parser import Parser

Add = Callable[..., Parser]  # name, what does it, what it is about, examples; more=TEXT
WAIT = "stay while a person is asked, and go on by itself; without it the command ends (status 4)"


def add_proof(command: Parser) -> None:
    """Add how what is done is proved."""
    command.add_argument(
        "--verify", action="store_true", help="read back what was done, where that is possible"
    )
    command.add_argument(
        "--lookup", action="store_true",
        help="keep what CyberTrace tells of each indicator, which it may record as detections",
    )  # fmt: skip


def add_requester(command: Parser) -> None:
    """Add who wants it, and why."""
    group: Any = command.add_argument_group("who wants it, and why: kept in the journal")
    add = group.add_argument
    add("--actor", metavar="NAME", help="who; else the user of the operating system")
    add("--ticket", metavar="ID", help="the case that it belongs to")
    add("--reason", metavar="TEXT", help="why")


def add_overrides(command: Parser) -> None:
    """Add which guards are overridden."""
    group: Any = command.add_argument_group("guards (`ioc-removal guards` lists them)")
    group.add_argument(
        "--override",
        metavar="GUARD",
        action="append",
        help="go on although this guard refuses; needs --reason, and is recorded",
    )


def add_file(command: Parser) -> None:
    """Add a file of indicators, and how it is read."""
    group: Any = command.add_argument_group("indicators from a file")
    add = group.add_argument
    add("--indicators", metavar="FILE", help="CSV, text, STIX or MISP; - is stdin")
    add("--format", choices=FORMATS, help="how the file is read, if its name and content mislead")
    add("--column", metavar="NAME", help="of a CSV file, by header or by number from 1")
    add("--to-ids-only", action="store_true", help="of MISP, only what is marked for detection")
