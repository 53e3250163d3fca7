"""The one record that --json, runs and hosts share: schemas/result.json."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ApiError, ArgumentError, PluginError
from ..outcome import FAILED, PARTIAL, SUCCEEDED, Summary

_OWN = ("error", "message", "problems", "http_status", "code", "request_id", "call")
_Rows = Sequence[Mapping[str, Any]]


def record(
    kind: str,
    name: str,
    run: str | None,
    summary: Summary,
    *,
    result: str | None = None,
    outcomes: _Rows | None = None,
    outputs: _Rows | None = None,
    context: Mapping[str, Any] | None = None,
    errors: Iterable[Mapping[str, Any]] = (),
    filled_defaults: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return the record of a call or run.

    kind: "action", "playbook" or "undo"; result: when it does not follow from the summary alone;
    more: what only some records have, such as the sums of an indicator file.
    """
    known = {
        kind: name,
        "run": run,
        "result": result or summary.result,
        "counts": summary.counts,
        "outcomes": outcomes,
        "outputs": outputs,
        "context": context or {},
        "errors": list(errors),
        "filled_defaults": list(filled_defaults),
        **more,
    }
    return {key: value for key, value in known.items() if value is not None}


def nested(path: str, rows: _Rows) -> dict[str, Any]:
    """Return rows below a context path: {"CyberTrace": {"IndicatorRemoval": rows}}."""
    system, entry = path.split(".")
    return {system: {entry: list(rows) if isinstance(rows, list | tuple) else rows}}


def read_result(unknown: int, rows: int) -> str:
    """Return the result of a read, by how many of its rows nothing is known."""
    if not unknown:
        return SUCCEEDED
    return FAILED if unknown == rows else PARTIAL


def error_row(error: PluginError) -> dict[str, Any]:
    """Return an error as the record shows it: whose mistake, and what the system said.

    What the system said never stands in the place of what is said of it.
    """
    row: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
    if isinstance(error, ArgumentError):
        row["problems"] = list(error.problems)
    if isinstance(error, ApiError):
        row["http_status"] = error.status
    for name in ("code", "request_id"):
        if getattr(error, name, None):
            row[name] = getattr(error, name)
    said = error.fields if isinstance(error, ApiError) else {}
    return row | {name: value for name, value in said.items() if name not in {*row, *_OWN}}
