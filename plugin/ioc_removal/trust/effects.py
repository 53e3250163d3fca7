"""What an action does to the defence, of one indicator: where its snapshot tells more, by that."""

from collections.abc import Mapping
from typing import Any

from ..definition import Definition

DISARMS, REARMS = "disarms", "rearms"


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a system tells of an indicator, with what it keeps one object deeper."""
    inner = row.get("data_object")
    return {**(inner if isinstance(inner, Mapping) else {}), **row}


def odd_in(row: Mapping[str, Any]) -> str | None:
    """Say which field that tells what an indicator is has a form that is not known; None: none."""
    if not isinstance(row.get("data_object"), Mapping | None):
        return "its data_object has a form that is not known"
    told = told_of(row)
    forms = {"value": str, "name": str, "tags": list}
    odd = (name for name, kind in forms.items() if not isinstance(told.get(name), kind | None))
    return next((f"its {name} has a form that is not known" for name in odd), None)


def effect_of(
    definition: Definition, arguments: Mapping[str, Any], row: Mapping[str, Any] | None = None
) -> str:
    """Return "disarms" or "rearms"; row: what the system told of the indicator, raw, if it did."""
    return definition.effect_on({**told_of(row or {}), **arguments})
