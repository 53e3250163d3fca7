"""One call of an action on a host without a store, whose own record is the journal."""

from collections.abc import Mapping
from typing import Any

from ..action import Action
from ..errors import PluginError
from ..outcome import FAILED, PARTIAL, SUCCEEDED, UNKNOWN, Outcome, Summary, summary_of
from .perform import EARNEST, perform
from .record import error_row, nested, read_result, record
from .recorder import NoRecord, unresolved
from .terms import Terms


def called(
    action: Action, arguments: Mapping[str, Any], terms: Terms = EARNEST
) -> tuple[dict[str, Any], Summary]:
    """Perform one action and return its record and summary; what goes wrong later is in both.

    arguments: by the vendor's names. Raises ArgumentError and what else makes a call impossible,
    before anything is sent, and what ends a read.
    """
    definition = action.definition
    prepared = action.prepare(arguments)
    outcomes: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    try:
        for finished in perform(action, prepared, NoRecord(), terms=terms):
            outcomes += finished.outcomes
            rows += finished.outputs
    except PluginError as error:
        if not rows and not outcomes:
            raise
        errors.append(error_row(error))
    summary = summary_of(outcomes or unresolved(definition, rows, prepared.target))
    result = summary.result
    if definition.acts:
        rows = [{"action": definition.name, **outcome.row()} for outcome in outcomes]
    else:
        unknown = sum(row.get("outcome") == UNKNOWN for row in rows)
        result = read_result(unknown, len(rows))
    if errors:
        result = PARTIAL if result == SUCCEEDED else FAILED
    more: dict[str, Any] = {"outcomes" if definition.acts else "outputs": rows}
    if prepared.duplicates:
        more["duplicates"] = prepared.duplicates
    if terms.guards and terms.guards.overrides:
        more["overrides"] = dict(terms.guards.overrides)
    told = record(
        "action",
        definition.name,
        None,
        summary,
        result=result,
        context=nested(definition.context_path, rows) if rows or not definition.acts else {},
        errors=errors,
        filled_defaults=sorted(prepared.filled),
        **more,
    )
    return told, summary
