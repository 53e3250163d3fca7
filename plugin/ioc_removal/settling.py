"""Settle what no answer tells of a removal or a change: by what the system shows now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import ApiError, HungUpError, PluginError
from .outcome import ABSENT, CHANGED, FAILED, UNKNOWN, Outcome
from .wire import Wire

NOT_SO_FAR = "it is not done so far, but it may still be carried out"
# Seconds until another look at what a system may still carry out, or could not tell.
LOOK_AGAIN = 1.0


class Settling(NamedTuple):
    """Looks at what is there, twice where the first look may have come too early.

    look: returns the rows of some items; wait: until another look, False when nothing more is to be
    asked; wanted: what a change sets in a row, empty for a removal. Looking raises PluginError.
    """

    look: Callable[[Sequence[str]], Iterable[Mapping[str, Any]]]
    wait: Callable[[], bool]
    wanted: Mapping[str, Any]

    def settled(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Return outcomes of which doubtful ones are looked up: there is failed, gone is absent.

        What a change set is there, too, and shows it. Raises HungUpError.
        """
        doubtful = [outcome for outcome in outcomes if outcome.doubtful]
        looked = self._looked(doubtful)
        early = [outcome for outcome in doubtful if _early(outcome, looked[outcome.indicator])]
        if early:
            later = self._looked(early) if self.wait() else {}
            looked |= {o.indicator: _later(o, looked, later) for o in early}
        return [looked.get(outcome.indicator, outcome) for outcome in outcomes]

    def _looked(self, doubtful: Sequence[Outcome]) -> dict[str, Outcome]:
        try:
            rows = self.look([outcome.indicator for outcome in doubtful])
        except HungUpError:
            raise
        except PluginError as error:
            return {outcome.indicator: _unread(outcome, error) for outcome in doubtful}
        found = {row["id"]: row for row in rows}
        return {o.indicator: _decided(o, found.get(o.indicator), self.wanted) for o in doubtful}


def waited_for_a_look(wire: Wire) -> bool:
    """Wait before another look at a system; False when nothing more is to be asked of it."""
    with wire.deadline() as deadline:
        pause = min(LOOK_AGAIN, wire.timeouts.read)
        return not wire.closed and deadline.waited(pause) and not wire.closed


def _decided(outcome: Outcome, row: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Outcome:
    """Return what a look at the system tells.

    row: of the indicator, None when there is none; wanted: what a change sets in it, empty for a
    removal.
    """
    if row is not None and "outcome" not in row:
        if not all(name in row for name in wanted):
            return _undecided(outcome, f"it does not show its {' and '.join(wanted)}")
        shown = [f"its {name} is {row[name]!r}" for name in wanted]
        reason = f"{outcome.reason}; {' and '.join(shown) or 'it is still there'}"
        done = wanted and all(row[name] == value for name, value in wanted.items())
        if done and outcome.outcome == UNKNOWN:
            name, ours = CHANGED, True
        else:
            name, ours = FAILED, False
        return outcome.but(outcome=name, reason=reason, advice=None, maybe_ours=ours, settled=True)
    if row is not None and row["outcome"] != ABSENT:
        return _undecided(outcome, str(row["reason"]))
    ours = outcome.outcome == UNKNOWN
    gone = f"{outcome.reason}; it is {'gone' if ours else 'not there'}"
    return outcome.but(outcome=ABSENT, reason=gone, advice=None, maybe_ours=ours, settled=True)


def _early(outcome: Outcome, looked: Outcome) -> bool:
    """Tell whether a later look may tell more: of what is unknown, or may still be carried out."""
    answered = bool(outcome.response)  # by the system itself, in its own form
    return looked.outcome == UNKNOWN or (looked.outcome == FAILED and not answered)


def _later(
    outcome: Outcome, first: Mapping[str, Outcome], second: Mapping[str, Outcome]
) -> Outcome:
    """Return what two looks tell of what has no answer; second: empty where there was none.

    What was not done at the first one, and nothing tells at the second one, may still come.
    """
    seen, again = first[outcome.indicator], second.get(outcome.indicator)
    if again is not None and again.outcome != UNKNOWN:
        return again
    open_ = seen.outcome == FAILED and outcome.outcome == UNKNOWN
    return _undecided(outcome, NOT_SO_FAR) if open_ else seen


def _unread(outcome: Outcome, error: PluginError) -> Outcome:
    """Return what remains when the look itself failed, which often fails alike."""
    said = error.said if isinstance(error, ApiError) else str(error)
    alike = said == outcome.reason
    why = "looking it up met the same" if alike else f"it could not be looked up: {said}"
    return _undecided(outcome, why)


def _undecided(outcome: Outcome, why: str) -> Outcome:
    return outcome.but(reason=f"{outcome.reason}; and {why}")
