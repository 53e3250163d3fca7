"""How much may be done in one call, in one run, and in an hour through one connection."""

from collections.abc import Mapping, Set
from threading import Lock
from time import time
from typing import NamedTuple, Protocol, runtime_checkable

PER_CALL, PER_RUN, PER_HOUR = "max_per_call", "max_per_run", "max_per_hour"
CAPS: Mapping[str, int] = {PER_CALL: 100_000, PER_RUN: 300_000, PER_HOUR: 300_000}
AN_HOUR = 3600  # seconds


class Excess(NamedTuple):
    """A cap that a call does not keep. before: indicators that count already, without its own."""

    cap: str
    before: int


@runtime_checkable
class Counts(Protocol):
    """A recorder that counts over calls and runs, and not only in this process."""

    def reserve(
        self, place: str, size: int, caps: Mapping[str, int], *, dry_run: bool
    ) -> Excess | None:
        """Reserve the size of a call, once, in one step with counting what others did and reserved.

        place: where the connection leads; caps: those that hold. What was sent counts for an hour;
        what a clock that jumped back dates in the future counts too. A dry run counts for itself.
        Asked again for the same call, it says the same.
        """

    def leaves_none(self, policy: str, rule: str, there: Set[str]) -> bool:
        """Tell whether a policy would have no rule left, given what all runs take away now.

        there: the ids of its rules. If one would be left, the rule is going from now on.
        """

    def tried(self) -> tuple[int, int]:
        """Return of how many indicators this call was tried, and how many failed or are unknown."""


class ProcessCounts:
    """Counts what this process does, for a recorder that does not."""

    def __init__(self) -> None:
        self._sizes: list[tuple[float, str, int]] = []
        self._lock = Lock()

    def reserve(
        self, place: str, size: int, caps: Mapping[str, int], *, dry_run: bool
    ) -> Excess | None:
        """Reserve the size of a call, as Counts does; each asking is a call of its own."""
        now = time()
        mark = f"dry run on {place}" if dry_run else place
        with self._lock:
            run = sum(known for _, _, known in self._sizes)
            hour = sum(
                known for at, where, known in self._sizes
                if where in {place, mark} and at > now - AN_HOUR
            )  # fmt: skip
            excess = excess_of(caps, size, run, hour)
            if excess is None:
                self._sizes.append((now, mark, size))
            return excess

    def release(self, place: str, size: int) -> None:
        """Give back what was reserved and not sent."""
        with self._lock:
            self._sizes.append((time(), place, -size))


def excess_of(caps: Mapping[str, int], size: int, run: int, hour: int) -> Excess | None:
    """Return the first cap that a call does not keep; run, hour: what counts already."""
    for cap, before in ((PER_CALL, 0), (PER_RUN, run), (PER_HOUR, hour)):
        if cap in caps and before + size > caps[cap]:
            return Excess(cap, before)
    return None
