"""Check values against JSON Schemas, one line a mistake; the only door to the schema libraries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from difflib import get_close_matches
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from .errors import one_line

LONGEST_SHOWN = 80
LONGEST_MISTAKE = 600

# A list may be a set of the store: any sequence but a text.
_CHECKER = Draft202012Validator.TYPE_CHECKER.redefine(
    "array", lambda _, value: isinstance(value, Sequence) and not isinstance(value, str | bytes)
)
_Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]  # its stub
    Draft202012Validator, type_checker=_CHECKER
)


class Schema:
    """A JSON Schema (the common subset of drafts 2020-12 and 7), ready to check values.

    document: the whole schema; part: the name of one of its $defs, when only that is meant.
    An "x-message" in a subschema replaces the message of what it refuses.
    """

    def __init__(self, document: Mapping[str, Any], part: str | None = None) -> None:
        self.document = document
        self.part: Mapping[str, Any] = document["$defs"][part] if part else document
        target = {**document, "$ref": f"#/$defs/{part}"} if part else dict(document)
        self._validator = _Validator(target)

    def problems(self, value: object) -> Iterator[str]:
        """Say what is wrong with a value, one line a mistake, each naming its field."""
        errors = self._validator.iter_errors(value)
        for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path]):
            yield _line(error)

    def loose(self, rows: str | None, key: str) -> "Schema":
        """Return this schema of an answer with nothing said of its rows but their key.

        rows: the field of the list, None when the answer is it; key: the field of a row, which has
        to be there.
        """
        listed = self.part["properties"][rows] if rows else self.part
        known = {key: listed["items"]["properties"][key]}
        row = {"type": "object", "properties": known, "required": [key]}
        loose = {**listed, "items": row}
        if rows is None:
            return Schema(loose)
        return Schema({**self.part, "properties": {**self.part["properties"], rows: loose}})

    def located(self, value: object) -> Iterator[tuple[tuple[str | int, ...], str | None, str]]:
        """Say what is wrong and where: the path, the key there when it is wrong itself, why."""
        for error in self._validator.iter_errors(value):
            path, schema = tuple(error.absolute_path), error.schema
            if error.validator == "additionalProperties" and isinstance(schema, Mapping):
                known = schema.get("properties", {})
                for key in cast("Mapping[str, Any]", error.instance):
                    if key not in known:
                        yield path, key, f"there is no key {key!r}{hint(key, known)}"
            elif (
                error.validator == "propertyNames" or "propertyNames" in error.absolute_schema_path
            ):
                yield path, str(error.instance), f"{error.instance!r}: {_own_message(error)}"
            else:
                yield path, None, _own_message(error) or _message(error)


def hint(name: str, known: Iterable[str]) -> str:
    """Suggest what was probably meant, as the end of a message; empty when nothing is close."""
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def outputs_of(schema: Mapping[str, Any], value: object) -> dict[str, Any]:
    """Collect the fields of an answer that its schema names as outputs ("x-output").

    schema: of the value, an object; objects below it without an output name are walked through.
    """
    found: dict[str, Any] = {}
    if not isinstance(value, Mapping):
        return found
    for name, rule in schema.get("properties", {}).items():
        if value.get(name) is None:
            continue
        if "x-output" in rule:
            found.setdefault(rule["x-output"], value[name])
        else:
            found = {**outputs_of(rule, value[name]), **found}
    return found


def _line(error: ValidationError) -> str:
    if error.context and error.validator in {"anyOf", "oneOf"} and not _own_message(error):
        error = best_match([error]) or error
    field = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    message = _own_message(error) or _message(error)
    field = one_line(field, LONGEST_SHOWN)
    return one_line(f"{field}: {message}" if field else message, LONGEST_MISTAKE)


def _own_message(error: ValidationError) -> str | None:
    own = error.schema.get("x-message") if isinstance(error.schema, Mapping) else None
    return str(own) if own else None


def _message(error: ValidationError) -> str:
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
