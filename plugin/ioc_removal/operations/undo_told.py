"""What is told of an undo before it begins: what is open, what cannot be read back."""

from collections.abc import Iterator

from ..integration import Integration
from ..store.call_rows import call_rows
from ..store.database import Database
from ..store.runs import CALL, Run
from ..store.undone import in_flight
from ..trust.verify import can_be_verified
from .undo_choice import Choice


def nothing_left(run: Run, choice: Choice) -> str:
    """Say why there is nothing to undo of a run."""
    if choice.others:
        return f"the run {run.run} has nothing left to undo: {'; '.join(choice.notes())}"
    return f"the run {run.run} did nothing that can be undone: `ioc-removal show {run.run}`"


def doubts_of(database: Database, integration: Integration, run: Run) -> Iterator[str]:
    """Say what a run that stopped may have done, and how that can be told."""
    first = (
        "whether they are there tells only the system: a single call cannot go on"
        if run.kind == CALL
        else f"`ioc-removal resume {run.run}` first, it tells what became of them; then undo it"
    )
    for action, items in in_flight(database, run.run).items():
        done = integration.definition(action).done
        what = f"{len(items):,} indicator{'' if len(items) == 1 else 's'} may have been {done}"
        yield f"the run {run.run} stopped while {action} was in flight, {what}: {first}"


def open_ends(database: Database, integration: Integration, run: Run) -> Iterator[str]:
    """Say how much of a run that stopped has no outcome, and what it may have done."""
    left = sum(row["batches"] - row["finished"] for row in call_rows(database, run.run))
    if left:
        yield (
            f"{left:,} request{'s' if left > 1 else ''} of the run {run.run} "
            f"{'have' if left > 1 else 'has'} no outcome: nothing is undone of them"
        )
    yield from doubts_of(database, integration, run)


def not_verified(integration: Integration, choice: Choice) -> Iterator[str]:
    """Say of each system that it cannot be read back."""
    mute = {how.action.system for _, how in choice.rows if how and not can_be_verified(how.action)}
    for system in sorted(mute):
        yield f"{integration.systems[system].title} cannot be read back: nothing there is verified"
