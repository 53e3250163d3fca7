"""What became of one indicator at one target, and counts that add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

REMOVED = "removed"
ABSENT = "absent"
FAILED = "failed"
UNKNOWN = "unknown"
REFUSED = "refused"
PLANNED = "planned"

# From the worst to the best: a value that has several ids is reported by the worst of them.
OUTCOMES = (UNKNOWN, FAILED, REFUSED, PLANNED, REMOVED, ABSENT)
DONE = frozenset({REMOVED, ABSENT})

SUCCEEDED = "succeeded"
PARTIAL = "partial"


@dataclass(frozen=True)
class Outcome:
    """What became of one indicator at one target.

    outcome: one of OUTCOMES; target: supplier, workspace or policy, by the vendor's names;
    value, id: what was named, at least one of them; attempts: requests that carried it;
    maybe_ours: it is absent after a request of ours whose answer was lost or unclear;
    response: every other documented response field, by its output name.
    """

    outcome: str
    target: Mapping[str, str]
    value: str | None = None
    id: str | None = None
    reason: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    attempts: int = 0
    maybe_ours: bool = False
    response: Mapping[str, Any] = field(default_factory=dict)

    @property
    def indicator(self) -> str:
        """The name by which a person knows it: its value, else its id."""
        return self.value if self.value is not None else str(self.id)

    def row(self) -> dict[str, Any]:
        """Return the outcome as one flat JSON object, without what is not known."""
        known = {
            "value": self.value,
            "id": self.id,
            **self.target,
            "outcome": self.outcome,
            "reason": self.reason,
            "http_status": self.http_status,
            "request_id": self.request_id,
            "attempts": self.attempts,
            "maybe_ours": self.maybe_ours or None,
            **self.response,
        }
        return {name: value for name, value in known.items() if value is not None}


def worst(outcomes: Iterable[str]) -> str:
    """Return the worst of some outcomes: unknown, failed, refused, planned, removed, absent."""
    return min(outcomes, key=OUTCOMES.index)


def counted(outcomes: Iterable[str]) -> dict[str, int]:
    """Count outcomes by name, in a fixed order, leaving out those that did not occur."""
    counts = Counter(outcomes)
    return {name: counts[name] for name in (*reversed(OUTCOMES),) if counts[name]}


def result_of(counts: Mapping[str, int]) -> str:
    """Return succeeded (all done), partial (some) or failed (none), for counts by outcome."""
    done = sum(counts.get(name, 0) for name in (*DONE, PLANNED))
    if done == sum(counts.values()):
        return SUCCEEDED
    return PARTIAL if done else FAILED
