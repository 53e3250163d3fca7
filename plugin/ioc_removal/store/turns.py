"""The limits of a connection, over all processes of a store that several hosts share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from secrets import randbelow
from time import sleep

from ..connection import Connection
from ..settings import Settings
from ..trust.removal_key import connection_facts, digest
from .database import Database
from .intents import renew
from .statements import Held

PAUSE = 0.02  # seconds between two looks for a free place
SLICE = 0.2  # seconds of a longer wait, so that it can be ended


class StoreTurns:
    """Turns that processes take, each request in a place that is a lease of the store.

    place: one text for all that lead there; in_flight: how many places; per_second: how many
    requests may start, None for any number.
    """

    def __init__(
        self, database: Database, place: str, in_flight: int, per_second: float | None
    ) -> None:
        self._database, self._place, self._in_flight = database, place, in_flight
        self._pause = 1 / per_second if per_second else 0.0

    @contextmanager
    def turn(self, check: Callable[[], None]) -> Iterator[None]:
        """Wait for a place among the requests in flight; check: raises when nobody waits."""
        with ExitStack() as held:
            while not self._has_place(held):
                check()
                sleep(PAUSE)
            wait = self._database.seconds_until_turn(self._place, self._pause) if self._pause else 0
            while wait > 0:
                check()
                sleep(min(wait, SLICE))
                wait -= SLICE
            yield

    def begin(self) -> None:
        """Renew the intent of what this thread sends; raises StoreError when others took over."""
        renew()

    def _has_place(self, held: ExitStack) -> bool:
        first = randbelow(self._in_flight)
        for number in range(first, first + self._in_flight):
            name = f"place {number % self._in_flight} at {self._place}"
            try:
                held.enter_context(self._database.lease(name, vital=False))
            except Held:
                continue
            return True
        return False


def share_turns(database: Database, connection: Connection, settings: Settings) -> None:
    """Let a connection take turns with those of other processes that lead to the same place."""
    if database.is_shared:
        fingerprint = digest(connection_facts(connection, settings))
        for node in connection.nodes:
            rate = node.limits.get("per_second")
            place = f"{fingerprint} {node.url}"
            node.turns = StoreTurns(database, place, node.in_flight, rate)
