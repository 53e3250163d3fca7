"""A session of PostgreSQL that is made anew when it is lost, as when the server is restarted.

So it is for whatever comes next, if its leases are still to be had; a transaction in which it is
lost raises.
"""

from collections.abc import Callable
from threading import Event
from time import monotonic, time
from typing import TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from .location import Server
from .postgresql_leases import SessionLeases, Taken
from .postgresql_session import store_session

PATIENCE = 120.0  # seconds to wait for a server that is gone
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two tries
Some = TypeVar("Some")


class LastingSession:
    """The session of a store, with its leases; raises SettingsError and psycopg.Error.

    session: the one that there is now.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._gone = Event()  # the server, for so long that nothing waits for it
        self._ahead = 0.0
        self.leases = SessionLeases(self.again, lambda: self.session)
        self._taken = ""  # by whom a lease was taken when the session was lost: it is over then
        self._open()

    @property
    def within(self) -> bool:
        """Whether a transaction has begun, and its session is there."""
        idle = {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}
        return self.session.info.transaction_status not in idle

    @property
    def is_gone(self) -> bool:
        """Whether the server was away for so long that nothing waits for it any more."""
        return self._gone.is_set()

    def clock(self) -> float:
        """Return the server's time: seconds since 1970."""
        return time() + self._ahead

    def leave(self) -> None:
        """Wait no longer for a server that is gone."""
        self._gone.set()

    def again(self, do: Callable[[], Some]) -> Some:
        """Do what changes nothing; in a new session, if the one that there was is lost."""
        if self._taken:
            raise Taken(self._taken)
        try:
            return do()
        except psycopg.OperationalError:
            if self.within or not self.session.closed:
                raise
        self._reconnect()
        return do()

    def _open(self) -> None:
        self.session = store_session(self._server)
        asked = b"SELECT extract(epoch FROM clock_timestamp())::float8"
        [(now,)] = self.session.execute(asked).fetchall()
        self._ahead = float(now) - time()  # of this host's clock, so that all hosts have one

    def _reconnect(self) -> None:
        end, pause = monotonic() + PATIENCE, FIRST_PAUSE
        while True:
            try:
                self.session.close()
                self._open()
                self._gone.clear()
                break
            except psycopg.OperationalError:
                if self._gone.wait(pause) or monotonic() > end:
                    self._gone.set()
                    raise
            pause = min(2 * pause, LONGEST_PAUSE)
        try:
            self.leases.lease_again()
        except Taken as taken:
            self.session.close()
            self._taken = str(taken)
            raise
