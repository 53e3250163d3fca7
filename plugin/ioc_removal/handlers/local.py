"""Local actions: what a playbook needs besides the three systems."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ArgumentError
from ..indicators.typed import type_of
from ..outcome import TARGETS, Rows, worst


def select_indicators(indicators: Sequence[str], types: Sequence[str]) -> Rows:
    """Return the indicators that are of some types, each with its type."""
    typed = ((value, type_of(value)) for value in indicators)
    return [{"value": value, "type": kind} for value, kind in typed if kind in types]


def report_outcomes(
    outcomes: Sequence[Any] = (), resolved: Sequence[Mapping[str, Any]] = ()
) -> Rows:
    """Return a line an indicator and target: the worst of its outcomes.

    outcomes: rows of removals, or lists of them; without any (an empty list is none on some hosts)
    nothing is reported; resolved: rows of a search, which tell the value
    of each id, and the values that have none.
    """
    values = {row["id"]: row["value"] for row in resolved if "id" in row and "value" in row}
    lines: dict[tuple[str, str], Rows] = {}
    for row in [*_flat(outcomes), *(row for row in resolved if "outcome" in row)]:
        value = row.get("value") or values.get(row.get("id", "")) or row.get("id", "")
        lines.setdefault((str(value), target_of(row)), []).append(dict(row))
    return [_line(value, target, rows) for (value, target), rows in lines.items()]


def refuse_run(reason: str) -> Rows:
    """End a run before anything is sent."""
    raise ArgumentError(reason)


def target_of(row: Mapping[str, Any]) -> str:
    """Return the target of an outcome's row as one text, such as "supplier InternalTI"."""
    return ", ".join(f"{n.removesuffix('_id')} {row[n]}" for n in TARGETS if row.get(n))


def _line(value: str, target: str, rows: Rows) -> dict[str, Any]:
    outcome = worst(row["outcome"] for row in rows)
    reasons = (row.get("reason") for row in rows if row["outcome"] == outcome)
    line: dict[str, Any] = {"value": value, "target": target, "outcome": outcome}
    if reason := next(filter(None, reasons), None):
        line["reason"] = reason
    if ids := [row["id"] for row in rows if row.get("id") not in (None, value)]:
        line["ids"] = ids
    return line


def _flat(outcomes: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for entry in outcomes:
        if isinstance(entry, Mapping):
            yield entry
        else:
            yield from _flat(entry)
