"""Which batches of a run this process is about, so that one can wait for another."""

from threading import Condition

MOMENT = 0.05  # seconds between two looks
_Name = tuple[str, int]  # call and batch


class InWork:
    """The batches of a run that were let through in this process, in that order.

    One waits only for those that were let through before it, so that no two wait for each other.
    """

    def __init__(self) -> None:
        self._numbers: dict[_Name, int] = {}
        self._last = 0
        self._changed = Condition()

    def begin(self, call: str, batch: int) -> None:
        """Let a batch through; to be called in the transaction that says what it may do."""
        with self._changed:
            self._last += 1
            self._numbers[call, batch] = self._last

    def end(self, call: str, first: int, stop: int) -> None:
        """Tell that nothing more comes of some batches of a call."""
        with self._changed:
            for batch in range(first, stop):
                self._numbers.pop((call, batch), None)
            self._changed.notify_all()

    def wait(self, other: _Name, own: _Name) -> bool:
        """Wait a moment for another batch; False when there is nothing to wait for."""
        with self._changed:
            number = self._numbers.get(other)
            if number is None or number >= self._numbers.get(own, self._last + 1):
                return False
            self._changed.wait(MOMENT)
            return True
