"""Add once: what became of an addition without an answer is told by what is new since."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import HungUpError, PluginError
from .outcome import ADDED, UNKNOWN, Outcome, after_a_lost_try

MAY_COME = "nothing new is there so far, but it may still be carried out"
# What is there under the name of an item: {"ids": [...]}, by item, without what cannot be told.
There = Mapping[str, Mapping[str, Any]]


class Adding(NamedTuple):
    """Adds items, each sent twice at most, and the second time only when nothing new is there.

    What nobody waited for any longer is not sent again: it may still be carried out.

    send: sends some of them; lost: the outcomes of some that an earlier process may have sent;
    look: what is there now, None when nothing tells; wait: until another look, False when nothing
    more is to be asked; before: what was there before. Waiting and looking raise HungUpError: what
    was added is then told by who goes on, by another look.
    """

    send: Callable[[Sequence[str]], Sequence[Outcome]]
    lost: Callable[[Sequence[str]], Sequence[Outcome]]
    look: Callable[[Sequence[str]], There] | None
    wait: Callable[[], bool]
    before: There

    def outcomes(self, items: Sequence[str], *, repeated: bool) -> Sequence[Outcome]:
        """Return an outcome an item, in their order; repeated: of an earlier process's try."""
        sent = self.lost(items) if repeated else self.send(items)
        if self.look is None:
            return sent
        told = self._told([outcome for outcome in sent if outcome.outcome == UNKNOWN])
        missing = [outcome for outcome in sent if told.get(outcome.indicator, outcome) is None]
        if missing:
            told |= self._missing(missing)
        return [told.get(outcome.indicator) or outcome for outcome in sent]

    def _missing(self, lost: Sequence[Outcome]) -> dict[str, Outcome | None]:
        """Return what another look, and another try, tell of what left nothing new."""
        told: dict[str, Outcome | None] = {}
        if waited := self.wait():
            told = self._told(lost)
            lost = [outcome for outcome in lost if told[outcome.indicator] is None]
        told |= {outcome.indicator: _undecided(outcome, MAY_COME) for outcome in lost}
        return told | self._again([outcome for outcome in lost if waited and not outcome.late])

    def _told(self, lost: Sequence[Outcome]) -> dict[str, Outcome | None]:
        """Return what a look tells of what has no answer; None: nothing new is there."""
        try:
            now = self._now(lost)
        except HungUpError:
            raise
        except PluginError as error:
            why = f"it could not be looked up: {error}"
            return {outcome.indicator: _undecided(outcome, why) for outcome in lost}
        return {o.indicator: self._decided(o, now) for o in lost}

    def _decided(self, outcome: Outcome, now: There) -> Outcome | None:
        """Return what is told of what has no answer; None: nothing new is there."""
        item = outcome.indicator
        new = self._new(item, now)
        if new is None and item in now:
            found = ", ".join(now[item]["ids"])
            unread = _undecided(
                outcome, f"what was there before is not known; now there is {found}"
            )
            return unread.but(advice=f"look when it was created: {found}; if just now, it is added")
        if new is None:
            return _undecided(outcome, "what is there now is not known")
        if not new:
            return None
        if len(new) > 1:
            return _undecided(outcome, f"several are new since: {', '.join(new)}")
        reason = f"{outcome.reason}; one is new since"
        return outcome.but(
            outcome=ADDED,
            id=new[0],
            reason=reason,
            advice=None,
            maybe_ours=True,
            settled=True,
        )

    def _now(self, outcomes: Sequence[Outcome]) -> There:
        assert self.look is not None  # noqa: S101  # outcomes() ends without it
        return self.look([outcome.indicator for outcome in outcomes]) if outcomes else {}

    def _new(self, item: str, now: There) -> list[str] | None:
        """Return the ids under the name of an item that were not there before.

        Where nothing is there now, nothing is new, whatever was there; None when it is not known.
        """
        if item not in now:
            return None
        if item not in self.before:
            return None if now[item]["ids"] else []
        known = set(self.before[item]["ids"])
        return [id_ for id_ in now[item]["ids"] if id_ not in known]

    def _again(self, missing: Sequence[Outcome]) -> dict[str, Outcome | None]:
        """Send once more what left nothing new, and weigh it with the first try."""
        if not missing:
            return {}
        first = {outcome.indicator: outcome for outcome in missing}
        second = [
            outcome.but(attempts=outcome.attempts + first[outcome.indicator].attempts)
            for outcome in self.send(list(first))
        ]
        told: dict[str, Outcome | None] = {o.indicator: after_a_lost_try(o) for o in second}
        told |= self._twice([outcome for outcome in second if outcome.outcome == ADDED])
        lost = [outcome for outcome in second if outcome.outcome == UNKNOWN]
        nothing = {o.indicator: _undecided(o, "nothing new is there after two tries") for o in lost}
        return told | {i: found or nothing[i] for i, found in self._told(lost).items()}

    def _twice(self, added: Sequence[Outcome]) -> dict[str, Outcome]:
        """Say of what the second try added whether the first one was carried out too."""
        try:
            now = self._now(added)
        except HungUpError:
            raise
        except PluginError:
            now = {}
        return {outcome.indicator: self._once(outcome, now) for outcome in added}

    def _once(self, outcome: Outcome, now: There) -> Outcome:
        item = outcome.indicator
        new = self._new(item, now)
        if new is None and item in now and now[item]["ids"] == [outcome.id]:
            return outcome
        if new is None:
            why = "an earlier try without an answer may have been carried out too"
            return outcome.but(reason=why, advice="look whether it is there twice")
        others = [id_ for id_ in new if id_ != outcome.id]
        if not others:
            return outcome
        why = f"an earlier try without an answer was carried out too: {', '.join(others)}"
        return outcome.but(reason=why, advice="it is there twice: delete one of the two")


def there(rows: Iterable[Mapping[str, Any]], items: Iterable[str], field: str) -> There:
    """Return the ids under the name of each item, without the items of which rows tell nothing.

    rows: of a read; field: in which they show the name. A row whose name is no text may be of any.
    """
    found: dict[str, dict[str, Any]] = {item: {"ids": []} for item in items}
    for row in rows:
        item = row.get(field)
        if not isinstance(item, str):
            return {}
        if item in found and row.get("outcome") == UNKNOWN:
            del found[item]
        elif item in found and row.get("id"):
            found[item]["ids"].append(row["id"])
    return found


def _undecided(outcome: Outcome, why: str) -> Outcome:
    return outcome.but(reason=f"{outcome.reason}; and {why}")
