"""One call of an action, recorded as a run."""

from collections.abc import Callable, Mapping
from typing import Any

from ..action import Action
from ..errors import ArgumentError, PluginError
from ..outcome import FAILED, PARTIAL, SUCCEEDED, UNKNOWN, Summary
from ..store.database import Database
from ..store.recorder import StoreRecorder
from ..store.results import outcome_rows, output_rows, run_summary
from ..store.runs import add_details, begin_run, end_run
from ..trust.perform import Finished, perform
from ..trust.record import error_row, nested, record
from .inputs import IndicatorFile

CALL = "call"  # the name of the only call of such a run


def call_action(
    database: Database,
    action: Action,
    arguments: Mapping[str, Any],
    *,
    file: IndicatorFile | None = None,
    dry_run: bool = False,
    finished: Callable[[Finished], None] = lambda _: None,
) -> tuple[dict[str, Any], Summary]:
    """Perform one action and return its record and summary; what goes wrong is in the record.

    arguments: by name; file: fills the batch argument; finished: told of each finished batch.
    """
    definition = action.definition
    connection = action.call.connection.name if action.call else None
    details = {"arguments": dict(arguments), "connections": [connection] if connection else []}
    run = begin_run(database, "call", definition.name, dry_run=dry_run, details=details)
    errors: list[dict[str, Any]] = []
    filled: tuple[str, ...] = ()
    more: dict[str, Any] = {}
    try:
        if file is not None:
            name = _filled_by_file(action, arguments)
            values, more["input"] = file.read(database, run)
            arguments = {**arguments, name: values}
        prepared = action.prepare(arguments)
        filled = prepared.filled
        if prepared.duplicates:
            more["duplicates"] = prepared.duplicates
        recorder = StoreRecorder(database, run, CALL, action)
        recorder.begin(prepared)
        for batch in perform(action, prepared, recorder, dry_run=dry_run):
            finished(batch)
    except PluginError as error:
        errors.append(error_row(error))
    except KeyboardInterrupt:
        end_run(database, run, run_summary(database, run).result, "interrupted")
        raise
    return _ended(database, run, action, errors, filled, more)


def _ended(
    database: Database,
    run: str,
    action: Action,
    errors: list[dict[str, Any]],
    filled: tuple[str, ...],
    more: Mapping[str, Any],
) -> tuple[dict[str, Any], Summary]:
    """End the run and make its record."""
    definition, summary = action.definition, run_summary(database, run)
    if definition.removes:
        rows = list(outcome_rows(database, run))
        result, parts = summary.result, {"outcomes": rows}
    else:
        rows = output_rows(database, run, CALL)
        result, parts = _read_result(rows), {"outputs": rows}
    if errors:
        result = PARTIAL if result == SUCCEEDED and rows else FAILED
    add_details(database, run, counts=summary.counts, errors=errors, filled=filled, **more)
    end_run(database, run, result)
    context = nested(definition.context_path, rows)
    made = record(
        "action",
        definition.name,
        run,
        summary,
        result=result,
        context=context,
        errors=errors,
        filled_defaults=filled,
        **parts,
        **more,
    )
    return made, summary


def _filled_by_file(action: Action, arguments: Mapping[str, Any]) -> str:
    """Return the argument that an indicator file fills."""
    definition = action.definition
    name = definition.limits.argument if definition.limits else definition.resolves
    if name is None or (definition.removes and definition.named_by != "value"):
        raise ArgumentError(
            f"{definition.name} takes no indicators from a file: "
            + (f"{name} are ids, which a search finds" if name else "it has no argument for them")
        )
    if name in arguments:
        raise ArgumentError(f"{name}: give it, or --indicators FILE, not both")
    return name


def _read_result(rows: list[dict[str, Any]]) -> str:
    unknown = sum(row.get("outcome") == UNKNOWN for row in rows)
    if not unknown:
        return SUCCEEDED
    return FAILED if unknown == len(rows) else PARTIAL
