"""Undo a run: put back what it removed, take away what it added, set back what it changed.

An undo is a run of its own: recorded, resumable, and undoable. Each row of a run is put back by one
undo only; what was surely not done may be tried again by a later one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, PluginError
from ..integration import Integration
from ..outcome import FAILED, PARTIAL, Summary
from ..settings import Settings
from ..store.cancelling import cancellation, watched
from ..store.claims import Claim, claim, claims_of
from ..store.database import Database
from ..store.given import check_given
from ..store.journal import RESUME, note
from ..store.lease import is_held, lease
from ..store.results import run_summary
from ..store.runs import (
    ENDED,
    INTERRUPTED,
    OVERRIDES,
    PRUNE,
    RUNNING,
    UNDO,
    Requester,
    Run,
    begin_run,
    end_run,
    get_run,
    requester_of,
    set_status,
)
from ..trust.guards import Guards
from ..trust.perform import EARNEST
from ..trust.record import error_row
from ..trust.terms import Terms
from .cancelled import end_cancelled
from .history import run_record
from .undo_call import Calls
from .undo_calls import calls_of
from .undo_choice import Choosing
from .undo_performing import Performing, Told, approval_of
from .undo_places import Places
from .undo_rows import wanted_rows
from .undo_told import doubts_of, not_verified, nothing_left, open_ends

SEND_AGAIN = "send_again"  # of the details of an undo


def undo_run(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: str,
    *,
    indicators: Sequence[str] = (),
    choose: Mapping[str, str] | None = None,
    send_again: bool = False,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    progress: Told = lambda *_: None,
    noted: Callable[[str], None] = lambda _: None,
    warned: Callable[[str], None] = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Summary]:
    """Undo what a run did; return the record of the undo, and its summary.

    run: its id, or the first characters; indicators: only these, by value or id; choose: the
    connection of a system, where it has another name now; send_again: send once more what an
    earlier undo may have put back and nothing tells, where that only updates it; noted: told what
    other undos have, and what cannot be verified; warned: of a connection; began: told the id of
    the undo. Raises ArgumentError when there is nothing to undo.
    """
    original = get_run(database, run)
    _check(database, original)
    rows = wanted_rows(database, integration, original, indicators)
    choice = Choosing(database, integration, send_again=send_again).of(rows)
    if not choice.rows and not choice.unclear:
        doubts = list(doubts_of(database, integration, original))
        raise ArgumentError(
            *([nothing_left(original, choice)] if choice.others or not doubts else []), *doubts
        )
    places = Places(database, integration, settings, choose or {})
    places.connect(done for done, _ in choice.rows)
    for text in places.warnings():
        warned(text)
    details: dict[str, Any] = {
        "undo_of": original.run,
        "indicators": list(indicators),
        "choose": dict(choose or {}),
        "settings": settings.source,
        "addresses": places.addresses,
        "terms": {"verify": terms.verify},
    }
    if send_again:
        details[SEND_AGAIN] = True
    if terms.guards and terms.guards.overrides:
        details[OVERRIDES] = dict(terms.guards.overrides)
    undo = begin_run(
        database, UNDO, original.run, dry_run=terms.dry_run, details=details, requester=requester
    )
    began(undo)
    for text in (
        *open_ends(database, integration, original),
        *choice.notes(),
        *choice.returns(),
        *(not_verified(integration, choice) if terms.verify else ()),
    ):
        noted(text)
    with lease(database, undo):
        claims = calls_of(original.run, choice.rows, choice.repeated)
        if not terms.dry_run:
            taken = claim(database, undo, claims, choice.earlier)
            if taken:
                noted(f"{taken:,} were taken by another undo just now")
            claims = claims_of(database, undo)
        calls = Calls(database, integration, places, original.run, terms, send_again)
        calls.leave(undo, choice.unclear)
        return _performed(calls, settings, undo, claims, progress)


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
        if cancellation(database, run):
            return end_cancelled(database, integration.definitions, run)
        check_given(database, run, inputs=False)
        original = get_run(database, known.details["undo_of"])
        note(database, run, RESUME, {"user": requester_of().user})
        if known.status == INTERRUPTED:
            set_status(database, run, RUNNING)
        claims = claims_of(database, run)
        if not claims:
            end_run(database, run, FAILED)
            raise ArgumentError(f"the undo {run} stopped before it sent anything; start anew")
        terms = Terms(dry_run=known.dry_run, guards=guards, **known.details["terms"])
        choose = known.details["choose"]
        places = Places(database, integration, settings, choose)
        places.connect(one.done for one in claims)
        again = bool(known.details.get(SEND_AGAIN))
        calls = Calls(database, integration, places, original.run, terms, again)
        return _performed(calls, settings, run, claims, progress)


def _check(database: Database, run: Run) -> None:
    """Refuse runs that cannot be undone."""
    if run.kind == PRUNE:
        raise ArgumentError(f"the run {run.run} pruned others: what was pruned is gone")
    if run.dry_run:
        raise ArgumentError(f"the run {run.run} is a dry run, it changed nothing: nothing to undo")
    if is_held(database, run.run):
        raise ArgumentError(
            f"the run {run.run} is alive: let it end, or `ioc-removal cancel {run.run} --reason "
            f"TEXT`; `ioc-removal show {run.run}` tells how far it is"
        )


def _performed(
    calls: Calls, settings: Settings, undo: str, claims: Sequence[Claim], progress: Told
) -> tuple[dict[str, Any], Summary]:
    """Perform an undo to its end, and make its record."""
    database, known = calls.database, calls.integration.definitions
    try:
        approval = approval_of(calls.integration, settings, claims)
        calls.terms = calls.terms._replace(approval=approval)
        calls.places.serve(undo)
        performing = Performing(calls, progress)
        with watched(database, undo, calls.stop):
            errors = [error_row(error) for error in performing.perform(undo, claims)]
    except KeyboardInterrupt:
        end_run(database, undo, None, INTERRUPTED)
        raise
    except PluginError as error:
        errors = [error_row(error)]
    finally:
        calls.places.hang_up()
    if cancellation(database, undo):
        return end_cancelled(database, known, undo)
    summary = run_summary(database, undo)
    result = summary.result if summary.counts else FAILED
    if errors:
        result = PARTIAL if result != FAILED else FAILED
    end_run(database, undo, result, counts=summary.counts, errors=errors)
    return run_record(database, known, get_run(database, undo), summary), summary
