"""The guards of one call: asked before each batch, by itself and by what is there."""

from collections.abc import Callable, Sequence, Set
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from ..action import Action
from ..batches import Batch, Prepared
from ..outcome import FAILED, PLANNED, REFUSED, UNKNOWN, Outcome
from ..same_outcome import counts_of
from .caps import Excess
from .catalogue import EXPECT_TAGS, SNAPSHOT, STOP_AFTER
from .findings import Findings, refusal_by
from .shapes import not_plain
from .snapshot import Snapshot

if TYPE_CHECKING:
    from .guarded_items import GuardedItems, RunGuards


class Guarded:
    """The guards of one call.

    place: where it goes; excess: the cap that it does not keep; tried, failed: indicators so far,
    failed or unknown; release: gives back what was reserved and not sent, where nobody else does;
    leaves_none: tells of other runs whether a policy would have no rule left.
    """

    def __init__(
        self,
        guards: "RunGuards",
        action: Action,
        prepared: Prepared,
        place: str,
        excess: Excess | None,
        tried: int,
        failed: int,
        release: Callable[[str, int], None] | None,
        leaves_none: Callable[[str, str, Set[str]], bool] | None,
    ) -> None:
        self.guards, self.action, self.prepared = guards, action, prepared
        self.place, self.excess, self.tried, self.failed = place, excess, tried, failed
        self.release, self.leaves_none = release, leaves_none
        self._lock = Lock()

    def before(self, batch: Batch) -> Findings:
        """Return what is found of a batch as far as itself tells."""
        found, definition = self.guards.findings(), self.action.definition
        if excess := self.excess:
            most, before = self.guards.caps[excess.cap], f" after {excess.before:,}"
            size = f"{self.prepared.size:,}{before if excess.before else ''}"
            why = refusal_by(excess.cap, f"{size} indicators, and {most:,} are the most")
            found.refused.update(dict.fromkeys(batch.items, why))
            return found
        stopped = self._stopped()
        wanted = self._about_rules and self.guards.value(EXPECT_TAGS)
        named = bool(batch.arguments.get(EXPECT_TAGS)) or not wanted
        unnamed = None if named else "the rule's provider tags have to be named"
        effect = definition.effect_on(batch.arguments)
        for item in batch.items if stopped or unnamed else ():
            found.refuse(STOP_AFTER, item, stopped)
            found.refuse(EXPECT_TAGS, item, unnamed)
        values = batch.items if definition.named_by == "value" else ()
        for value in self._odd(values, effect):
            if value not in found.refused:
                self._items.judge_value(found, value, value, effect)
        return found

    def _odd(self, values: Sequence[str], effect: str) -> Sequence[str]:
        """Return the values to judge, in their order: a few of a long list."""
        odd, near = not_plain(values, self.guards.second_levels), self.guards.near(values, effect)
        if not odd or not near:
            return odd or near
        either = {*odd, *near}
        return [value for value in values if value in either]

    def after(self, found: Findings, batch: Batch, before: Snapshot | None) -> None:
        """Add what is found of a batch by what is there; before: None when that was not asked."""
        required = self.guards.value(SNAPSHOT) == "required"
        lost = required and before is not None and before.unread
        if lost or self.action.definition.named_by == "id" or self._about_rules:
            self._items.judge_rows(found, batch, before, required=required)

    def count(self, batch: Batch, found: Findings, outcomes: Sequence[Outcome]) -> None:
        """Count what became of a batch; of what goes to several nodes, warnings count once."""
        tried = counts_of(outcomes)
        with self._lock:
            self.tried += tried.total() - tried[REFUSED] - tried[PLANNED]
            self.failed += tried[FAILED] + tried[UNKNOWN]
        if batch.number % self.action.copies == 0:
            self.guards.warn(found)
            if self.release:
                self.release(self.place, sum(outcome.attempts == 0 for outcome in outcomes))

    @property
    def _about_rules(self) -> bool:
        return EXPECT_TAGS in self.action.definition.schema.part["properties"]

    def _stopped(self) -> str | None:
        limit = self.guards.value(STOP_AFTER)
        with self._lock:
            tried, failed = self.tried, self.failed
        if tried < limit.get("of", 100) or failed * 100 <= limit.get("percent", 50) * tried:
            return None
        return f"stopped: {failed:,} of {tried:,} failed"

    @cached_property
    def _items(self) -> "GuardedItems":
        from .guarded_items import GuardedItems  # most calls name plain values, on no list

        about = self._about_rules
        return GuardedItems(
            self.guards, self.action, self.prepared, self.place, self.leaves_none, about_rules=about
        )
