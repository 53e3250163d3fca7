"""What an action does to the defence, of one indicator: where its snapshot tells more, by that."""

from collections.abc import Mapping
from typing import Any

from ..definition import Definition

DISARMS, REARMS = "disarms", "rearms"


def told_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a system tells of an indicator, with what it keeps one object deeper."""
    inner = row.get("data_object")
    return {**(inner if isinstance(inner, Mapping) else {}), **row}


def effect_of(
    definition: Definition, arguments: Mapping[str, Any], row: Mapping[str, Any] | None = None
) -> str:
    """Return "disarms" or "rearms"; row: what the system told of the indicator, raw, if it did."""
    return definition.effect_on({**told_of(row or {}), **arguments})
