"""What all runs of the store send and take away, for the guards: caps, and the last rule.

A call reserves its size in one transaction with counting, so that two at once never both pass; its
reservation becomes what it sent, batch by batch, and gives back what was not sent.
"""

from collections.abc import Mapping, Sequence, Set
from itertools import islice
from time import time
from typing import Any

from ..outcome import FAILED, REFUSED, Outcome
from ..trust.caps import AN_HOUR, Excess, excess_of
from .database import Database
from .statements import Transaction

MINUTE = 60  # seconds
SOME = 64  # rules
LESS = "items = CASE WHEN items > ? THEN items - ? ELSE 0 END"
_SENT = (
    "INSERT INTO sent SELECT run, call, ?, place, ? FROM reserved"
    " WHERE run = ? AND call = ? AND place IS NOT NULL"
    " ON CONFLICT (run, call, at) DO UPDATE SET items = sent.items + excluded.items"
)
_TAKEN = f"UPDATE reserved SET {LESS}, at = ? WHERE run = ? AND call = ?"  # noqa: S608


def reserve(
    database: Database,
    key: tuple[str, str],
    place: str,
    size: int,
    caps: Mapping[str, int],
    *,
    dry_run: bool,
) -> Excess | None:
    """Reserve the size of a call; key: run and call. See trust.caps.Counts."""
    run, call = key
    now = int(time())
    with database.transaction() as connection:
        known = "SELECT cap, before FROM reserved WHERE run = ? AND call = ?"
        if found := connection.execute(known, key).fetchone():
            cap, before = found
            return Excess(cap, before) if cap in caps else None
        in_run = _sum(connection, "run = ?", (run,))
        in_hour = _sum(connection, "place = ? AND at > ?", (place, now - AN_HOUR))
        if dry_run:  # counts for itself alone
            in_hour += in_run
        excess = excess_of(caps, size, in_run, in_hour)
        values = (
            run, call, None if dry_run else place, now, 0 if excess else size,
            excess.cap if excess else None, excess.before if excess else 0,
        )  # fmt: skip
        connection.execute("INSERT INTO reserved VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return excess


def note_sent(connection: Transaction, key: tuple[str, str], items: int) -> None:
    """Turn a part of a reservation into what was sent now; a call without one is not counted."""
    now = int(time())
    connection.execute(_SENT, (now - now % MINUTE, items, *key))
    connection.execute(_TAKEN, (items, items, now, *key))


def note_unsent(connection: Transaction, key: tuple[str, str], unsent: int) -> None:
    """Give back what was reserved for items that were never sent; unsent: how many."""
    if unsent:
        connection.execute(
            f"UPDATE reserved SET {LESS} WHERE run = ? AND call = ?",  # noqa: S608
            (unsent, unsent, *key),
        )


def leaves_none(
    database: Database, key: tuple[str, str], policy: str, rule: str, there: Set[str]
) -> bool:
    """Tell whether no rule would be left, given what other runs take away now.

    key: run and call; there: the ids of the policy's rules. If one would, the rule is going. It
    stays so for an hour, as another process may have an older list.
    """
    now = int(time())
    some = [*islice((other for other in there if other != rule), SOME)]
    with database.transaction() as connection:

        def going(what: str, more: str = "", values: Sequence[str] = ()) -> list[Any]:
            query = f"SELECT {what} FROM going WHERE policy = ? AND at > ?{more}"  # noqa: S608
            return connection.execute(query, (policy, now - AN_HOUR, *values)).fetchall()

        among = f" AND rule IN ({', '.join('?' * len(some))})" if some else ""
        if rule in there and len(going("1", among, some)) >= len(some):  # mostly some stay
            [(count,)] = going("count(*)")
            few = len(there) <= count + 1  # of more, one is left whichever these are
            if few and not there - {name for (name,) in going("rule")} - {rule}:
                return True
        values = (policy, rule, now, *key)
        connection.execute(
            "INSERT INTO going VALUES (?, ?, ?, ?, ?) ON CONFLICT (policy, rule) DO UPDATE"
            " SET at = excluded.at, run = excluded.run, call = excluded.call",
            values,
        )
    return False


def note_staying(
    connection: Transaction, key: tuple[str, str], outcomes: Sequence[Outcome]
) -> None:
    """Note that rules which could not be removed are not going."""
    connection.executemany(
        "DELETE FROM going WHERE run = ? AND call = ? AND rule = ?",
        ((*key, o.id) for o in outcomes if o.id and o.outcome in {REFUSED, FAILED}),
    )


def _sum(connection: Transaction, where: str, values: tuple[object, ...]) -> int:
    [total] = connection.execute(
        f"SELECT coalesce((SELECT sum(items) FROM reserved WHERE {where} AND items > 0), 0)"  # noqa: S608
        f" + coalesce((SELECT sum(items) FROM sent WHERE {where}), 0)",
        (*values, *values),
    ).fetchone()
    return int(total)
