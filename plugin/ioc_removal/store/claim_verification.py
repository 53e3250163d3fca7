"""What the chains of undos tell of the rows that each may put back, and the table beside them."""

import json
from collections.abc import Iterator
from typing import Any

from .database import Database
from .verdict import Problem


def verify_claims(database: Database) -> Iterator[Problem]:
    """Yield the rows of the table of undos that are not as the chains have them.

    Which call of an undo puts a row back is not in the chains.
    """
    claimed: dict[tuple[Any, ...], set[str]] = {}
    for undo, text in database.rows("SELECT run, facts FROM links WHERE kind = 'claim'"):
        try:
            facts = json.loads(text)
            for call, batches in facts["rows"].items():
                for batch, positions in batches.items():
                    for position in positions:
                        key = (facts["of"], call, int(batch), position)
                        claimed.setdefault(key, set()).add(undo)
        except (ValueError, TypeError, KeyError, AttributeError):
            yield Problem("what is told of the rows that it claims cannot be read", undo)
    for *place, undo in database.walk("SELECT run, call, batch, position, undo FROM undone"):
        undos = claimed.pop(tuple(place), set())
        if undo not in undos:
            what = "added" if not undos else "changed"
            yield _problem(tuple(place), f"that the undo {undo} has it was {what} in table undone")
    for left, undos in claimed.items():
        said = " and ".join(sorted(undos))
        yield _problem(left, f"that the undo {said} has it was taken away from table undone")


def _problem(key: tuple[Any, ...], what: str) -> Problem:
    run, call, batch, position = key
    return Problem(what, run, None, call, batch, position)
