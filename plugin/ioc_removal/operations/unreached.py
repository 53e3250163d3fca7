"""What a plan names and its run did not do: gone since, as a search tells, not come to, denied."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..outcome import ABSENT, REFUSED, Outcome
from ..store.database import Database
from ..store.plans import PlannedLine, StoredPlan, planned_lines
from ..store.recorder import StoreRecorder
from ..store.unused import Searched, refused_items, unused_lines
from ..trust.recorder import Finished

AT_ONCE = 500  # outcomes recorded together
GONE = "the search does not find it any more"
NOT_REACHED = "the run did not come to it"
Bind = Callable[[str], Action]  # gives an action by its name


def record_unreached(
    database: Database, run: str, bind: Bind, plan: StoredPlan, why: str = NOT_REACHED
) -> None:
    """Record an outcome for all that is in a plan and that no run was let to do.

    It is absent when a search of this run found its value without it; else it is refused, and why.
    """
    for number, section in enumerate(plan.header["sections"]):
        named, target = section["named"], section["target"]
        told = refused_items(database, run, section["action"], target, named)
        searched = Searched(database, run, target)
        unused = unused_lines(database, plan.plan, number)
        lines = (line for line in unused if line.line.get(named) not in told)
        outcomes = (_outcome(section, searched, line, why) for line in lines)
        _record_all(database, run, bind, number, section, outcomes)


def record_denied(database: Database, run: str, bind: Bind, plan: StoredPlan, why: str) -> None:
    """Record an outcome for each line of a plan that nobody approved, from the plan alone.

    What it says to be absent or refused stays so; all else is refused.
    """
    for number, section in enumerate(plan.header["sections"]):
        lines = planned_lines(database, plan.plan, number)
        outcomes = (one for line in lines for one in _denied(section, line, why))
        _record_all(database, run, bind, number, section, outcomes)


def _denied(section: Mapping[str, Any], line: PlannedLine, why: str) -> Iterator[Outcome]:
    """Yield the outcomes of a line: one for each value for which its id was found."""
    said = line.line
    told = (
        (line.outcome, said.get("reason")) if line.outcome in {ABSENT, REFUSED} else (REFUSED, why)
    )
    values = said.get("value")
    for value in values if isinstance(values, list) else [values]:
        yield Outcome(told[0], section["target"], value, said.get("id"), told[1])


def _outcome(
    section: Mapping[str, Any], searched: Searched, line: PlannedLine, why: str
) -> Outcome:
    named = section["named"]
    gone = named == "id" and searched.does_not_find(line.line.get("value"))
    outcome, reason = (ABSENT, GONE) if gone else (REFUSED, why)
    item = str(line.line.get(named))
    value, id_ = (None, item) if named == "id" else (item, None)
    return Outcome(outcome, section["target"], value, id_, reason)


def _record_all(
    database: Database,
    run: str,
    bind: Bind,
    section_number: int,
    section: Mapping[str, Any],
    outcomes: Iterable[Outcome],
) -> None:
    """Record outcomes of a section, a portion at a time."""
    action, call = bind(section["action"]), f"plan/{section_number}"
    recorder = StoreRecorder(database, run, call, action)
    rest, batch = iter(outcomes), 0
    while portion := list(islice(rest, AT_ONCE)):
        _record(recorder, batch, section, portion)
        batch += 1


def _record(
    recorder: StoreRecorder, number: int, section: Mapping[str, Any], outcomes: Sequence[Outcome]
) -> None:
    """Record outcomes as a batch of a call of their own, unless they are recorded already."""
    batch = Batch(number, section["arguments"], [outcome.indicator for outcome in outcomes])
    if number == 0:
        recorder.begin(Prepared(section["arguments"], section["target"], 0, ()))
    if recorder.known(batch).finished is None:
        recorder.finish(Finished(batch, tuple(outcomes)))
