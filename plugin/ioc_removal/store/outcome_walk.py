"""Walk through the outcomes of a run in their order, a few batches in memory at a time."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from .alike_tables import AS_BATCH, own_of
from .columns import unreadable
from .database import Database
from .outcome_rows import OWN, SHARED_COLUMNS
from .statements import Row

AT_ONCE = 20  # rows of `alike` read together
_FIRST: Row = ("", -1, -1)


def outcomes_in_order(
    database: Database, run: str, call: str | None = None, only: Sequence[str] = ()
) -> Iterator[Row]:
    """Yield the outcomes of a run as call, batch, position and OUTCOME_COLUMNS, in this order.

    call: of one of its calls only; only: some outcomes, all if empty. Raises StoreError.
    """
    for (of_call, batch), parts in groupby(_parts(database, run, call, only), itemgetter(0, 1)):
        rows = [row for part in parts for row in _outcomes(part, run)]
        rows.sort(key=itemgetter(0))
        for row in rows:
            yield (of_call, batch, *row)


def _parts(database: Database, run: str, call: str | None, only: Sequence[str]) -> Iterator[Row]:
    """Yield rows of `alike`, in their order."""
    names, after = "call, batch, part", _FIRST
    of, own = "", [run]
    if call is not None:  # the index leads to it alone if it is not compared
        names, after = "batch, part", _FIRST[1:]
        of, own = " AND call = ?", [run, call]
    if only:
        of += f" AND outcome IN ({', '.join('?' * len(only))})"
        own += only
    query = (
        f"SELECT call, batch, part, {SHARED_COLUMNS}, own, {own_of('alike')} FROM alike"  # noqa: S608
        f" WHERE run = ?{of} AND ({names}) > ({', '.join('?' * len(after))})"
        f" ORDER BY {names} LIMIT ?"
    )
    while portion := database.rows(query, (*own, *after, AT_ONCE)):
        yield from portion
        after = portion[-1][3 - len(after) : 3]


def _outcomes(part: Row, run: str) -> Iterator[Row]:
    """Yield the outcomes of a row of `alike`: position, and OUTCOME_COLUMNS."""
    *shared, kind, text = part[3:]
    own = parsed_own(kind, text)
    if own is None:
        raise unreadable("alike.own", run)
    for one in own:
        yield columns_of_part(one, shared)


def parsed_own(kind: Any, text: Any) -> list[list[Any]] | None:
    """Return what outcomes that are alike do not share: OWN of each; None if that is unreadable.

    kind: the column `own`; text: what own_of() makes of it.
    """
    if not isinstance(text, str):
        return None
    try:
        own: list[list[Any]] = json.loads(text)
        if kind in AS_BATCH:
            at = AS_BATCH.index(kind)
            own = [
                [place, *(None,) * at, item, *(None,) * (2 - at)] for place, item in enumerate(own)
            ]
        fit = all(len(one) == len(OWN) and isinstance(one[0], int) for one in own)
    except (ValueError, TypeError, RecursionError):
        return None
    return own if fit else None


def columns_of_part(own: Sequence[Any], shared: Sequence[Any]) -> Row:
    """Return the position of an outcome and its OUTCOME_COLUMNS; own: OWN; shared: SHARED."""
    position, value, id_, snapshot = own
    *others, not_restored = shared
    return (position, value, id_, *others, snapshot, not_restored)
