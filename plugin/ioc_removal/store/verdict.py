"""What a verification found: problems, each at its place, and what is worth knowing."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST = 200  # problems that are kept; all are counted


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written; where: as far as it is known."""

    what: str
    run: str | None = None
    link: int | None = None
    call: str | None = None
    batch: int | None = None
    position: int | None = None
    indicator: str | None = None
    head: int | None = None

    def __str__(self) -> str:
        return ": ".join(filter(None, (", ".join(self._place()), self.what)))

    def _place(self) -> Iterator[str]:
        for name in ("head", "run", "link", "call", "batch", "position", "indicator"):
            value = getattr(self, name)
            if value is not None:
                yield f"{name} {value}"


@dataclass
class Verdict:
    """What came of a verification.

    problems: the first ones, broken: how many there are; notes: what is no sign of a change; head:
    hash of the last head; heads, runs, links, rows: how many were verified; pruned: runs that
    were taken away, and of which the journal says so.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: int = 0
    head: str = ""
    heads: int = 0
    runs: int = 0
    links: int = 0
    rows: int = 0
    pruned: int = 0
    uncovered_runs: int = 0
    uncovered_rows: int = 0

    def add(self, problem: Problem) -> None:
        """Take one more problem."""
        self.broken += 1
        if len(self.problems) < MOST:
            self.problems.append(problem)

    @property
    def intact(self) -> bool:
        """Whether everything is as it was written."""
        return not self.broken
