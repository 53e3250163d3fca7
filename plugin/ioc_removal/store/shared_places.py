"""Places of requests in flight, shared by all processes of a store.

A request needs a place, and a place is a lease of the store. A process keeps one for its next
request, as taking and leaving it each time would ask the store twice. It lets go of what it has not
used for a moment and, where others wait, of what is more than its part.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import randbelow
from threading import Condition, Lock, Thread
from time import monotonic, sleep

from ..errors import StoreError
from .database import Database

PAUSE = 0.02  # seconds between two looks for a free place
KEPT = 0.1  # seconds for which a place is kept that no request is in
LONGEST = 0.25  # seconds between two checks of a thread for which another one looks
LOOK = 0.2  # seconds between two looks whether others wait
REST = 3 * PAUSE  # seconds in which another process finds the only place, let go by this one


class SharedPlaces:
    """The places of one server, for all threads of this process that send there.

    place: one text for all processes that do; in_flight: how many places there are.
    """

    def __init__(self, database: Database, place: str, in_flight: int) -> None:
        self._database, self._queue = database, f"waiting at {place}"
        self._names = [f"place {number} at {place}" for number in range(in_flight)]
        self._changed = Condition()  # and the lock of what follows
        self._held: set[str] = set()
        self._free: list[tuple[str, float]] = []  # of those held, and since when unused
        self._waiting, self._seeking, self._watched = 0, False, False
        self._part = in_flight  # how many to hold
        self._looked = self._rests = 0.0  # when it looked last; until when none is taken
        self._telling, self._told = Lock(), False  # whether others know that threads wait

    @contextmanager
    def one(self, check: Callable[[], None]) -> Iterator[None]:
        """Hold a place, once there is one; check: raises when nobody waits any more.

        Raises StoreError.
        """
        name = self._taken(check)
        try:
            yield
        finally:
            self._leave(name)

    def _taken(self, check: Callable[[], None]) -> str:
        seeks = False
        with self._changed:
            self._waiting += 1
        try:
            while not (name := self._at_hand()):
                seeks = seeks or self._begins_to_seek()
                if seeks and self._found():
                    continue
                if seeks:
                    self._tell_others(waiting=True)
                check()
                with self._changed:
                    if not self._free:
                        self._changed.wait(PAUSE if seeks else LONGEST)
        finally:
            with self._changed:
                self._waiting -= 1
                self._seeking = self._seeking and not seeks
                self._changed.notify()  # another one seeks, or has what came for this one
            if self._told:
                self._tell_others(waiting=False)
        return name

    def _at_hand(self) -> str | None:
        """Return a place that this process has, and no request is in."""
        with self._changed:
            while self._free:
                name, _ = self._free.pop()
                if self._database.holds(name):
                    return name
                self._held.discard(name)  # it was lost with a session
        return None

    def _begins_to_seek(self) -> bool:
        """Tell whether this thread is to look for places, for all that wait."""
        with self._changed:
            seeks = not self._seeking
            self._seeking = True
            return seeks

    def _found(self) -> bool:
        """Take as many places as are waited for, if they are to be had; tell whether there were."""
        with self._changed:
            enough = self._held and len(self._held) >= self._part
            if enough or monotonic() < self._rests:
                return False
            most = max(1, min(self._waiting, self._part - len(self._held)))
        first = randbelow(len(self._names))
        with self._database.places() as places:
            found = places.take(self._names[first:] + self._names[:first], most)
        with self._changed:
            self._held.update(found)
            self._free += [(name, monotonic()) for name in found]
            self._watch()
            self._changed.notify(len(found))
        return bool(found)

    def _tell_others(self, *, waiting: bool) -> None:
        """Let others know whether threads wait here, if they do not know it."""
        with self._telling:
            if self._told == waiting or (self._waiting and not waiting):
                return
            with self._database.places() as places:
                (places.want if waiting else places.want_no_longer)(self._queue)
            self._told = waiting

    def _leave(self, name: str) -> None:
        """Keep a place for the next request, unless it is more than this process's part."""
        self._look()
        with self._changed:
            if len(self._held) <= self._part:
                self._free.append((name, monotonic()))
                self._watch()
                self._changed.notify()
                return
            if not self._part:  # more processes than places
                self._rests = monotonic() + REST
        self._let_go([name])

    def _look(self) -> None:
        """Look now and then whether others wait, and how many places are this process's part."""
        with self._changed:
            if monotonic() - self._looked < LOOK:
                return
            self._looked = monotonic()
        with suppress(StoreError):  # whoever works with the store tells of it
            with self._database.places() as places:
                sharing = places.sharing(self._names, self._queue)
            self._part = sharing.part_of(len(self._names))

    def _watch(self) -> None:
        """Have a thread let go of what is not used for a moment."""
        if not self._watched:
            self._watched = True
            Thread(target=self._end_idle, name=self._queue, daemon=True).start()

    def _end_idle(self) -> None:
        while True:
            sleep(KEPT / 2)
            with self._changed:
                if not self._held:
                    self._watched = False
                    return
                since = monotonic() - KEPT
                idle = [name for name, unused in self._free if unused < since]
                self._free = [one for one in self._free if one[1] >= since]
            self._let_go(idle)

    def _let_go(self, names: list[str]) -> None:
        with suppress(StoreError):  # then they ended with the session
            if names:
                with self._database.places() as places:
                    for name in names:
                        places.let_go(name)
        with self._changed:
            self._held.difference_update(names)
