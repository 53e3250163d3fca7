"""The pauses of runs, so that others can see why nothing happens: the last of each place."""

from contextlib import suppress
from time import time
from typing import NamedTuple

from ..connection import Connection
from ..errors import StoreError
from .database import Database

ENOUGH = 1.0  # seconds by which a pause is longer than what was told of it


class Pause(NamedTuple):
    """A wait before another try.

    what: the connection, or the pause of a playbook; until: seconds since 1970; why: what the last
    try met.
    """

    what: str
    until: int
    why: str


def note_pause(database: Database, run: str, what: str, seconds: float, why: str) -> None:
    """Keep that a run pauses from now on."""
    with database.beside() as transaction:  # which nobody who sends waits for
        transaction.execute(
            "INSERT INTO pauses VALUES (?, ?, ?, ?) ON CONFLICT (run, what) DO UPDATE SET"
            " until = excluded.until, why = excluded.why",
            (run, what, int(time() + seconds), why),
        )


def pauses_of(database: Database, run: str) -> list[Pause]:
    """Return the pauses of a run that are not over."""
    query = "SELECT what, until, why FROM pauses WHERE run = ? AND until > ? ORDER BY until, what"
    return [Pause(*row) for row in database.rows(query, (run, int(time())))]


def tell_pauses(database: Database, run: str, connection: Connection) -> None:
    """Let the pauses between a connection's tries be kept for a run."""
    last = ("", 0.0)  # why, and until when

    def told(why: str, seconds: float) -> None:
        nonlocal last
        until = time() + seconds
        if why == last[0] and until - last[1] < ENOUGH:
            return  # another thread told it just now
        last = why, until
        with suppress(StoreError):  # whoever works with the store tells of it
            note_pause(database, run, connection.name, seconds, why)

    for node in connection.nodes:
        node.wire.told = told
