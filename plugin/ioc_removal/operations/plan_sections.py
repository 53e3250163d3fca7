"""The sections of a plan: what one action does at one target, line by line."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..definition import Definition
from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import PLANNED, Outcome
from ..store.planning import DryOutcome
from ..store.plans import PlannedLine
from ..trust.effects import effect_of
from ..trust.removal_key import digest, removal_key
from ..trust.restoring import undoing_of
from ..trust.told import told_in, values_of


class Sections:
    """The sections of a plan, in the order in which they are met.

    prints: fingerprints of the connections, by system; lost: for each section what undo could not
    put back, with how many lines it is about.
    """

    def __init__(self, integration: Integration, prints: Mapping[str, str]) -> None:
        self.sections: list[dict[str, Any]] = []
        self.lost: list[Counter[str]] = []
        self._integration, self._prints = integration, prints
        self._numbers: dict[tuple[str, str | None], int] = {}
        self._usual: dict[int, tuple[str, ...]] = {}

    def line(self, met: DryOutcome) -> PlannedLine:
        """Return the line of an outcome."""
        definition = self._integration.definitions[met.call.action]
        outcome, acts = met.outcome, definition.acts
        arguments = met.call.arguments if acts else {}
        effect = effect_of(definition, arguments, outcome.snapshot) if acts else None
        number = self._numbers.get((met.place, effect))
        if number is None:
            number = self._numbers[met.place, effect] = self._number(met, definition, effect)
        if outcome.outcome == PLANNED:
            self.lost[number].update(self._not_restored(number, definition, outcome, arguments))
        line: dict[str, Any] = {"value": outcome.value, "id": outcome.id}
        if met.values:
            line["value"] = met.values[0] if len(met.values) == 1 else met.values
        line |= told_beside(definition, arguments, line, outcome.snapshot)
        if outcome.outcome != PLANNED:
            line["reason"] = outcome.reason
        line["advice"] = outcome.advice
        line = {name: value for name, value in line.items() if value is not None}
        key = key_of(self.sections[number], line)
        if outcome.outcome != PLANNED:
            key = f"{outcome.outcome} {digest([number, line])}"
        return PlannedLine(key, number, outcome.outcome, met.call.assumed, 1, line)

    def _number(self, met: DryOutcome, definition: Definition, effect: str | None) -> int:
        """Begin a section; return its number."""
        acts, call = definition.acts, met.call
        section = {
            "action": call.action,
            "connection": call.connection,
            "arguments": call.arguments if acts else {},
            "target": dict(met.outcome.target),
            "effect": effect,
            "filled": call.filled if acts else [],
            **facts_of(definition, self._prints),
        }
        self.sections.append(section)
        self.lost.append(Counter())
        return len(self.sections) - 1

    def _not_restored(
        self,
        number: int,
        definition: Definition,
        outcome: Outcome,
        arguments: Mapping[str, Any],
    ) -> tuple[str, ...]:
        """Return what undo could not put back, a text each; without a snapshot the same for all."""
        if outcome.snapshot is None and number in self._usual:
            return self._usual[number]
        row = outcome.but(outcome=definition.done).row()
        try:
            how = undoing_of(self._integration, definition.name, row, arguments)
        except ArgumentError as error:
            lost: tuple[str, ...] = (f"all of it: {error}",)
        else:
            lost = how.restoring.not_restored
        if outcome.snapshot is None:
            self._usual[number] = lost
        return lost


def facts_of(definition: Definition, prints: Mapping[str, str]) -> dict[str, Any]:
    """Return what a section says of its action, by the catalogue and the connections."""
    return {
        "system": definition.system,
        "fingerprint": prints.get(definition.system, ""),
        "done": definition.done if definition.acts else None,
        "named": definition.named_by,
        "undo": definition.undo,
        "instead": definition.instead,
    }


def told_beside(
    definition: Definition,
    arguments: Mapping[str, Any],
    line: Mapping[str, Any],
    row: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what a line says beside its value and id; row: of the snapshot."""
    told = told_in(definition, arguments, row)
    more: dict[str, Any] = {}
    if "value" in told and not values_of(line):
        more["value"] = told["value"]
    if told.get("value") in (*values_of(line), more.get("value")):
        told.pop("value", None)
    return {**more, "told": told} if told else more


def key_of(section: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    """Return the key of what a line of a section would do."""
    return removal_key(
        section["action"],
        section["fingerprint"],
        section["arguments"],
        section["target"],
        line.get("id" if section["named"] == "id" else "value", ""),
    )
