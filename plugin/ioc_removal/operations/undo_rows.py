"""The rows of a run that an undo is asked for, and how each is undone."""

from collections.abc import Iterator, Mapping, Sequence

from ..errors import ArgumentError
from ..indicators.normal import normalised
from ..integration import Integration
from ..store.database import Database
from ..store.run_outcomes import outcome_rows
from ..store.runs import Run
from ..store.undone import Done, done_rows, in_flight
from ..trust.restoring import Undoing
from .undo_calls import undoing_of_done

Row = tuple[Done, Undoing | ArgumentError]  # how it is undone, or why it cannot be


def wanted_rows(
    database: Database, integration: Integration, run: Run, indicators: Sequence[str]
) -> Iterator[Row]:
    """Yield the rows of a run that are meant, each with how it is undone, or why it cannot be."""
    missed = {normalised(text): text for text in indicators}
    names = dict(missed)
    rows: list[Row] = []
    for done in done_rows(database, run.run):
        how = how_of(integration, done)
        known = {normalised(name) for name in _names(done, how)}
        if not indicators or known & names.keys():
            for name in known:
                missed.pop(name, None)
            rows.append((done, how))
    if missed:
        raise ArgumentError(*_why_not(database, run, missed))
    yield from rows


def how_of(integration: Integration, done: Done) -> Undoing | ArgumentError:
    """Return how a row is undone, or why it cannot be."""
    try:
        return undoing_of_done(integration, done)
    except ArgumentError as error:
        return error


def _names(done: Done, how: Undoing | ArgumentError) -> Iterator[str]:
    """Yield how a person may name a row: by value, by id, by what it is called when it is back."""
    yield from filter(None, (done.value, done.outcome.value, done.outcome.id))
    if isinstance(how, Undoing) and how.name:
        yield how.name


def _why_not(database: Database, run: Run, missed: Mapping[str, str]) -> Iterator[str]:
    """Say of indicators why there is nothing to undo of them."""
    became = {
        normalised(str(row[name])): row["outcome"]
        for row in outcome_rows(database, run.run)
        for name in ("value", "id")
        if row.get(name)
    }
    open_ = {
        normalised(item): f"{action} was in flight when it stopped, what became of it is not known"
        for action, items in in_flight(database, run.run).items()
        for item in items
    }
    for key, text in missed.items():
        what = (
            f"its outcome is {became[key]}" if key in became else open_.get(key, "it is not in it")
        )
        yield f"--indicator {text}: the run {run.run} has nothing to undo of it: {what}"
