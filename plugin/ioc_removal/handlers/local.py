"""Local actions: what a playbook needs besides the three systems."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ArgumentError
from ..indicators.typed import type_of
from ..outcome import Rows
from .report import report_lines


def select_indicators(indicators: Iterable[str], types: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Yield the indicators that are of some types, each with its type."""
    typed = ((value, type_of(value)) for value in indicators)
    return ({"value": value, "type": kind} for value, kind in typed if kind in types)


def report_outcomes(
    outcomes: Iterable[Any] = (), resolved: Iterable[Mapping[str, Any]] = ()
) -> Iterable[dict[str, Any]]:
    """Return a line an indicator and target: the worst of its outcomes.

    outcomes: rows of removals, or lists of them; without any (an empty list is none on some hosts)
    nothing is reported; resolved: rows of a search, which tell the value
    of each id, and the values that have none.
    """
    return report_lines(_flat(outcomes), resolved)


def refuse_run(reason: str) -> Rows:
    """End a run before anything is sent."""
    raise ArgumentError(reason)


def _flat(outcomes: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for entry in outcomes:
        if isinstance(entry, Mapping):
            yield entry
        else:
            yield from _flat(entry)
