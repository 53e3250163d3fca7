"""Undo a run: put back what it removed, take away what it added, set back what it changed.

An undo is a run of its own: recorded, resumable, and undoable. Each row of a run is put back by one
undo only; what was surely not done may be tried again by a later one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..definition import ADDS
from ..errors import ArgumentError, PluginError
from ..indicators.normal import normalised
from ..integration import Integration
from ..outcome import FAILED, PARTIAL, REFUSED, UNKNOWN, Summary
from ..settings import Settings
from ..store.database import Database
from ..store.given import check_given
from ..store.journal import RESUME, note
from ..store.lease import is_held, lease
from ..store.results import call_rows, outcome_rows, run_summary
from ..store.runs import (
    CALL,
    ENDED,
    INTERRUPTED,
    OVERRIDES,
    UNDO,
    Requester,
    Run,
    add_details,
    begin_run,
    end_run,
    get_run,
    requester_of,
)
from ..store.undone import (
    Claim,
    Done,
    Earlier,
    Key,
    claim,
    claims_of,
    done_rows,
    earlier_undos,
    in_flight,
)
from ..trust.guards import Guards
from ..trust.perform import EARNEST
from ..trust.record import error_row
from ..trust.restoring import Undoing, undoing_of
from ..trust.terms import Terms
from ..trust.verify import can_be_verified
from .history import run_record
from .undoing import Performer, calls_of

Told = Callable[[str, int, int], None]


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


def undo_run(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: str,
    *,
    indicators: Sequence[str] = (),
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    progress: Told = lambda *_: None,
    noted: Callable[[str], None] = lambda _: None,
    warned: Callable[[str], None] = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Summary]:
    """Undo what a run did; return the record of the undo, and its summary.

    run: its id, or the first characters; indicators: only these, by value or id; choose: the
    connection of a system, where it has another name now; noted: told what other undos have, and
    what cannot be verified; warned: of a connection; began: told the id of the undo. Raises
    ArgumentError when there is nothing to undo.
    """
    original = get_run(database, run)
    _check(database, original)
    earlier = earlier_undos(database, original.run)
    rows = list(_wanted(database, integration, original, indicators))
    choice = _choice(database, rows, earlier)
    if not choice.rows and not choice.unclear:
        doubts = list(_doubts(database, integration, original))
        raise ArgumentError(
            *([_nothing(original, choice)] if choice.others or not doubts else []), *doubts
        )
    performer = Performer(database, integration, settings, original, choose or {}, terms, progress)
    performer.connect(done for done, _ in choice.rows)
    for text in performer.warnings():
        warned(text)
    details: dict[str, Any] = {
        "undo_of": original.run,
        "indicators": list(indicators),
        "choose": dict(choose or {}),
        "settings": settings.source,
        "addresses": performer.addresses,
        "terms": {"verify": terms.verify},
    }
    if terms.guards and terms.guards.overrides:
        details[OVERRIDES] = dict(terms.guards.overrides)
    undo = begin_run(
        database, UNDO, original.run, dry_run=terms.dry_run, details=details, requester=requester
    )
    began(undo)
    for text in (
        *_open(database, integration, original),
        *choice.notes(),
        *(_not_verified(integration, choice) if terms.verify else ()),
    ):
        noted(text)
    with lease(database, undo):
        claims = calls_of(choice.rows, choice.repeated)
        if not terms.dry_run:
            taken = claim(database, original.run, undo, claims, earlier)
            if taken:
                noted(f"{taken:,} were taken by another undo just now")
            claims = claims_of(database, original.run, undo)
        performer.leave(undo, choice.unclear)
        return _performed(performer, undo, claims)


def resume_undo(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: str,
    *,
    guards: Guards | None = None,
    progress: Told = lambda *_: None,
) -> tuple[dict[str, Any], Summary]:
    """Go on with an undo whose process died.

    guards: with the overrides of the undo. Raises ArgumentError when there is nothing to do,
    RunError when the store was changed by hand.
    """
    run = get_run(database, run).run
    with lease(database, run):
        known = get_run(database, run)
        if known.status == ENDED or known.kind != UNDO:
            raise ArgumentError(f"the run {run} has ended")
        check_given(database, run, inputs=False)
        original = get_run(database, known.details["undo_of"])
        note(database, run, RESUME, {"user": requester_of().user})
        claims = claims_of(database, original.run, run)
        if not claims:
            raise ArgumentError(f"the undo {run} stopped before it sent anything; start anew")
        terms = Terms(dry_run=known.dry_run, guards=guards, **known.details["terms"])
        choose = known.details["choose"]
        performer = Performer(database, integration, settings, original, choose, terms, progress)
        performer.connect(one.done for one in claims)
        return _performed(performer, run, claims)


def _check(database: Database, run: Run) -> None:
    """Refuse runs that cannot be undone."""
    if run.dry_run:
        raise ArgumentError(f"the run {run.run} is a dry run, it changed nothing: nothing to undo")
    if is_held(database, run.run):
        raise ArgumentError(
            f"the run {run.run} is alive: let it end, or stop it; `ioc-removal show {run.run}` "
            "tells how far it is"
        )


def _wanted(
    database: Database, integration: Integration, run: Run, indicators: Sequence[str]
) -> Iterator[tuple[Done, Undoing | ArgumentError]]:
    """Yield the rows of a run that are meant, each with how it is undone, or why it cannot be."""
    missed = {normalised(text): text for text in indicators}
    names = dict(missed)
    rows: list[tuple[Done, Undoing | ArgumentError]] = []
    for done in done_rows(database, run.run):
        how: Undoing | ArgumentError
        try:
            how = undoing_of(integration, done.action, done.row, done.arguments)
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


def _choice(
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


def _nothing(run: Run, choice: Choice) -> str:
    if choice.others:
        return f"the run {run.run} has nothing left to undo: {'; '.join(choice.notes())}"
    return f"the run {run.run} did nothing that can be undone: `ioc-removal show {run.run}`"


def _doubts(database: Database, integration: Integration, run: Run) -> Iterator[str]:
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


def _open(database: Database, integration: Integration, run: Run) -> Iterator[str]:
    """Say how much of a run that stopped has no outcome, and what it may have done."""
    left = sum(row["batches"] - row["finished"] for row in call_rows(database, run.run))
    if left:
        yield (
            f"{left:,} request{'s' if left > 1 else ''} of the run {run.run} "
            f"{'have' if left > 1 else 'has'} no outcome: nothing is undone of them"
        )
    yield from _doubts(database, integration, run)


def _not_verified(integration: Integration, choice: Choice) -> Iterator[str]:
    """Say of each system that it cannot be read back."""
    mute = {how.action.system for _, how in choice.rows if how and not can_be_verified(how.action)}
    for system in sorted(mute):
        yield f"{integration.systems[system].title} cannot be read back: nothing there is verified"


def _performed(
    performer: Performer, undo: str, claims: Sequence[Claim]
) -> tuple[dict[str, Any], Summary]:
    """Perform an undo to its end, and make its record."""
    database = performer.database
    try:
        errors = [error_row(error) for error in performer.perform(undo, claims)]
    except KeyboardInterrupt:
        end_run(database, undo, None, INTERRUPTED)
        raise
    except PluginError as error:
        errors = [error_row(error)]
    finally:
        performer.hang_up()
    summary = run_summary(database, undo)
    result = summary.result if summary.counts else FAILED
    if errors:
        result = PARTIAL if result != FAILED else FAILED
    add_details(database, undo, counts=summary.counts, errors=errors)
    end_run(database, undo, result)
    known = performer.integration.definitions
    return run_record(database, known, get_run(database, undo)), summary
