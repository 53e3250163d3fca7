"""What each keyword of a schema refuses of a value itself, in the words of jsonschema."""

from collections.abc import Callable, Mapping
from re import search
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (Mapping,),
    "array": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
LISTS = (list, tuple)


def refusal_of_type(value: Any, kinds: str | list[str]) -> str | None:
    """Say which types a value should have."""
    names = [kinds] if isinstance(kinds, str) else kinds
    if any(is_of(value, name) for name in names):
        return None
    return f"{value!r} is not of type {', '.join(map(repr, names))}"


def is_of(value: Any, kind: str) -> bool:
    """Tell whether a value is of a type of JSON, in which true is no number, and 1.0 is whole."""
    if isinstance(value, bool):
        return kind == "boolean"
    whole = kind == "integer" and isinstance(value, float) and value.is_integer()
    return whole or isinstance(value, TYPES[kind])


def equal_in_json(one: Any, other: Any) -> bool:
    """Tell whether values are equal in JSON, in which true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal_in_json, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        same = one.keys() == other.keys()
        return same and all(equal_in_json(one[name], other[name]) for name in one)
    return bool(one == other)


def refusal_of_choice(value: Any, choices: list[Any]) -> str | None:
    """Say what a value should be one of."""
    known = any(equal_in_json(value, one) for one in choices)
    return None if known else f"{value!r} is not one of {choices!r}"


def refusal_of_constant(value: Any, constant: Any) -> str | None:
    """Say what a value should be."""
    return None if equal_in_json(value, constant) else f"{constant!r} was expected"


def refusal_of_pattern(value: Any, pattern: str) -> str | None:
    """Say which pattern a text should match."""
    bad = isinstance(value, str) and not search(pattern, value)
    return f"{value!r} does not match {pattern!r}" if bad else None


def refusal_of_twins(value: Any, unique: bool) -> str | None:  # the keyword's
    """Say that a list holds something twice."""
    if not (unique and isinstance(value, LISTS)):
        return None
    twins = any(equal_in_json(one, other) for at, one in enumerate(value) for other in value[:at])
    return f"{value!r} has non-unique elements" if twins else None


def _too_short(kind: Any) -> Callable[[Any, int], str | None]:
    def refusal(value: Any, least: int) -> str | None:
        if not isinstance(value, kind) or len(value) >= least:
            return None
        return f"{value!r} {'should be non-empty' if least == 1 else 'is too short'}"

    return refusal


def _too_long(kind: Any) -> Callable[[Any, int], str | None]:
    def refusal(value: Any, most: int) -> str | None:
        bad = isinstance(value, kind) and len(value) > most
        return f"{value!r} is too long" if bad else None

    return refusal


def _beyond(bad: Callable[[Any, Any], bool], words: str) -> Callable[[Any, Any], str | None]:
    def refusal(value: Any, limit: Any) -> str | None:
        number = is_of(value, "number")
        return f"{value!r} is {words} of {limit!r}" if number and bad(value, limit) else None

    return refusal


# (value, what the keyword says) -> why the value is refused, None when it is not.
REFUSALS: Mapping[str, Callable[[Any, Any], str | None]] = {
    "type": refusal_of_type,
    "enum": refusal_of_choice,
    "const": refusal_of_constant,
    "pattern": refusal_of_pattern,
    "minLength": _too_short(str),
    "maxLength": _too_long(str),
    "minItems": _too_short(LISTS),
    "maxItems": _too_long(LISTS),
    "uniqueItems": refusal_of_twins,
    "minimum": _beyond(lambda value, limit: value < limit, "less than the minimum"),
    "maximum": _beyond(lambda value, limit: value > limit, "greater than the maximum"),
    "exclusiveMinimum": _beyond(
        lambda value, limit: value <= limit, "less than or equal to the minimum"
    ),
}
