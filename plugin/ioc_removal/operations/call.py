"""One call of an action, recorded as a run."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import Definition
from ..errors import ArgumentError, PluginError
from ..outcome import FAILED, PARTIAL, SUCCEEDED, UNKNOWN, Summary
from ..playbooks.calling import calling_of
from ..store.cancelling import Cancellation, ask_before_requests, cancellation, watched
from ..store.database import Database
from ..store.lease import lease
from ..store.output_rows import output_rows
from ..store.pauses import tell_pauses
from ..store.recorder import StoreRecorder
from ..store.results import run_summary
from ..store.retries import RETRY_OF
from ..store.runs import (
    CALL,
    INTERRUPTED,
    OVERRIDES,
    Requester,
    add_details,
    begin_run,
    end_run,
    get_run,
)
from ..store.sets import by_reference
from ..store.tallies import tallies_of
from ..trust.approval import Counted
from ..trust.perform import EARNEST, perform
from ..trust.record import error_row, read_result
from ..trust.recorder import Finished
from ..trust.terms import Terms
from .history import run_record

if TYPE_CHECKING:
    from .inputs import IndicatorFile

SHORT = 20  # items
ONLY = "call"  # the name of the only call of such a run


def call_action(
    database: Database,
    action: Action,
    arguments: Mapping[str, Any],
    *,
    file: "IndicatorFile | None" = None,
    terms: Terms = EARNEST,
    most: Mapping[str, int] | None = None,
    requester: Requester | None = None,
    retry_of: str | None = None,
    finished: Callable[[Finished], None] = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Summary]:
    """Perform one action and return its record and summary; what goes wrong is in the record.

    arguments: by name; file: fills the batch argument; most: how many indicators it may act on
    without an approval, by effect; requester: who wants it, and why; retry_of: the run of which
    only what it did not do is done; finished: told of each finished batch; began: told the id of
    the run.
    """
    definition = action.definition
    details: dict[str, Any] = {"arguments": {n: _short(value) for n, value in arguments.items()}}
    details |= {RETRY_OF: retry_of} if retry_of else {}
    if action.call:
        details["addresses"] = {definition.system: action.call.connection.place}
    if terms.guards and terms.guards.overrides:
        details[OVERRIDES] = dict(terms.guards.overrides)
    run = begin_run(
        database, CALL, definition.name, dry_run=terms.dry_run, details=details, requester=requester
    )
    began(run)
    more: dict[str, Any] = {"errors": []}
    with lease(database, run):
        try:
            if file is not None:
                from .inputs import note_inputs  # most calls have no file

                name = _filled_by_file(action, arguments)
                values, more["input"] = file.read(database, run)
                arguments = {**arguments, name: values}
                add_details(database, run, inputs=by_reference({name: values}))
                note_inputs(database, run, {name: values})
            prepared = action.prepare(arguments)
            if prepared.duplicates:
                more["duplicates"] = prepared.duplicates
            _perform(database, run, action, prepared, terms, most or {}, finished)
        except PluginError as error:
            more["errors"].append(error_row(error))
        except KeyboardInterrupt:
            end_run(database, run, None, INTERRUPTED)
            raise
        if cancellation(database, run):
            from .cancelled import end_cancelled  # few are

            del more["errors"]
            add_details(database, run, **more)
            return end_cancelled(database, {definition.name: definition}, run)
        return _ended(database, run, definition, more)


def _perform(
    database: Database,
    run: str,
    action: Action,
    prepared: Prepared,
    terms: Terms,
    most: Mapping[str, int],
    finished: Callable[[Finished], None],
) -> None:
    """Perform the batches of a call; what goes wrong leaves none of them without an outcome."""
    definition = action.definition
    calling = calling_of(database, run, {definition.name: definition})
    recorder = calling.recorder(ONLY, action)
    recorder.begin(prepared, new=True)
    if definition.acts:  # kept, so that whoever ends it knows what is left
        count, size = calling.plan(recorder, ONLY, action, prepared)
        cut = partial(_planned, recorder, count)
        prepared = prepared.but(size=size, cut=cut)
    for call in action.calls:
        tell_pauses(database, run, call.connection)
        ask_before_requests(database, run, call.connection)
    sizes = {definition.effect_on(prepared.arguments): prepared.size}
    terms = terms._replace(approval=Counted(CALL, most, sizes))
    batches = calling.batches(recorder, prepared)
    try:
        with (
            watched(database, run, lambda one: _stop(action, one, at_once=terms.dry_run)),
            closing(perform(action, prepared, recorder, terms=terms, batches=batches)) as performed,
        ):
            for batch in performed:
                finished(batch)
    except PluginError:
        if definition.acts and not terms.dry_run and not cancellation(database, run):
            recorder.give_up(prepared, "the call could not go on")
        raise


def _planned(recorder: StoreRecorder, count: int, prepared: Prepared) -> Iterator[Batch]:
    """Yield the batches of a call as they are kept."""
    return recorder.planned(prepared, 0, count, own=True)


def _stop(action: Action, cancelled: Cancellation, *, at_once: bool) -> None:
    """Send nothing more of a call; at_once: and end what is in flight."""
    for call in action.calls:
        call.connection.stop(cancelled.reason)
        if at_once:
            call.connection.hang_up()


def _ended(
    database: Database, run: str, definition: Definition, more: Mapping[str, Any]
) -> tuple[dict[str, Any], Summary]:
    """End the run and make its record; more: what is known of it now."""
    tallies = tallies_of(database, run)
    summary = run_summary(database, run, tallies=tallies)
    rows = output_rows(database, run, ONLY)
    result = summary.result
    if not definition.acts:
        unknown = rows.unknown
        result = read_result(unknown, len(rows))
        if unknown and not summary.counts:
            summary.counts = {UNKNOWN: unknown}  # the exit status tells of it
    if more["errors"]:
        result = PARTIAL if result == SUCCEEDED and (rows or summary.counts) else FAILED
    end_run(database, run, result, counts=summary.counts, **more)
    known = {definition.name: definition}
    summed = summary if definition.acts else None
    return run_record(database, known, get_run(database, run), summed, tallies), summary


def _filled_by_file(action: Action, arguments: Mapping[str, Any]) -> str:
    """Return the argument that an indicator file fills."""
    definition = action.definition
    name = definition.limits.argument if definition.limits else definition.resolves
    if name is None or (definition.acts and definition.named_by != "value"):
        raise ArgumentError(
            f"{definition.name} takes no indicators from a file: "
            + (f"{name} are ids, which a search finds" if name else "it has no argument for them")
        )
    if name in arguments:
        raise ArgumentError(f"{name}: give it, or --indicators FILE, not both")
    return name


def _short(value: Any) -> Any:
    """Return an argument as the run tells it; the batches hold a long list."""
    long = isinstance(value, list | dict) and len(value) > SHORT
    return f"{len(value):,} given" if long else value
