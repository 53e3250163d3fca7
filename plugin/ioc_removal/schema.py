"""Check values against JSON Schemas, one line a mistake; the only door to the schema libraries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from .wording import hint, line_of, message_of, own_message

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
            yield line_of(_meant(error))

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
                yield path, str(error.instance), f"{error.instance!r}: {own_message(error)}"
            else:
                yield path, None, own_message(error) or message_of(error)


def _meant(error: ValidationError) -> ValidationError:
    """Return the mistake that a person should read: of several ways, in the likeliest one."""
    if error.context and error.validator in {"anyOf", "oneOf"} and not own_message(error):
        return best_match([error]) or error
    return error
