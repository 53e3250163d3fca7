"""Transactions of several threads that are committed together."""

from dataclasses import dataclass, field
from threading import Event

from ..errors import StoreError

MOST = 64  # transactions
PATIENCE = 0.1  # seconds


@dataclass
class Group:
    """Transactions of several threads; members: how many of them are done."""

    members: int = 0
    _ended: Event = field(default_factory=Event)
    _error: StoreError | None = None

    def end(self, error: StoreError | None) -> None:
        """Let all go on; error: why nothing of it was kept."""
        self._error = error
        self._ended.set()

    def has_ended(self) -> bool:
        """Wait until it was committed, but not for long; raises StoreError when it was not."""
        ended = self._ended.wait(PATIENCE)
        if self._error is not None:
            raise StoreError(str(self._error), lost=self._error.lost)
        return ended
