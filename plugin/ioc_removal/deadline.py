"""The time that a request has, with all its tries, and the watch that cuts it off at its end.

A timeout of a socket bounds each wait for a byte, not their sum: a server that sends one byte in a
while would keep a request for ever.
"""

from contextlib import suppress
from contextvars import ContextVar
from math import inf
from socket import SHUT_RDWR, socket
from threading import Condition, Event, Thread
from time import monotonic

IDLE = 5.0  # seconds after which the watch leaves when nothing is in flight


class Deadline:
    """The time that one request has, which is in flight within it.

    seconds: from now; among: the requests of its wire. sent: whether any of the request may have
    left; hung_up: whether it was ended from this side before its time.
    """

    def __init__(self, seconds: float, among: "InFlight") -> None:
        self.at = monotonic() + seconds
        self.sent = False
        self.hung_up = False
        self._is_over, self._among = False, among
        self._socket: socket | None = None

    def __enter__(self) -> "Deadline":
        self._among.open.add(self)
        self._token = CURRENT.set(self)
        _WATCH.begin(self)
        if self._among.hung_up:  # asked last: hang_up ends what has begun
            self.hung_up = True
            self.end()
        return self

    def __exit__(self, *_: object) -> None:
        _WATCH.finish(self)
        CURRENT.reset(self._token)
        self._among.open.discard(self)

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return 0.0 if self._is_over else max(0.0, self.at - monotonic())

    def check(self) -> None:
        """Raise TimeoutError when the request was cut off.

        What is read from a socket that was shut down ends as if the server had ended it there.
        """
        if self._is_over:
            raise TimeoutError("the time of the request is over")

    def waited(self, seconds: float) -> bool:
        """Wait so long; False, at once, when the end comes before, or nothing more is tried."""
        return seconds < self.left and not self._among.last.wait(seconds)

    def hold(self, connected: socket) -> None:
        """Take the socket that is to be shut down at the end."""
        self._socket = connected
        if self._is_over:
            self._shut()

    def end(self) -> None:
        """End the request now, whatever it waits for from its socket."""
        self._is_over = True
        self._shut()

    def release(self) -> None:
        """Let go of the socket: another request may use it, also while this one pauses."""
        self._socket = None

    def _shut(self) -> None:
        if (held := self._socket) is not None:
            with suppress(OSError):  # it is closed already
                held.shutdown(SHUT_RDWR)


# The deadline of the request that this thread has in flight.
CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class _Watch:
    """One thread that ends the requests of this process when their time is over."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._open: set[Deadline] = set()
        self._thread: Thread | None = None
        self._next = inf

    def begin(self, deadline: Deadline) -> None:
        with self._changed:
            self._open.add(deadline)
            if self._thread is None or not self._thread.is_alive():
                self._next = deadline.at
                self._thread = Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline.at < self._next:
                self._next = deadline.at
                self._changed.notify()

    def finish(self, deadline: Deadline) -> None:
        with self._changed:
            self._open.discard(deadline)
            deadline.release()

    def hang_up(self, some: set[Deadline]) -> None:
        with self._changed:
            for deadline in some & self._open:
                deadline.hung_up = True
                deadline.end()

    def _run(self) -> None:
        with self._changed:
            while True:
                now = monotonic()
                for deadline in [one for one in self._open if one.at <= now]:
                    deadline.end()
                    self._open.discard(deadline)
                if not self._open:
                    self._next = inf
                    if not self._changed.wait(IDLE) and not self._open:
                        self._thread = None
                        return
                else:
                    self._next = min(deadline.at for deadline in self._open)
                    self._changed.wait(max(0.0, self._next - monotonic()))


_WATCH = _Watch()


class InFlight:
    """The requests of one wire that are in flight.

    open: their deadlines; last: set when none of them is tried again.
    """

    def __init__(self) -> None:
        self.open: set[Deadline] = set()
        self.last = Event()
        self.hung_up = False

    def try_no_more(self) -> None:
        """Let every request end with the try that it is at; a pause before another ends now."""
        self.last.set()

    def hang_up(self) -> None:
        """End every request that is in flight, and those that still come."""
        self.hung_up = True
        self.last.set()
        _WATCH.hang_up(set(self.open))
