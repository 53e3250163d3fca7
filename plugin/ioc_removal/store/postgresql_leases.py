"""Names that a session of PostgreSQL holds: locks of the database, which end with it."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import Any

import psycopg

from .postgresql_schema import HOLDERS, SCHEMA
from .postgresql_session import PROGRAM, Session
from .statements import Held, Sharing

_LEASE = b"SELECT pg_try_advisory_lock(%s)"
_UNLOCK = b"SELECT pg_advisory_unlock(%s)"
# Row by row in the order that is given, until there are enough: no more are locked.
_TAKE = b"""
SELECT number FROM unnest(%s::bigint[]) AS number WHERE pg_try_advisory_lock(number) LIMIT %s
"""
_WANT = b"SELECT pg_try_advisory_lock_shared(%s)"
_WANT_NO_LONGER = b"SELECT pg_advisory_unlock_shared(%s)"
_SHARING = b"""
SELECT count(DISTINCT pid), count(DISTINCT pid) FILTER (WHERE pid < pg_backend_pid()),
    coalesce(bool_or(number = %s AND pid != pg_backend_pid()), false)
FROM (SELECT pid, (classid::bigint << 32) | objid::bigint AS number FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) locks
WHERE number = ANY(%s::bigint[])
"""


class Taken(Exception):  # noqa: N818  # as others say of it
    """A lease was taken by another process while the session was lost."""


class SessionLeases:
    """The leases of a store's session, and its places; see statements.Driver and Places.

    again: does what may be done again in a new session; session: returns the one that there is.
    """

    def __init__(
        self, again: Callable[[Callable[[], Any]], Any], session: Callable[[], Session]
    ) -> None:
        self._again, self._session = again, session
        self._leases: dict[str, bool] = {}  # and whether each is vital

    def lease(self, name: str, *, vital: bool) -> None:
        """Hold a name while the connection lasts; raises Held."""
        self._again(lambda: self._lease(name))
        self._leases[name] = vital

    def holds(self, name: str) -> bool:
        """Tell whether a name is held, unless the connection was lost just now."""
        return name in self._leases

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that sessions hold, this one too, each with which."""
        return self._again(lambda: self._holders(names)) if names else {}

    def lease_again(self) -> None:
        """Hold in a new session what was held in one that was lost.

        Raises Taken when another process holds something vital now.
        """
        leases, self._leases = self._leases, {}
        for name, vital in leases.items():
            try:
                self._lease(name)
            except Held as held:
                if vital:
                    raise Taken(held.by or "another process") from None
            else:
                self._leases[name] = vital

    def take(self, names: Sequence[str], most: int) -> list[str]:
        """Hold some of several names that nobody holds, and return them."""
        by_number = {number_of(name): name for name in names if name not in self._leases}
        values = list(by_number), most
        taken = self._again(lambda: self._session().execute(_TAKE, values).fetchall())
        found = [by_number[number] for (number,) in taken]
        self._leases.update(dict.fromkeys(found, False))
        return found

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""
        if self._leases.pop(name, None) is not None:
            with suppress(psycopg.Error):  # then it ended with the session
                self._session().execute(_UNLOCK, (number_of(name),))

    def want(self, queue: str) -> None:
        """Let others know that a name is waited for here."""
        self._again(lambda: self._session().execute(_WANT, (number_of(queue),)))

    def want_no_longer(self, queue: str) -> None:
        """Let others know that it is not."""
        with suppress(psycopg.Error):
            self._session().execute(_WANT_NO_LONGER, (number_of(queue),))

    def sharing(self, names: Sequence[str], queue: str) -> Sharing:
        """Tell who shares some names."""
        number = number_of(queue)
        values = number, [number, *map(number_of, names)]
        [row] = self._again(lambda: self._session().execute(_SHARING, values).fetchall())
        return Sharing(*row)

    def _lease(self, name: str) -> None:
        if name in self._leases:
            raise Held("this process")
        taken = self._session().execute(_LEASE, (number_of(name),))
        if taken.fetchone() != (True,):
            raise Held(self._holders((name,)).get(name))

    def _holders(self, names: Collection[str]) -> dict[str, str]:
        held = {row[:2]: row[2] for row in self._session().execute(HOLDERS.encode())}
        found = ((name, held.get(_halves(name))) for name in names)
        return {
            name: str(holder).removeprefix(PROGRAM) or "a process"
            for name, holder in found
            if holder is not None
        }


def _halves(name: str) -> tuple[int, int]:
    """Return the number of a lock as the server shows it."""
    number = number_of(name)
    return (number >> 32) & 0xFFFFFFFF, number & 0xFFFFFFFF


@lru_cache(maxsize=1_000)
def number_of(name: str) -> int:
    """Return the number of the lock of a name."""
    return int.from_bytes(sha256(f"{SCHEMA} {name}".encode()).digest()[:8], "big", signed=True)
