"""What the guards find of one batch: what is refused, and what is told of the rest."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..outcome import ABSENT, PRESENT, REFUSED, Outcome
from .catalogue import GUARDS

UNTOUCHED = frozenset({REFUSED, ABSENT, PRESENT})


class Findings:
    """What the guards find of a batch.

    disabled: guards that do not hold; overrides: the reason of each that a person overrides;
    refused: the reason of each item that must not be done; notes: what is to be told of an item;
    warned: by guard, what the items are called of which something is told.
    """

    def __init__(
        self,
        disabled: frozenset[str] = frozenset(),
        overrides: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.disabled, self.overrides = disabled, overrides
        self.refused: dict[str, str] = {}
        self.notes: dict[str, list[str]] = {}
        self.warned: dict[str, dict[str, str]] = {}

    def refuse(self, guard: str, item: str, why: str | None) -> bool:
        """Refuse an item, when there is a reason; tell whether the guard found one.

        What a person overrides is told of the item instead.
        """
        if not why or guard in self.disabled:
            return False
        if guard in self.overrides:
            self._note(guard, item, f"{guard} was overridden: {why}")
        else:
            self.refused.setdefault(item, refusal_by(guard, why))
        return True

    def warn(self, guard: str, item: str, why: str | None, name: str) -> None:
        """Tell something of an item, when there is something; name: what a person calls it."""
        if why and guard not in self.disabled and guard not in self.overrides:
            self._note(guard, item, why, name)

    def advised(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Return outcomes with what is to be told of their items as a part of their advice."""
        return [self._advised(o) for o in outcomes] if self.notes else outcomes

    def _advised(self, outcome: Outcome) -> Outcome:
        notes = self.notes.get(outcome.value or "") or self.notes.get(outcome.id or "")
        if not notes or outcome.outcome in UNTOUCHED:
            return outcome
        return outcome.but(advice="; ".join(filter(None, (outcome.advice, *notes))))

    def _note(self, guard: str, item: str, text: str, name: str = "") -> None:
        notes = self.notes.setdefault(item, [])
        if text not in notes:
            notes.append(text)
        self.warned.setdefault(guard, {})[item] = name or item


def refusal_by(guard: str, why: str) -> str:
    """Return the reason of a refusal: the guard, why, and how to go on."""
    instead = GUARDS[guard].instead
    return f"{guard}: {why}; {instead}, or --override {guard} --reason TEXT"
