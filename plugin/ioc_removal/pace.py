"""How often requests may start."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Lock
from time import monotonic
from typing import Protocol

TOLD_AFTER = 2.0  # seconds of a wait that is told, and told again
NO_TURN = "for a turn: all processes together send as much as limits allow (in_flight, per_second)"


class Turns(Protocol):
    """Lets requests take turns with those of other processes."""

    def turn(self, check: Callable[[], None]) -> AbstractContextManager[None]:
        """Wait for a place among the requests in flight; check: raises when nobody waits."""

    def begin(self) -> None:
        """Tell that a request is sent now; raises when another process took over what it is of."""


def telling(check: Callable[[], None], tell: Callable[[str, float], None]) -> Callable[[], None]:
    """Return a check, asked while a turn is waited for, that tells of a wait that is longer.

    tell: given why, and for how many seconds that holds at least.
    """
    due = monotonic() + TOLD_AFTER

    def checked() -> None:
        nonlocal due
        check()
        if monotonic() >= due:
            tell(NO_TURN, 2 * TOLD_AFTER)
            due = monotonic() + TOLD_AFTER

    return checked


class Pace:
    """At most so many starts a second, evenly spaced; per_second: None for no limit."""

    def __init__(self, per_second: float | None) -> None:
        self._pause = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = Lock()
        self._over = Event()

    def waited(self) -> bool:
        """Wait until a request may start; return whether that took any time."""
        if not self._pause:
            return False
        with self._lock:
            start = max(monotonic(), self._next)
            self._next = start + self._pause
        self._over.wait(max(0.0, start - monotonic()))
        return True

    def end(self) -> None:
        """Let nothing wait any more."""
        self._over.set()
