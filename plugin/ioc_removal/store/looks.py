"""Look once for many threads that ask the same: what one sees holds for all that came before."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class Look(Generic[Seen]):
    """Looks at something that others change; each is answered by a look that began after it asked.

    look: asks the store.
    """

    def __init__(self, look: Callable[[], Seen]) -> None:
        self._look = look
        self._looking = Lock()  # held by the thread that looks
        self._begun = 0  # looks
        self._seen: tuple[int, Seen] | None = None  # by which of them, and what

    def __call__(self) -> Seen:
        """Return what is there now; raises what looking raises."""
        before = self._begun  # these may have seen what was there earlier
        with self._looking:
            if self._seen is None or self._seen[0] <= before:
                self._begun += 1
                self._seen = self._begun, self._look()
            return self._seen[1]
