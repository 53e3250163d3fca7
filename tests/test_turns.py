"""Whoever sends to a place takes turns on the store: so many at once, and one start at a time."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Lock

import pytest

from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.turns import OwnPlaces, StoreTurns
from postgresql import PostgreSQLServer


def most_in_flight(location: Location, in_flight: int, own: OwnPlaces | None = None) -> int:
    """Let eight threads, each with a session, send at a place; return how many did so at once."""
    now = most = 0
    lock = Lock()

    def many(_: int) -> None:
        nonlocal now, most
        database = Database(location)
        turns = StoreTurns(database, "a place", in_flight, None, own.at("a place") if own else None)
        for _ in range(5):
            with turns.turn(lambda: None):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.01)
                with lock:
                    now -= 1
        database.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))
    return most


def test_the_requests_in_flight_hold_as_a_sum(postgresql: PostgreSQLServer) -> None:
    assert most_in_flight(server_of(postgresql.database()), 3) == 3


def test_what_is_in_flight_from_one_process_may_be_less(postgresql: PostgreSQLServer) -> None:
    own = OwnPlaces(2)
    assert most_in_flight(server_of(postgresql.database()), 8, own) == 2
    assert own.at("another place") is not own.at("a place")
    assert OwnPlaces().at("a place") is None


def test_moments_to_start_are_given_out_one_by_one(postgresql: PostgreSQLServer) -> None:
    location = server_of(postgresql.database())
    one, other = Database(location), Database(location)
    waits = [
        database.seconds_until_turn("a place", 10.0) for _ in range(3) for database in (one, other)
    ]
    assert waits[0] == pytest.approx(0, abs=1)
    assert all(later - earlier > 5 for earlier, later in pairwise(waits))
    one.close()
    other.close()
