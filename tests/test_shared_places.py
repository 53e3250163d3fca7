"""Places of a store are shared by the processes that want any, and a look by those before it."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from holding import LONGEST
from ioc_removal.store.database import Database
from ioc_removal.store.looks import Look
from ioc_removal.store.shared_places import SharedPlaces
from stores import both

__all__ = ["both"]
PLACE = "a place"


def test_places_are_kept_let_go_and_shared(both: tuple[Database, Database]) -> None:
    one, other = both
    mine, theirs = (SharedPlaces(database, PLACE, 4) for database in both)
    names = [f"place {number} at {PLACE}" for number in range(4)]
    over = Event()

    def use(places: SharedPlaces) -> None:
        while not over.is_set():
            with places.one(lambda: None):
                time.sleep(0.01)

    def held(database: Database) -> int:
        return sum(database.holds(name) for name in names)

    def come(*counts: int) -> None:
        end = time.monotonic() + LONGEST
        while (held(one), held(other)) != counts:
            assert time.monotonic() < end, (held(one), held(other))
            time.sleep(0.01)

    with ThreadPoolExecutor(12) as pool:
        for _ in range(6):
            pool.submit(use, mine)
        come(4, 0)  # nobody else wants any
        for _ in range(6):
            pool.submit(use, theirs)
        come(2, 2)
        over.set()
    come(0, 0)  # nobody uses them any more


def test_more_processes_than_places_take_turns(both: tuple[Database, Database]) -> None:
    done = [0, 0]
    over = Event()

    def use(number: int) -> None:
        places = SharedPlaces(both[number], PLACE, 1)
        while not over.is_set():
            with places.one(lambda: None):
                done[number] += 1
                time.sleep(0.005)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(use, number) for number in range(2)]
        end = time.monotonic() + LONGEST
        while min(done) < 20 and time.monotonic() < end:
            time.sleep(0.01)
        over.set()
        for future in futures:
            future.result(LONGEST)
    assert min(done) >= 20


def test_a_look_is_shared_by_those_that_came_before_it() -> None:
    started, go_on = Event(), Event()
    looks: list[int] = []

    def look() -> int:
        looks.append(len(looks))
        started.set()
        assert go_on.wait(LONGEST)
        return len(looks)

    shared = Look(look)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(shared)
        assert started.wait(LONGEST)
        others = [pool.submit(shared) for _ in range(7)]  # which come while the first looks
        time.sleep(0.2)
        go_on.set()
        assert first.result(LONGEST) == 1
        assert {other.result(LONGEST) for other in others} == {2}
    assert shared() == 3
