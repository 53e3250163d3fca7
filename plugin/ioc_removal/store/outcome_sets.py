"""The outcomes of a call as the set that its playbook sees."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from .database import Database
from .run_outcomes import ids_have_several_values, outcome_rows
from .sets import OUTCOMES, StoredSet, note_set_for_later, write_set

FEW = 2_000  # outcomes that are written at once


def set_of_outcomes(
    database: Database,
    run: str,
    call: str,
    before: Iterable[dict[str, Any]] = (),
    shown: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> StoredSet:
    """Return the outcomes of a call as a set.

    before: rows that come before them; shown: how a row is shown, if not as it is. Many rows are
    written when they are first read, as most are read by no task.
    """
    name, first = f"{OUTCOMES}{call}", [*before]
    if not first and shown is None:
        query = "SELECT coalesce(sum(rows), 0) FROM alike WHERE run = ? AND call = ?"
        [(size,)] = database.rows(query, (run, call))
        if size > FEW and not ids_have_several_values(database, run):
            return note_set_for_later(database, run, name, int(size))
    rows = outcome_rows(database, run, call)
    return write_set(database, run, name, chain(first, map(shown, rows) if shown else rows))
