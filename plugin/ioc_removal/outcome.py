"""What became of one indicator at one target, and counts that add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

REMOVED = "removed"
ADDED = "added"
CHANGED = "changed"
ABSENT = "absent"
PRESENT = "present"
FAILED = "failed"
UNKNOWN = "unknown"
REFUSED = "refused"
PLANNED = "planned"

# From the worst to the best: a value that has several ids is reported by the worst of them.
OUTCOMES = (UNKNOWN, FAILED, REFUSED, PLANNED, REMOVED, ADDED, CHANGED, ABSENT, PRESENT)
DONE = frozenset({REMOVED, ADDED, CHANGED, ABSENT, PRESENT})

# What names a target; no answer may add to it.
TARGETS = ("node", "tenant", "supplier", "workspace_id", "policy_id")
# Errors after which it is not known what the system did, or would do.
NO_ANSWER = frozenset({"TransportError", "ResponseError", "StoreError"})

# What a read returns: JSON objects.
Rows = list[dict[str, Any]]

SUCCEEDED = "succeeded"
PARTIAL = "partial"


class Outcome:
    """What became of one indicator at one target; it is not changed once it was made.

    outcome: one of OUTCOMES; target: supplier, workspace or policy, by the vendor's names;
    value, id: what was named, at least one of them; attempts: requests that carried it;
    maybe_ours: it is absent (or present, or added) after a request of ours whose answer was lost or
    unclear; settled: it was looked up, as no answer told it; verified: it was read back, and is so;
    snapshot: what the system told of it before, raw; not_restored: when it was put back, what of it
    was not, a text each; advice: what the reason means, and whose move it is; response: every other
    documented response field, by its output name; missing: the refusal may only mean that it is not
    there; late: it may still be carried out, as only the wait for it ended. The row tells neither.
    """

    def __init__(
        self,
        outcome: str,
        target: Mapping[str, str],
        value: str | None = None,
        id: str | None = None,  # noqa: A002  # as the row has it
        reason: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        attempts: int = 0,
        maybe_ours: bool = False,
        settled: bool = False,
        advice: str | None = None,
        verified: bool = False,
        snapshot: Mapping[str, Any] | None = None,
        not_restored: tuple[str, ...] = (),
        response: Mapping[str, Any] | None = None,
        missing: bool = False,
        late: bool = False,
    ) -> None:
        self.outcome, self.target = outcome, target
        self.value, self.id = value, id
        self.reason, self.http_status, self.request_id = reason, http_status, request_id
        self.attempts, self.maybe_ours, self.settled = attempts, maybe_ours, settled
        self.advice, self.verified, self.snapshot = advice, verified, snapshot
        self.not_restored = not_restored
        self.response: Mapping[str, Any] = {} if response is None else response
        self.missing, self.late = missing, late

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outcome) and _shown(self) == _shown(other)

    def __repr__(self) -> str:
        return f"Outcome({self.row()})"

    def but(self, **changes: Any) -> "Outcome":
        """Return the same outcome with other fields; raises TypeError for what is no field."""
        fields = {**self.__dict__, **changes}
        fields.pop("alike", None)
        return Outcome(**fields)

    def same_of(self, value: str | None = None, id_: str | None = None) -> "Outcome":
        """Return the same outcome of another indicator; value, id_: its names."""
        if "alike" not in self.__dict__:
            self.__dict__["alike"] = object()
        fields = self.__dict__.copy()
        fields["value"], fields["id"] = value, id_
        return _made(fields)

    def with_snapshot(self, snapshot: Mapping[str, Any]) -> "Outcome":
        """Return the same outcome with what the system told before."""
        return _made({**self.__dict__, "snapshot": snapshot})

    @property
    def likeness(self) -> object:
        """What outcomes that same_of() made of one have in common; None of others.

        They differ in their names and snapshots alone.
        """
        return self.__dict__.get("alike")

    @property
    def doubtful(self) -> bool:
        """Whether a look at the system may tell more than the answer did."""
        return self.outcome == UNKNOWN or (self.missing and self.outcome == FAILED)

    @property
    def indicator(self) -> str:
        """The name by which a person knows it: its value, else its id."""
        return self.value if self.value is not None else str(self.id)

    @property
    def unreachable(self) -> bool:
        """Whether it failed because no answer could be had."""
        return self.outcome == FAILED and self.http_status is None and not self.settled

    def row(self) -> dict[str, Any]:
        """Return the outcome as one flat JSON object, without what is not known.

        What the system answered never stands in the place of what is concluded from it.
        """
        known = {
            "value": self.value,
            "id": self.id,
            **self.target,
            "outcome": self.outcome,
            "reason": self.reason,
            "advice": self.advice,
            "http_status": self.http_status,
            "request_id": self.request_id,
            "attempts": self.attempts,
            "maybe_ours": self.maybe_ours or None,
            "settled": self.settled or None,
            "verified": self.verified or None,
            "snapshot": self.snapshot,
            "not_restored": list(self.not_restored) or None,
        }
        ours = {*known, *TARGETS}
        row = {**known, **{k: v for k, v in self.response.items() if k not in ours}}
        return {name: value for name, value in row.items() if value is not None}


# What is compared: all but missing and late, as in a row.
_shown = attrgetter(
    *("outcome", "target", "value", "id", "reason", "http_status", "request_id", "attempts"),
    *("maybe_ours", "settled", "advice", "verified", "snapshot", "not_restored", "response"),
)


def _made(fields: dict[str, Any]) -> Outcome:
    """Return an outcome at once: one that is made field by field takes long."""
    outcome = object.__new__(Outcome)
    outcome.__dict__ = fields
    return outcome


def after_a_lost_try(outcome: Outcome) -> Outcome:
    """Weigh an outcome when an earlier request may have been carried out already."""
    if outcome.outcome == ABSENT:
        return outcome.but(maybe_ours=True)
    if outcome.outcome in {REFUSED, FAILED}:
        reason = f"an earlier try may have been carried out; this one: {outcome.reason}"
        return outcome.but(outcome=UNKNOWN, reason=reason)
    return outcome


def worst(outcomes: Iterable[str]) -> str:
    """Return the worst of some outcomes: unknown, failed, refused, planned, then what is done."""
    return min(outcomes, key=OUTCOMES.index)


def ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by outcome in a fixed order, without those that did not occur."""
    return {name: counts[name] for name in reversed(OUTCOMES) if counts.get(name)}


class Summary:
    """What came of a call or run.

    counts: of outcomes, one a value and target; sent: whether anything was sent to be removed;
    unreachable: whether something failed because no answer could be had.
    """

    def __init__(
        self, counts: dict[str, int] | None = None, sent: bool = False, unreachable: bool = False
    ) -> None:
        self.counts = counts or {}
        self.sent, self.unreachable = sent, unreachable

    @property
    def result(self) -> str:
        """Return succeeded (all done), partial (some) or failed (none)."""
        done = sum(self.counts.get(name, 0) for name in (*DONE, PLANNED))
        if done == sum(self.counts.values()):
            return SUCCEEDED
        return PARTIAL if done else FAILED


def summary_of(outcomes: Iterable[Outcome]) -> Summary:
    """Sum up outcomes; of several for one value and target, the worst counts."""
    lines: dict[tuple[str, str], str] = {}
    summary = Summary()
    for outcome in outcomes:
        key = (outcome.indicator, str(sorted(outcome.target.items())))
        lines[key] = worst((outcome.outcome, lines.get(key, outcome.outcome)))
        summary.sent |= outcome.attempts > 0
        summary.unreachable |= outcome.unreachable
    summary.counts = ordered(Counter(lines.values()))
    return summary


def exit_status(summary: Summary, errors: Iterable[str] = ()) -> int:
    """Return the exit status of a command.

    errors: names of the errors that ended it, such as "ArgumentError". 3: something is unknown or
    was unreachable; 1: something failed, or was refused after something was sent; 2: nothing was
    sent; 0: all done.
    """
    ended = set(errors)
    if summary.counts.get(UNKNOWN) or summary.unreachable or ended & NO_ANSWER:
        return 3
    if summary.counts.get(FAILED) or "ApiError" in ended:
        return 1
    if summary.counts.get(REFUSED) or ended:
        return 1 if summary.sent else 2
    return 0
