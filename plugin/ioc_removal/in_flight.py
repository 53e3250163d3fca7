"""The places of a connection's requests in flight, which go from one to who waits longest."""

from collections import deque
from threading import Event, Lock

GIVEN_WAY = 0.00005  # seconds in which who is given a place goes on before who gave it


class InFlightPlaces:
    """So many requests may be in flight; `with` waits for a place, and gives it back.

    A place that is given back is that of who waits longest from then on, and that thread goes on
    first: a request can be sent in the time in which the answer before it is read.
    """

    def __init__(self, places: int) -> None:
        self._free, self._lock, self._never = places, Lock(), Event()
        self._waiting: deque[Lock] = deque()  # each held until it is given a place

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:  # a signal came
            with self._lock:
                waits = mine in self._waiting
                if waits:
                    self._waiting.remove(mine)
            if not waits:
                self._give()
            raise

    def __exit__(self, *_: object) -> None:
        if self._give():
            self._never.wait(GIVEN_WAY)

    def _give(self) -> bool:
        """Give a place to who waits longest; tell whether anybody does."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
                return True
            self._free += 1
            return False
