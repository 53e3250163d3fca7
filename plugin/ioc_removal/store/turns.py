"""The limits of a connection, over all processes of a store that several hosts share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore
from time import sleep

from ..connection import Connection
from ..settings import Settings
from .database import Database
from .intents import renew

SLICE = 0.2  # seconds of a longer wait, so that it can be ended


class StoreTurns:
    """Turns that processes take, each request in a place that is a lease of the store.

    place: one text for all that lead there; in_flight: how many places; per_second: how many
    requests may start, None for any number; own: places of this process, None for as many.
    """

    def __init__(
        self,
        database: Database,
        place: str,
        in_flight: int,
        per_second: float | None,
        own: Semaphore | None = None,
    ) -> None:
        from .shared_places import SharedPlaces  # not of a file, whose processes keep their own

        self._database, self._place = database, place
        self._own = own or Semaphore(in_flight)
        self._places = SharedPlaces(database, place, in_flight)
        self._pause = 1 / per_second if per_second else 0.0

    @contextmanager
    def turn(self, check: Callable[[], None]) -> Iterator[None]:
        """Wait for a place among the requests in flight; check: raises when nobody waits."""
        with self._own_place(check), self._places.one(check):
            wait = self._database.seconds_until_turn(self._place, self._pause) if self._pause else 0
            while wait > 0:
                check()
                sleep(min(wait, SLICE))
                wait -= SLICE
            yield

    @contextmanager
    def _own_place(self, check: Callable[[], None]) -> Iterator[None]:
        while not self._own.acquire(timeout=SLICE):
            check()
        try:
            yield
        finally:
            self._own.release()

    def begin(self) -> None:
        """Renew the intent of what this thread sends; raises StoreError when others took over."""
        renew()


class OwnPlaces:
    """How many requests this process may have in flight at a place, whatever others have.

    most: None for as many as the connection may.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most, self._lock = most, Lock()
        self._places: dict[str, Semaphore] = {}

    def at(self, place: str) -> Semaphore | None:
        """Return what a request has to have, None when there is no such limit."""
        with self._lock:
            if self._most is not None and place not in self._places:
                self._places[place] = Semaphore(self._most)
            return self._places.get(place)


ANY = OwnPlaces()


def share_turns(
    database: Database, connection: Connection, settings: Settings, own: OwnPlaces = ANY
) -> None:
    """Let a connection take turns with those of other processes that lead to the same place."""
    if database.is_shared:
        from ..trust.removal_key import connection_facts, digest

        fingerprint = digest(connection_facts(connection, settings))
        for node in connection.nodes:
            rate = node.limits.get("per_second")
            place = f"{fingerprint} {node.url}"
            node.turns = StoreTurns(database, place, node.in_flight, rate, own.at(place))
