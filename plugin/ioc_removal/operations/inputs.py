"""Read an indicator file into a set of a run; the sums: read = used + duplicates + unused."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from sys import stdin
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..store.database import EVERY, Database
from ..store.journal import INPUTS, fingerprint, note
from ..store.runs import get_run
from ..store.set_digest import set_digest
from ..store.sets import StoredSet, by_reference, references, write_set

if TYPE_CHECKING:
    from ..indicators.items import Portion, Unused

INDICATORS = "indicators"  # the name of the set
READ_BY = "read_by"  # in the details of a run, the run that read its file


class Sums:
    """How many items a file held, how many are used, by type, and how many are not."""

    def __init__(self) -> None:
        self.read = self.used = self.duplicates = self.unused = 0
        self.types: dict[str, int] = {}


class IndicatorFile:
    """An indicator file as named on the command line.

    path: "-" is standard input; format, column, to_ids_only: as read_indicators() takes them.
    """

    def __init__(
        self,
        path: str,
        format: str | None = None,  # noqa: A002  # as the option is called
        column: str | None = None,
        to_ids_only: bool = False,
    ) -> None:
        self.path, self.format = path, format
        self.column, self.to_ids_only = column, to_ids_only

    def read(self, database: Database, run: str) -> tuple[StoredSet, dict[str, Any]]:
        """Read the indicators into a set of the run; return it and the sums.

        Raises ArgumentError when the file cannot be read or holds nothing usable.
        """
        sums, types = Sums(), Counter[str]()
        values = chain.from_iterable(self._portions(database, run, sums, types))
        indicators = write_set(database, run, INDICATORS, values)
        sums.types = dict(sorted(types.items()))
        if not indicators:
            raise ArgumentError(
                f"{self.path}: no indicator can be used: {sums.read} items read, "
                f"{sums.unused} unused; give another file, --format or --column"
            )
        return indicators, vars(sums)

    def _portions(
        self, database: Database, run: str, sums: Sums, types: Counter[str]
    ) -> Iterator[Sequence[str]]:
        """Yield the values, many together, and add up what the file holds."""
        from ..indicators.items import Duplicate, Unused  # most calls have no file

        for portion in self._read():
            others = portion.others.values()
            unused = [item for item in others if isinstance(item, Unused)]
            used = portion.of_used(portion.values)
            types.update(portion.of_used(portion.types))
            if unused:
                _keep(database, run, sums.unused, unused)
            sums.used += len(used)
            sums.unused += len(unused)
            sums.duplicates += sum(isinstance(item, Duplicate) for item in others)
            yield used
        sums.read = sums.used + sums.unused + sums.duplicates

    def _read(self) -> "Iterator[Portion]":
        from ..indicators.reader import read_indicators

        options: dict[str, Any] = {
            "format": self.format,
            "column": self.column,
            "to_ids_only": self.to_ids_only,
        }
        if self.path == "-":
            yield from read_indicators(stdin.buffer, "standard input", **options)
            return
        try:
            with Path(self.path).open("rb") as stream:
                yield from read_indicators(stream, self.path, **options)
        except OSError as error:
            raise ArgumentError(f"{self.path}: cannot be read: {error.strerror}") from error


def note_inputs(database: Database, run: str, given: Any) -> None:
    """Let the journal know what a run was given, and the contents of its lists in the store."""
    kept = by_reference(given)
    sets = [[*named, set_digest(database, *named)] for named in references(kept)]
    note(database, run, INPUTS, {"sha256": fingerprint(kept), "sets": sets})


def unused_rows(database: Database, run: str, limit: int = EVERY) -> list[dict[str, str]]:
    """Return the items of a run's file that were not used, each with its place and reason.

    The file of a run that applies a plan was read by the dry run that made it.
    """
    details = get_run(database, run).details
    read_by = details.get(READ_BY, details.get("plan", run))
    query = "SELECT text, place, reason FROM unused WHERE run = ? ORDER BY position LIMIT ?"
    rows = database.rows(query, (read_by, limit))
    return [dict(zip(("text", "place", "reason"), row, strict=True)) for row in rows]


def _keep(database: Database, run: str, start: int, unused: "list[Unused]") -> None:
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO unused VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, position) DO UPDATE"
            " SET text = excluded.text, place = excluded.place, reason = excluded.reason",
            ((run, start + at, u.text, u.place, u.reason) for at, u in enumerate(unused)),
        )
