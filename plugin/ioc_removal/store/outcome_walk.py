"""Walk through the outcomes of a run in their order, a few batches in memory at a time."""

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from .alike_tables import ID, VALUE, own_of
from .columns import unreadable
from .database import Database
from .outcome_rows import OWN, SHARED_COLUMNS
from .statements import Row

Made = TypeVar("Made")
AT_ONCE = 20  # rows of `alike` read together
_FIRST: Row = ("", -1, -1)


def outcomes_in_order(
    database: Database, run: str, call: str | None = None, only: Collection[str] = ()
) -> Iterator[Row]:
    """Yield the outcomes of a run as call, batch, position and OUTCOME_COLUMNS, in this order.

    call: of one of its calls only; only: some outcomes, all if empty. Raises StoreError.
    """
    for of_call, batch, some in some_in_order(database, run, tuple, call, only):
        for own, shared in some:
            yield (of_call, batch, *columns_of_part(own, shared))


def some_in_order(
    database: Database,
    run: str,
    made: Callable[[Sequence[Any]], Made],
    call: str | None = None,
    only: Collection[str] = (),
    which: tuple[str, Sequence[Any]] = ("", ()),
) -> Iterator[tuple[str, int, list[tuple[list[Any], Made]]]]:
    """Yield the outcomes of a run in order, some of a batch at a time: its call, its number, they.

    Each is OWN, and what is made of SHARED, once of those that are alike. call: of one of its calls
    only; only: some outcomes, all if empty; which: a condition of the rows of `alike`, after "AND",
    with its values. Raises StoreError.
    """
    rows = _rows(database, run, call, only, which)
    for (of_call, batch), parts in groupby(rows, itemgetter(0, 1)):
        left: list[tuple[list[Any], Made]] = []
        for _, _, _, *shared, kind, text in parts:
            own = parsed_own(kind, text)
            if own is None:
                raise unreadable("alike.own", run)
            if left and own:  # all that follow come after its first
                before = bisect_left(left, own[0][0], key=_position)
                yield of_call, batch, left[:before]
                left = left[before:]
            alike = made(shared)
            left += [(one, alike) for one in own]
            left.sort(key=_position)
        yield of_call, batch, left


def _position(outcome: tuple[list[Any], Any]) -> int:
    position: int = outcome[0][0]
    return position


def _rows(
    database: Database,
    run: str,
    call: str | None,
    only: Collection[str],
    which: tuple[str, Sequence[Any]],
) -> Iterator[Row]:
    """Yield rows of `alike`, in their order."""
    names, after = "call, batch, part", _FIRST
    of, own = which[0], [run, *which[1]]
    if call is not None:  # the index leads to it alone if it is not compared
        names, after = "batch, part", _FIRST[1:]
        of, own = f"{of} AND call = ?", [*own, call]
    if only:
        of += f" AND outcome IN ({', '.join('?' * len(only))})"
        own += only
    query = (
        f"SELECT call, batch, part, {SHARED_COLUMNS}, own, {own_of('alike')} FROM alike"  # noqa: S608
        f" WHERE run = ? {of} AND ({names}) > ({', '.join('?' * len(after))})"
        f" ORDER BY {names} LIMIT ?"
    )
    while portion := database.rows(query, (*own, *after, AT_ONCE)):
        yield from portion
        if len(portion) < AT_ONCE:
            return
        after = portion[-1][3 - len(after) : 3]


def parsed_own(kind: Any, text: Any) -> list[list[Any]] | None:
    """Return what outcomes that are alike do not share: OWN of each; None if that is unreadable.

    kind: the column `own`; text: what own_of() makes of it.
    """
    if not isinstance(text, str):
        return None
    try:
        own: list[list[Any]] = json.loads(text)
        if kind == VALUE:
            own = [[at, item, None, None] for at, item in enumerate(own)]
        elif kind == ID:
            own = [[at, None, item, None] for at, item in enumerate(own)]
        fit = all(len(one) == len(OWN) and isinstance(one[0], int) for one in own)
    except (ValueError, TypeError, RecursionError):
        return None
    return own if fit else None


def columns_of_part(own: Sequence[Any], shared: Sequence[Any]) -> Row:
    """Return the position of an outcome and its OUTCOME_COLUMNS; own: OWN; shared: SHARED."""
    position, value, id_, snapshot = own
    *others, not_restored = shared
    return (position, value, id_, *others, snapshot, not_restored)
