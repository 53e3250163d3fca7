"""Word what a schema refuses for a person: one line a mistake, naming its field."""

from collections.abc import Iterable, Mapping, Sized
from typing import Any, Protocol, cast

from .errors import one_line

LONGEST_SHOWN = 80
LONGEST_MISTAKE = 600


class Mistake(Protocol):
    """What a schema refuses, as jsonschema tells it.

    absolute_path: keys and indexes to the value; instance: the value; schema: that holds the
    keyword; validator: the keyword, validator_value: what it says; message: in other words.
    """

    @property
    def absolute_path(self) -> Iterable[str | int]:
        """Where the value is."""

    @property
    def instance(self) -> Any:
        """The value."""

    @property
    def schema(self) -> Any:
        """What holds the keyword."""

    @property
    def validator(self) -> Any:
        """The keyword."""

    @property
    def validator_value(self) -> Any:
        """What the keyword says."""

    @property
    def message(self) -> str:
        """The refusal, in a library's words."""


def hint(name: str, known: Iterable[str]) -> str:
    """Suggest what was probably meant, as the end of a message; empty when nothing is close."""
    from difflib import get_close_matches  # only for who mistyped something

    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def line_of(error: Mistake) -> str:
    """Return a mistake as one line, which begins with its field."""
    field = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    message = own_message(error) or message_of(error)
    field = one_line(field, LONGEST_SHOWN)
    return one_line(f"{field}: {message}" if field else message, LONGEST_MISTAKE)


def own_message(error: Mistake) -> str | None:
    """Return the words that the schema itself has for a mistake ("x-message")."""
    own = error.schema.get("x-message") if isinstance(error.schema, Mapping) else None
    return str(own) if own else None


def message_of(error: Mistake) -> str:
    """Word a refusal for a person; long values are cut, for an argument may hold a whole list."""
    value, limit = _shown(error.instance), cast("Any", error.validator_value)
    match error.validator:
        case "required":
            return str(error.message).replace(" is a required property", " is missing")
        case "additionalProperties":
            return str(error.message).replace(
                "Additional properties are not allowed", "there is no such field"
            )
        case "minItems" | "minLength" if not error.instance:
            return "must not be empty"
        case "maxLength":
            return f"{value} is longer than {limit} characters"
        case "maxItems":
            return f"has {len(cast('Sized', error.instance))} items, more than {limit}"
        case "type":
            wanted = limit if isinstance(limit, str) else " or ".join(limit)
            return f"{value} is not of type {wanted}"
        case "pattern":
            return f"{value} does not match {limit}"
        case "enum":
            return f"{value} is not one of {', '.join(map(str, limit))}"
        case _:
            return str(error.message)[: 3 * LONGEST_SHOWN]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"  # what it holds may be a secret in the wrong place
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
