"""Let one undo at a time have a row of a run, and keep in the journal which has it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .columns import parsed
from .database import Database
from .earlier import Earlier
from .journal import note
from .lineage import Key, Place
from .undone import Done, done_rows

CLAIM = "claim"  # the kind of a link of the journal


@dataclass(frozen=True)
class Claim:
    """A row that an undo is to put back.

    call, item: which call of the undo does, and how it names the row, None when it has but one;
    before: run and call of an earlier undo that may have done it already.
    """

    done: Done
    call: str
    item: str | None
    before: tuple[str, str] | None = None


def claim(
    database: Database, undo: str, claims: Sequence[Claim], earlier: Mapping[Place, Earlier]
) -> int:
    """Let an undo have rows of runs; return how many another one took meanwhile.

    earlier: what was known of them when it was decided that they may be tried again.
    """
    taken: dict[str, list[Key]] = {}
    with database.transaction() as connection:
        for one in claims:
            run, key = one.done.place
            before = earlier.get(one.done.place)
            values = (undo, one.call, one.item, json.dumps(one.before) if one.before else None)
            if before is None:
                cursor = connection.execute(
                    "INSERT INTO undone VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (run, *key, *values),
                )
            else:
                cursor = connection.execute(
                    "UPDATE undone SET undo = ?, undo_call = ?, undo_item = ?, before = ?"
                    " WHERE run = ? AND call = ? AND batch = ? AND position = ? AND undo = ?",
                    (*values, run, *key, before.undo),
                )
            if cursor.rowcount:
                taken.setdefault(run, []).append(key)
        for run, keys in taken.items():
            note(database, undo, CLAIM, _facts(run, keys))
    return len(claims) - sum(map(len, taken.values()))


def _facts(run: str, keys: Iterable[Key]) -> dict[str, Any]:
    """Return what the journal says of rows that an undo may put back: positions by call and batch.

    run: the one that is undone; keys: call, batch and position of each.
    """
    rows: dict[str, dict[str, list[int]]] = {}
    for call, batch, position in keys:
        rows.setdefault(call, {}).setdefault(str(batch), []).append(position)
    return {"of": run, "rows": rows}


def claims_of(database: Database, undo: str) -> list[Claim]:
    """Return the rows that an undo has claimed, run by run, in their order there."""
    query = (
        "SELECT run, call, batch, position, undo_call, undo_item, before FROM undone WHERE undo = ?"
    )
    runs: dict[str, dict[Key, tuple[Any, ...]]] = {}
    for run, call, batch, position, *rest in database.rows(query, (undo,)):
        runs.setdefault(run, {})[call, batch, position] = tuple(rest)
    found = []
    for run, rows in sorted(runs.items()):
        for done in done_rows(database, run, rows):
            call, item, before = rows[done.key]
            earlier = tuple(parsed(before, "undone.before", run, list)) if before else None
            found.append(Claim(done, call, item, earlier))
    return found


def split(database: Database, undo: str, claims: Sequence[Claim]) -> None:
    """Give each row of a call of an undo a call of its own."""
    with database.transaction() as connection:
        connection.executemany(
            "UPDATE undone SET undo_call = ?, undo_item = NULL"
            " WHERE run = ? AND call = ? AND batch = ? AND position = ? AND undo = ?",
            ((one.call, one.done.run, *one.done.key, undo) for one in claims),
        )
