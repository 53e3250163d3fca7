"""What an action does to the defence, of one indicator: where its snapshot tells more, by that."""

from collections.abc import Mapping
from typing import Any

from ..definition import Definition

EFFECTS = DISARMS, REARMS = "disarms", "rearms"
FORMS: Mapping[str, type] = {"value": str, "name": str, "tags": list}


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a system tells of an indicator, with what it keeps one object deeper."""
    return {**_inner(row), **row}


def told_value(row: Mapping[str, Any]) -> Any:
    """Return the value that told_of() finds."""
    return row["value"] if "value" in row else _inner(row).get("value")


def names_in(told: Mapping[str, Any]) -> list[str]:
    """Return the names and tags of what told_of() returns."""
    tags = told.get("tags") or []
    names = [told.get("name"), *(tags if isinstance(tags, list) else [tags])]
    return [str(name) for name in names if name]


def odd_in(row: Mapping[str, Any]) -> str | None:
    """Say which field that tells what an indicator is has a form that is not known; None: none."""
    inner = row.get("data_object")
    if not (inner is None or isinstance(inner, Mapping)):
        return "its data_object has a form that is not known"
    for name, kind in FORMS.items():
        shown = row.get(name) if inner is None or name in row else inner.get(name)
        if not (shown is None or isinstance(shown, kind)):
            return f"its {name} has a form that is not known"
    return None


def effect_of(
    definition: Definition, arguments: Mapping[str, Any], row: Mapping[str, Any] | None = None
) -> str:
    """Return "disarms" or "rearms"; row: what the system told of the indicator, raw, if it did."""
    if not row:
        return definition.effect_on(arguments)
    return definition.effect_on(arguments, row, _inner(row))


def _inner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = row.get("data_object")
    return inner if type(inner) is dict or isinstance(inner, Mapping) else {}
