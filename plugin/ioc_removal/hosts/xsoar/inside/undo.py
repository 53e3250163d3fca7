"""The button "Undo": put back what the incident's context says was removed, each row once.

The context holds what a system told of an indicator before it was removed; the rules by which that
becomes the arguments of an addition are those of every other undo.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import demistomock as demisto
from CommonServerPython import return_error, return_results

from ....errors import ArgumentError, PluginError
from ....handlers.restorings import RESTORINGS
from ....outcome import DONE, FAILED, PLANNED, REFUSED, UNKNOWN
from ....restoring import Restoring, can_be_undone, merged_arguments
from .arguments import flag, texts
from .loader import read
from .marks import NAMING, REMOVED_AGAIN, entry_of_marks, mark_of, rows_at, states_in
from .pressed import (
    AGAIN,
    Answer,
    executed,
    is_carried_out,
    summary_of_press,
    take_back_confirmation,
)

TRY_AGAIN = frozenset({FAILED, REFUSED, REMOVED_AGAIN})
LOOK_FIRST = 'look whether it is there; if not, run the script with again="true"'
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Removal:
    """A removal in the context: its action, its row, and how it is put back, or why not."""

    action: str
    row: Row
    how: Restoring | ArgumentError

    @property
    def mark(self) -> str:
        """What it is known by."""
        return mark_of(self.action, self.row)


def put_back(context: Row, args: Row) -> list[Any]:
    """Put back what was removed, or say what that would do; raises ArgumentError, nothing was sent.

    context: of the incident.
    """
    earnest, again = is_carried_out(args), flag(dict(args), "again")
    removals = list(_wanted(context, texts(dict(args), "indicators")))
    states = states_in(context)
    left = [one for one in removals if again or _may_be_tried(states.get(one.mark))]
    if not left:
        raise ArgumentError(_nothing(removals, states))
    if earnest:
        take_back_confirmation()
    answers: list[Answer] = []
    rows: list[dict[str, Any]] = []
    marks: dict[str, str] = {}
    for group in _groups(left):
        for removal, told in _performed(group, answers, dry_run=not earnest):
            rows.append(told)
            marks[removal.mark] = str(told["outcome"])
    notes = [AGAIN] * (not earnest) + [
        f"{len(removals) - len(left):,} of {len(removals):,} were put back before"
    ] * (len(left) < len(removals))
    entries = [entry for answer in answers for entry in answer.entries]
    kept = [entry_of_marks(marks)] if earnest else []
    return [*entries, *kept, summary_of_press("Undo", rows, notes, earnest=earnest)]


def _wanted(context: Row, indicators: Sequence[str]) -> Iterator[Removal]:
    """Yield the removals of the context that are meant; without indicators all."""
    for action, known in read("actions.json").items():
        for row in rows_at(context, known["path"]) if "undo" in known else ():
            named = {row.get("value"), row.get("id")}
            if can_be_undone({"outcome": None, **row}) and (
                not indicators or named & set(indicators)
            ):
                yield Removal(action, row, _how(known, row))


def _how(known: Row, row: Row) -> Restoring | ArgumentError:
    try:
        how: Restoring = RESTORINGS[known["undo_by"]](row, row, known["fields"])
    except ArgumentError as error:
        return error
    return how


def _may_be_tried(state: str | None) -> bool:
    """Tell whether a removal may be put back; what may be there already is not added blindly."""
    return state is None or state in TRY_AGAIN


def _nothing(removals: Sequence[Removal], states: Mapping[str, str]) -> str:
    if not removals:
        return (
            "there is nothing to undo: this incident's context holds no removal; nothing was sent"
        )
    doubts = [one for one in removals if states.get(one.mark) == UNKNOWN]
    if doubts:
        name = doubts[0].row.get("value", doubts[0].row.get("id"))
        return f"{name}: an earlier press may have put it back: {LOOK_FIRST}; nothing was sent"
    return f"all {len(removals):,} removals of this incident were put back before; nothing was sent"


def _groups(removals: Sequence[Removal]) -> list[list[Removal]]:
    """Put together what one request can carry."""
    groups: dict[str, list[Removal]] = {}
    for at, one in enumerate(removals):
        known = read("actions.json")[one.action]
        key: list[Any] = [at]
        if not isinstance(one.how, ArgumentError) and one.how.item(known["named"]) is not None:
            shared = one.how.shared(known["named"])
            key = [known["undo"], shared, one.row.get("instance")]
        groups.setdefault(json.dumps(key, sort_keys=True), []).append(one)
    return list(groups.values())


def _performed(
    group: Sequence[Removal], answers: list[Answer], *, dry_run: bool
) -> Iterator[tuple[Removal, dict[str, Any]]]:
    """Put a group back, and yield a row of each removal; answers: where the command's go."""
    first, known = group[0], read("actions.json")[group[0].action]
    hows = [one.how for one in group if not isinstance(one.how, ArgumentError)]
    if isinstance(first.how, ArgumentError):
        yield first, _told(first, REFUSED, str(first.how))
        return
    given = merged_arguments(hows, known["named"])
    answer = _command(known["undo"], given, first.row, dry_run=dry_run)
    answers.append(answer)
    for one, how in zip(group, hows, strict=True):
        row = _row_of(answer, how.item(known["named"]))
        if row is None:
            outcome = UNKNOWN if answer.entries and not dry_run else FAILED
            yield one, _told(one, outcome, "; ".join(answer.problems) or "nothing answered")
            continue
        told = _told(one, row["outcome"], row.get("reason"))
        if row.get("id"):
            told["id"] = row["id"]
        lost = list(how.not_restored)
        if how.then and row["outcome"] in DONE and row.get("id"):
            lost += _followed(known, how, row, first.row, answers)
        if row["outcome"] in {*DONE, PLANNED, UNKNOWN}:
            told["not_restored"] = lost
        yield one, told


def _followed(
    known: Row, how: Restoring, made: Row, row: Row, answers: list[Answer]
) -> Iterator[str]:
    """Do what follows on what was put back; yield how that is, if it did not work."""
    given = {**(how.then or {}), known["then_named"]: made["id"]}
    answer = _command(known["then"], given, row, dry_run=False)
    answers.append(answer)
    done = _row_of(answer, None)
    if done is None or done["outcome"] not in DONE:
        why = "; ".join(answer.problems) or str((done or {}).get("reason"))
        yield f"{how.meanwhile}: {why}"


def _command(name: str, given: Row, row: Row, *, dry_run: bool) -> Answer:
    """Execute a command on the instance that removed a row."""
    using = {"using": row["instance"]} if row.get("instance") else {}
    path = read("actions.json")[name]["path"]
    return executed(name, {**given, **using, "dry_run": dry_run}, path)


def _row_of(answer: Answer, item: str | None) -> Row | None:
    """Return the row of an item; of several nodes, the worst for which nothing else is needed."""
    found = [row for row in answer.rows if item is None or row.get("value") == item]
    undone = [row for row in found if row.get("outcome") not in {*DONE, PLANNED}]
    return next(iter(undone or found), None)


def _told(removal: Removal, outcome: str, reason: Any) -> dict[str, Any]:
    row = {name: removal.row[name] for name in NAMING if name in removal.row}
    return {**row, "outcome": outcome, **({"reason": reason} if reason else {})}


def main() -> None:
    """Do what the button does."""
    try:
        return_results(put_back(demisto.context(), demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
