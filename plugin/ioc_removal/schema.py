"""Check values against JSON Schemas, one line a mistake; the only door to the schema libraries."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

LONGEST_SHOWN = 80


class Schema:
    """A JSON Schema (the common subset of drafts 2020-12 and 7), ready to check values.

    document: the whole schema; part: the name of one of its $defs, when only that is meant.
    An "x-message" in a subschema replaces the message of what it refuses.
    """

    def __init__(self, document: Mapping[str, Any], part: str | None = None) -> None:
        self.document = document
        self.part: Mapping[str, Any] = document["$defs"][part] if part else document
        target = {**document, "$ref": f"#/$defs/{part}"} if part else dict(document)
        self._validator = Draft202012Validator(target)

    def problems(self, value: object) -> Iterator[str]:
        """Say what is wrong with a value, one line a mistake, each naming its field."""
        errors = self._validator.iter_errors(value)
        for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path]):
            yield _line(error)


def _line(error: ValidationError) -> str:
    if error.context and error.validator in {"anyOf", "oneOf"} and not _own_message(error):
        error = best_match([error]) or error
    field = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    message = _own_message(error) or _message(error)
    return f"{field}: {message}" if field else message


def _own_message(error: ValidationError) -> str | None:
    own = error.schema.get("x-message") if isinstance(error.schema, Mapping) else None
    return str(own) if own else None


def _message(error: ValidationError) -> str:
    """Word a refusal for a person; long values are cut, for an argument may hold a whole list."""
    value, limit = _shown(error.instance), error.validator_value
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
            return f"has {len(error.instance)} items, more than {limit}"
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
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
