"""Read back what a system says that it did, where it can be read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..action import Action
from ..batches import Batch
from ..definition import Definition
from ..errors import HungUpError, PluginError
from ..outcome import ABSENT, ADDED, CHANGED, FAILED, REMOVED, Outcome

SAID = frozenset({REMOVED, ADDED, CHANGED})
_Look = Callable[[Sequence[Outcome]], Mapping[str, Mapping[str, Any]]]


def can_be_verified(definition: Definition) -> bool:
    """Tell whether what an action did can be read back."""
    return definition.acts and definition.settle is not None


def verified(action: Action, batch: Batch, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Look whether what is said to be done is done, twice before it is taken for failed.

    A look that fails changes no outcome: its advice says that it could not be verified.
    """
    due = [row for row in outcomes if row.outcome in SAID and row.id is not None]
    look_up = action.look_up(batch)
    if look_up is None or not due:
        return outcomes

    definition = action.definition

    def look(some: Sequence[Outcome]) -> dict[str, Mapping[str, Any]]:
        names = [str(getattr(row, definition.named_by)) for row in some]
        rows = look_up(batch.arguments, names)
        return {str(row.get("id", row.get("value"))): row for row in rows}

    wanted = definition.wanted(batch.arguments)
    judged = {row.id: row for row in _judged(due, look, wanted)}
    early = [row for row in due if judged[row.id].outcome == FAILED]
    if early and action.waited_for_a_look(batch):
        judged |= {row.id: row for row in _judged(early, look, wanted)}
    return [judged[row.id] if row in due else row for row in outcomes]


def _judged(due: Sequence[Outcome], look: _Look, wanted: Mapping[str, Any]) -> list[Outcome]:
    try:
        found = look(due)
    except HungUpError:
        return [_doubted(row, "it was interrupted") for row in due]
    except PluginError as error:
        return [_doubted(row, str(error)) for row in due]
    except Exception as error:  # noqa: BLE001  # what was done must be recorded, whatever came
        why = f"internal error, please report it: {type(error).__name__}: {error}"
        return [_doubted(row, why) for row in due]
    return [_of_one(r, found.get(str(r.id), found.get(str(r.value))), wanted) for r in due]


def _of_one(outcome: Outcome, row: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Outcome:
    """Compare an outcome with what was read of it; row: None when nothing was; wanted: it shows."""
    said = None if row is None else row.get("outcome")
    if row is not None and said not in {None, ABSENT}:
        return _doubted(outcome, str(row.get("reason")))
    there = row is not None and said is None
    if there == (outcome.outcome == REMOVED):
        state = "still there" if there else "not there"
        return _failed(outcome, state)
    differs = next(
        (
            f"its {name} is {row.get(name)!r}, not {value!r}"
            for name, value in wanted.items()
            if row is not None and outcome.outcome == CHANGED and row.get(name) != value
        ),
        None,
    )
    return _failed(outcome, differs) if differs else outcome.but(verified=True)


def _failed(outcome: Outcome, state: str) -> Outcome:
    reason = f"{state}, though the system said that it was {outcome.outcome}"
    return outcome.but(outcome=FAILED, reason=reason, settled=True)


def _doubted(outcome: Outcome, why: str) -> Outcome:
    doubt = f"it could not be verified: {why}"
    return outcome.but(advice="; ".join(filter(None, (outcome.advice, doubt))))
