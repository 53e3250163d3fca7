"""Places of requests in flight go to who waits longest, and none is lost."""

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from ioc_removal.in_flight import InFlightPlaces

LONGEST = 10.0  # seconds


def waiting(places: InFlightPlaces, count: int) -> None:
    """Wait until so many wait for a place."""
    for _ in range(int(LONGEST / 0.01)):
        if len(places._waiting) == count:
            return
        sleep(0.01)
    raise AssertionError(f"{len(places._waiting)} wait, not {count}")


def test_at_most_so_many_have_a_place() -> None:
    places, inside, most = InFlightPlaces(3), list[int](), list[int]()

    def use(number: int) -> None:
        with places:
            inside.append(number)
            most.append(len(inside))
            sleep(0.001)
            inside.remove(number)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(use, range(100)))
    assert len(most) == 100
    assert max(most) <= 3
    assert places._free == 3


def test_who_waits_longest_is_next() -> None:
    places, order, go = InFlightPlaces(1), list[int](), Event()

    def use(number: int) -> None:
        with places:
            order.append(number)
            assert go.wait(LONGEST)

    with ThreadPoolExecutor(5) as pool:
        for number in range(5):
            pool.submit(use, number)
            if number:
                waiting(places, number)
            else:
                while not order:
                    sleep(0.001)
        go.set()
    assert order == [0, 1, 2, 3, 4]


def test_a_place_is_given_back_after_an_error() -> None:
    places = InFlightPlaces(1)
    for _ in range(3):
        with pytest.raises(KeyError), places:
            raise KeyError
    assert places._free == 1


@pytest.mark.parametrize("given", [False, True])
def test_who_is_interrupted_keeps_no_place(given: bool) -> None:
    """A signal comes while a place is waited for, or with the place."""
    places = InFlightPlaces(1)

    def interrupt(*_: object) -> None:
        if given:
            places.__exit__()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with places:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt), places:
                raise AssertionError("there was no place")
            assert not places._waiting
            assert places._free == given
            places._free = 0  # as this one gives it back, again or not
        assert places._free == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
