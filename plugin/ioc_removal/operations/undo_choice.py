"""Choose what an undo has to do: the rows that are meant, and that no other undo has."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..definition import ADDS
from ..errors import ArgumentError
from ..indicators.normal import normalised
from ..integration import Integration
from ..outcome import FAILED, REFUSED, UNKNOWN
from ..store.database import Database
from ..store.earlier import Earlier
from ..store.lease import is_held
from ..store.results import outcome_rows
from ..store.runs import Run
from ..store.undone import Done, Key, done_rows, in_flight
from ..trust.restoring import Undoing
from .undo_calls import undoing_of_done


@dataclass
class Choice:
    """What an undo has to do.

    rows: to be put back, with how, None where nothing can; repeated: those of them that an earlier
    undo may have put back, which can be looked up; unclear: rows that an earlier undo may
    have put back, which nothing tells; others: rows that another undo has, by what it says.
    """

    rows: list[tuple[Done, Undoing | None]] = field(default_factory=list)
    unclear: list[tuple[Done, Earlier]] = field(default_factory=list)
    repeated: dict[Key, Earlier] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)

    def notes(self) -> Iterator[str]:
        """Say in a line each what other undos have."""
        for said, count in self.others.items():
            yield f"{count:,} {'is' if count == 1 else 'are'} {said}"


def wanted_rows(
    database: Database, integration: Integration, run: Run, indicators: Sequence[str]
) -> Iterator[tuple[Done, Undoing | ArgumentError]]:
    """Yield the rows of a run that are meant, each with how it is undone, or why it cannot be."""
    missed = {normalised(text): text for text in indicators}
    names = dict(missed)
    rows: list[tuple[Done, Undoing | ArgumentError]] = []
    for done in done_rows(database, run.run):
        how: Undoing | ArgumentError
        try:
            how = undoing_of_done(integration, done)
        except ArgumentError as error:
            how = error
        known = {normalised(name) for name in _names(done, how)}
        if not indicators or known & names.keys():
            for name in known:
                missed.pop(name, None)
            rows.append((done, how))
    if missed:
        raise ArgumentError(*_why_not(database, run, missed))
    yield from rows


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


def choice_of(
    database: Database,
    rows: Iterable[tuple[Done, Undoing | ArgumentError]],
    earlier: Mapping[Key, Earlier],
) -> Choice:
    """Decide which rows this undo may have."""
    choice, alive = Choice(), dict[str, bool]()
    for done, how in rows:
        undoing = how if isinstance(how, Undoing) else None
        before = earlier.get(done.key)
        half = bool(undoing and undoing.then and before and before.half)
        if before is None or (
            before.outcome and before.outcome.outcome in {FAILED, REFUSED} and not half
        ):
            choice.rows.append((done, undoing))
            continue
        if before.undo not in alive:
            alive[before.undo] = is_held(database, before.undo)
        if alive[before.undo]:
            choice.others[f"being put back by the undo {before.undo}, which is alive"] += 1
        elif before.outcome is None:
            choice.others[
                f"with the undo {before.undo}, which stopped: "
                f"`ioc-removal resume {before.undo}` goes on"
            ] += 1
        elif half:
            choice.rows.append((done, undoing))
            choice.repeated[done.key] = before
        elif before.outcome.outcome != UNKNOWN:
            choice.others[f"put back already, by the undo {before.undo}"] += 1
        elif undoing and (undoing.action.settle or undoing.action.does != ADDS):
            choice.rows.append((done, undoing))
            choice.repeated[done.key] = before
        else:
            choice.unclear.append((done, before))
    return choice
