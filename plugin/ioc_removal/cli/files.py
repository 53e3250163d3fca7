"""The indicator file of the command line."""

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError
from ..operations.inputs import IndicatorFile, unused_rows
from ..store.database import Database
from ..store.sets import StoredSet
from .output import Output
from .parser import Options
from .sums import sums_line
from .table import shown

FIRST_UNUSED = 10
READING = "reading the file"


class ToldFile(IndicatorFile):
    """An indicator file that tells how many indicators it holds, once it is read.

    format, column, to_ids_only: as of an IndicatorFile; told: called with that number.
    """

    def __init__(
        self,
        path: str,
        format: str | None,  # noqa: A002  # as the option is called
        column: str | None,
        to_ids_only: bool,
        told: Callable[[int], None],
    ) -> None:
        super().__init__(path, format, column, to_ids_only)
        self.told = told

    def read(self, database: Database, run: str) -> tuple[StoredSet, dict[str, Any]]:
        """Read the indicators into a set of the run; return it and the sums."""
        indicators, sums = super().read(database, run)
        self.told(len(indicators))
        return indicators, sums


def file_of(options: Options, told: Callable[[int], None]) -> ToldFile | None:
    """Return the file of --indicators, None without one; told: how many indicators it holds."""
    path = options.given("indicators")
    if path is None:
        for name in ("format", "column", "to_ids_only"):
            if options.given(name):
                raise ArgumentError(f"--{name.replace('_', '-')}: goes with --indicators FILE")
        return None
    return ToldFile(
        path,
        options.given("format"),
        options.given("column"),
        bool(options.given("to_ids_only")),
        told,
    )


def show_input(output: Output, database: Database, run: str, sums: dict[str, Any]) -> None:
    """Print the sums of a file and the first items that were not used."""
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
