"""What a plan tells of what an id names: a person approved that, so it must be so still."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..definition import Definition
from ..indicators.normal import normalised
from .effects import effect_of, told_of

RULE = ("name", "tags")  # of what has no value
Line = Mapping[str, Any]


def told_in(
    definition: Definition, arguments: Mapping[str, Any], row: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what a person is told of an indicator, and what its effect hangs on.

    arguments: of the action; row: what the system tells of the indicator, raw.
    """
    known = told_of(row or {})
    names: tuple[str, ...] = ()
    if definition.named_by == "id":
        names = RULE if known.get("value") in (None, "") else ("value",)
    by = (definition.effect or {}).get("by", "")
    told = {}
    for name in dict.fromkeys((*names, by)):
        fact = known.get(name)
        if name not in arguments and fact not in (None, "", []):
            listed = name == "tags" and isinstance(fact, list)
            told[name] = sorted(map(str, fact)) if listed else str(fact)
    return told


def values_of(line: Line) -> list[str]:
    """Return the values that a line of a plan names."""
    value = line.get("value")
    return [value] if isinstance(value, str) else list(value or ())


def difference(
    definition: Definition,
    arguments: Mapping[str, Any],
    line: Line,
    effect: str | None,
    row: Mapping[str, Any],
) -> str | None:
    """Say how what an id names differs from a line of a plan; effect: as the plan has it."""
    said, now = line.get("told", {}), told_in(definition, arguments, row)
    found = effect_of(definition, arguments, row)
    if found != effect:
        return f"the plan says {effect}, now it {found}"
    for name in ("value", *RULE):
        if name in said and said[name] != now.get(name):
            return f"the plan says {name} {_shown(said.get(name))}, it is {_shown(now.get(name))}"
    asked = values_of(line) if definition.named_by == "id" and "value" not in said else []
    if asked and normalised(now.get("value", "")) not in map(normalised, asked):
        return f"the plan says value {_shown(asked)}, it is {_shown(now.get('value'))}"
    return None


def _shown(fact: str | Sequence[str] | None) -> str:
    if fact is None:
        return "none"
    return fact if isinstance(fact, str) else ", ".join(fact)
