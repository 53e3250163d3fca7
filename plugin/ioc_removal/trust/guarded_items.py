"""The guards of one call, as they look closely at one item: its value, its row, its policy."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, Protocol

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import ADDS
from ..errors import HungUpError, PluginError
from .catalogue import (
    EXPECT_TAGS,
    KNOWN_GOOD,
    LAST_RULE,
    PRIVATE,
    PROTECTED,
    SNAPSHOT,
    SUFFIX,
    WILDCARD,
)
from .effects import DISARMS, REARMS, effect_of, names_in, odd_in, told_of
from .findings import Findings
from .forms import Forms, forms_of
from .listed import Listed
from .lists import ById
from .provider_rules import LastRules, other_tags
from .shapes import is_plain, private_in, suffix_in, wildcard_in
from .snapshot import Snapshot

ALERTS = "is known to be good, so that it will alert at once"


class RunGuards(Protocol):
    """What the guards of a call need of those of its run."""

    last_rules: LastRules

    @property
    def protected(self) -> Listed:
        """What is never disarmed."""

    @property
    def second_levels(self) -> frozenset[str]:
        """The public suffixes that are known beside the usual ones."""

    @property
    def caps(self) -> Mapping[str, int]:
        """The caps that hold."""

    def value(self, key: str) -> Any:
        """Return a setting."""

    @property
    def knows_good(self) -> bool:
        """Whether anything is known to be good."""

    def near(self, texts: Sequence[str], effect: str) -> Sequence[str]:
        """Return those of some texts that may be on a list of what an effect is not for."""

    def findings(self) -> Findings:
        """Return where to put what is found of a batch."""

    def known_good(self, forms: Forms) -> str | None:
        """Return what a value falls under that is known to be good."""

    def warn(self, findings: Findings) -> None:
        """Count what is told of items."""


class GuardedItems:
    """What the guards of one call find of single items.

    place, leaves_none: as of Guarded; about_rules: whether the items are rules of a policy.
    """

    def __init__(
        self,
        guards: RunGuards,
        action: Action,
        prepared: Prepared,
        place: str,
        leaves_none: Callable[[str, str, Set[str]], bool] | None,
        *,
        about_rules: bool,
    ) -> None:
        self.guards, self.action, self.prepared = guards, action, prepared
        self.place, self.leaves_none, self.about_rules = place, leaves_none, about_rules

    def judge_value(self, found: Findings, item: str, value: str, effect: str) -> None:
        """Judge an item by a value: its own, or that of what it names."""
        if not self._compared(effect) and is_plain(value, self.guards.second_levels):
            return
        forms = forms_of(value)
        if effect == DISARMS:
            self._protect(found, item, (forms,))
            adds = self.action.definition.does == ADDS  # to the false positives
            if item == value and not found.refuse(
                WILDCARD, item, wildcard_in(value, forms, path=adds)
            ):
                found.refuse(SUFFIX, item, suffix_in(value, forms, self.guards.second_levels))
        elif effect == REARMS:
            entry = self.guards.known_good(forms)
            found.warn(KNOWN_GOOD, item, entry and f"{entry} {ALERTS}", value)
        found.warn(PRIVATE, item, private_in(forms), value)

    def judge_rows(
        self, found: Findings, batch: Batch, before: Snapshot | None, *, required: bool
    ) -> None:
        """Judge the items of a batch by what is there; required: refuse what could not be kept."""
        definition = self.action.definition
        rows, plain = before.rows if before else {}, set[str]()
        if rows and not self.about_rules:  # as mostly
            from .plain_rows import plain_rows  # most calls name no ids

            plain = plain_rows(definition, batch, rows, self.guards)
        for item in batch.items:
            if item in plain:
                continue
            row = rows.get(item)
            unread = before.unread.get(item) if before else None
            asked = row is not None or (before is not None and definition.snapshot is not None)
            if unread is not None and required:
                found.refuse(SNAPSHOT, item, f"what is there could not be kept: {unread}")
            if definition.named_by == "id" and item not in found.refused:
                why = unread if asked else "nothing was asked"
                self._judge_row(found, item, batch, row, why)
            if self.about_rules and item not in found.refused:
                self._judge_rule(found, item, batch, *self._listed(batch, before, unread))

    def _compared(self, effect: str) -> bool:
        """Tell whether values are looked for in lists."""
        if effect == DISARMS:
            return bool(self.guards.protected)
        return effect == REARMS and self.guards.knows_good

    def _judge_row(
        self,
        found: Findings,
        item: str,
        batch: Batch,
        row: Mapping[str, Any] | None,
        why: str | None,
    ) -> None:
        """Judge what is named by an id by what is there; why: that is not known."""
        told = told_of(row or {})
        effect = effect_of(self.action.definition, batch.arguments, row)
        if effect == DISARMS and self.guards.protected:
            self._protect(found, item, map(forms_of, (item, *names_in(told))))
            why = why or odd_in(row or {})
            if why is not None:
                found.refuse(PROTECTED, item, f"whether it is protected is not known: {why}")
        if value := told.get("value"):
            self.judge_value(found, item, str(value), effect)

    def _protect(self, found: Findings, item: str, named: Iterable[Forms]) -> None:
        if self.guards.protected:
            for forms in named:
                entry = self.guards.protected.entry(forms)
                found.refuse(PROTECTED, item, entry and f"{entry} is protected")

    def _judge_rule(
        self,
        found: Findings,
        item: str,
        batch: Batch,
        listed: ById | None,
        why: str | None,
    ) -> None:
        """Judge a rule by the list of its policy; why: there is none."""
        expected = batch.arguments.get(EXPECT_TAGS)
        unread = f"the rules of the policy could not be listed: {why}" if listed is None else None
        row = listed.get(item) if listed else None
        if expected:
            others = other_tags(row, expected) if row else None
            found.refuse(EXPECT_TAGS, item, unread or others)
        found.refuse(LAST_RULE, item, unread)
        if listed is not None and item not in found.refused:
            policy = f"{self.place} {sorted(self.prepared.target.items())}"
            there = {*listed, *([item] if row else [])}  # which another thread may take out now
            last = self.guards.last_rules.leaves_none(policy, item, there)
            if last or (self.leaves_none and self.leaves_none(policy, item, there)):
                found.refuse(LAST_RULE, item, "it is the last rule of its policy")

    def _listed(
        self, batch: Batch, before: Snapshot | None, why: str | None
    ) -> tuple[ById | None, str | None]:
        """Return the rules of the policy of a call, or why they are not known."""
        if before and before.listed is not None:
            return before.listed, None
        look_up = self.action.look_up(batch)
        if why is not None or look_up is None:
            return None, why or "nothing tells them"
        try:
            rows = look_up(batch.arguments, batch.items)
            return {str(row.get("id")): row for row in rows}, None
        except HungUpError:
            raise
        except PluginError as error:
            return None, str(error)
