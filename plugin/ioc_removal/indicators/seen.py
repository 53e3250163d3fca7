"""Which values came before, in memory that stays the same however many there are."""

from collections.abc import Sequence

from .placed import Placed

IN_MEMORY = 200_000  # values; the others are kept in a file


class Seen:
    """Values that were met, texts without line breaks; the first many as they are.

    in_memory: how many, IN_MEMORY by default.
    """

    def __init__(self, in_memory: int | None = None) -> None:
        self._values: set[str] = set()
        self._most = in_memory or IN_MEMORY
        self._others: Placed | None = None

    def is_new(self, value: str) -> bool:
        """Tell whether a value is met for the first time, and remember it."""
        return not self.again((value,))

    def again(self, values: Sequence[str]) -> list[int]:
        """Return where values stand that are not met for the first time, and remember all."""
        distinct = {*values}
        met = self._values & distinct
        if self._others is None:
            self._values |= distinct
            if len(self._values) >= self._most:
                self._others = Placed(self._values)
        elif met or len(distinct) < len(values):
            if left := [value for value in dict.fromkeys(values) if value not in met]:
                met |= self._others.met(left)
        elif values:
            met = self._others.met(values)
        if not met and len(distinct) == len(values):
            return []
        found = []
        for at, value in enumerate(values):
            if value in met:
                found.append(at)
            met.add(value)
        return found
