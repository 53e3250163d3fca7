"""Local actions: what a playbook needs besides the three systems."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from sys import intern
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
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in chain(_flat(outcomes), (row for row in resolved if "outcome" in row)):
        value = row.get("value") or values.get(row.get("id", "")) or row.get("id", "")
        key = (str(value), intern(target_of(row)))
        lines[key] = _with(lines.get(key), key, row)
    return list(lines.values())


def refuse_run(reason: str) -> Rows:
    """End a run before anything is sent."""
    raise ArgumentError(reason)


def target_of(row: Mapping[str, Any]) -> str:
    """Return the target of an outcome's row as one text, such as "supplier InternalTI"."""
    return ", ".join(f"{n.removesuffix('_id')} {row[n]}" for n in TARGETS if row.get(n))


def _with(
    line: Mapping[str, Any] | None, key: tuple[str, str], row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the line of an indicator and target with one more row; line: so far, if any."""
    (value, target), before = key, line or {}
    outcome = intern(worst([*([before["outcome"]] if line else ()), row["outcome"]]))
    same = before.get("reason") if outcome == before.get("outcome") else None
    reason = same or (row.get("reason") if outcome == row["outcome"] else None)
    ids = [*before.get("ids", ()), *([row["id"]] if row.get("id") not in (None, value) else ())]
    known = {"value": value, "target": target, "outcome": outcome}
    more = {"reason": reason, "ids": ids}
    return known | {name: part for name, part in more.items() if part}


def _flat(outcomes: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for entry in outcomes:
        if isinstance(entry, Mapping):
            yield entry
        else:
            yield from _flat(entry)
