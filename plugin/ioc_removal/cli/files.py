"""The indicator file of the command line."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..store.database import Database
from .output import Output
from .parser import Options
from .sums import sums_line
from .table import shown

if TYPE_CHECKING:
    from .told_file import ToldFile

FIRST_UNUSED = 10
READING = "reading the file"


def file_of(options: Options, told: Callable[[int], None]) -> "ToldFile | None":
    """Return the file of --indicators, None without one; told: how many indicators it holds."""
    path = options.given("indicators")
    if path is None:
        for name in ("format", "column", "to_ids_only"):
            if options.given(name):
                raise ArgumentError(f"--{name.replace('_', '-')}: goes with --indicators FILE")
        return None
    from .told_file import ToldFile  # most calls have no file

    return ToldFile(
        path,
        options.given("format"),
        options.given("column"),
        bool(options.given("to_ids_only")),
        told,
    )


def show_input(output: Output, database: Database, run: str, sums: dict[str, Any]) -> None:
    """Print the sums of a file and the first items that were not used."""
    from ..operations.inputs import unused_rows

    output.say(sums_line(sums))
    rows = unused_rows(database, run, FIRST_UNUSED)
    for row in rows:
        output.say(
            f"  unused: {shown(row['text'])} ({shown(row['place'])}): {shown(row['reason'])}"
        )
    if sums["unused"] and not rows:
        output.say("  which they are, the store tells in which the plan was made")
    elif sums["unused"] > len(rows):
        output.say(
            f"  … and {sums['unused'] - len(rows):,} more: `ioc-removal show {run} --unused`"
        )
