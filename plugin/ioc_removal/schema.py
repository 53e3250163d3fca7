"""Check values against JSON Schemas, one line a mistake; the only door to the schema libraries.

Most values are right: a judge made of the schema says so, of a long list of objects jsonschema-rs
where it is installed. Only what they refuse is looked at by jsonschema, which takes long to import,
and words each mistake.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from sys import modules
from typing import TYPE_CHECKING, Any, cast

from .judging import Judge, UnjudgedError, is_list, judge_of
from .marks import MarkedProperties
from .wording import hint, line_of, message_of, own_message

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

LIBRARY = "jsonschema_rs"
LONG_LIST = 1_000  # items, of which its import is made up for
SHORT_LIST = 10  # items, which Python judges as quickly


class Schema(MarkedProperties):
    """A JSON Schema (the common subset of drafts 2020-12 and 7), ready to check values.

    document: the whole schema; part: the name of one of its $defs, when only that is meant.
    An "x-message" in a subschema replaces the message of what it refuses.
    """

    def __init__(self, document: Mapping[str, Any], part: str | None = None) -> None:
        self.document = document
        self.part: Mapping[str, Any] = document["$defs"][part] if part else document
        self._target = {**document, "$ref": f"#/$defs/{part}"} if part else dict(document)
        self._loose: dict[tuple[str | None, str], Schema] = {}
        self._items = 0  # of lists that it judged

    def problems(self, value: object) -> Iterator[str]:
        """Say what is wrong with a value, one line a mistake, each naming its field."""
        if self.accepts(value):
            return
        errors = self._validator.iter_errors(value)
        for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path]):
            yield line_of(_meant(error))

    def accepts(self, value: object) -> bool:
        """Tell whether nothing is wrong with a value; a doubt is no."""
        known = self._quickly(value)
        if known is not None:
            return known
        try:
            return self._judge is not None and self._judge(value)
        except (RecursionError, UnjudgedError):
            return False

    def _quickly(self, value: object) -> bool | None:
        """Return the verdict of jsonschema-rs on a long value; None when there is none.

        Once it is imported, or short ones held as many items as a long one, on a short one, too.
        """
        objects = _objects(value)
        if objects < SHORT_LIST:
            return None
        self._items += objects
        if self._items < LONG_LIST and LIBRARY not in modules:
            return None
        if self._quick is None:
            return None
        try:
            return bool(self._quick(value))
        except (ValueError, TypeError, OverflowError):  # no JSON, such as a set of the store
            return None

    @cached_property
    def _judge(self) -> Judge | None:
        try:
            return judge_of(self.part, self.document)
        except UnjudgedError:
            return None

    @cached_property
    def _quick(self) -> Judge | None:
        try:
            from jsonschema_rs import Draft202012Validator
        except ImportError:
            return None
        return Draft202012Validator(self._target).is_valid

    @cached_property
    def _validator(self) -> "Draft202012Validator":
        from jsonschema import Draft202012Validator
        from jsonschema.validators import extend

        # A list may be a set of the store: any sequence but a text.
        checker = Draft202012Validator.TYPE_CHECKER.redefine(
            "array", lambda _, value: is_list(value)
        )
        kind: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]  # its stub
            Draft202012Validator, type_checker=checker
        )
        return kind(self._target)

    def loose(self, rows: str | None, key: str) -> "Schema":
        """Return this schema of an answer with nothing said of its rows but their key.

        rows: the field of the list, None when the answer is it; key: the field of a row, which has
        to be there.
        """
        if (rows, key) not in self._loose:
            self._loose[rows, key] = self._loosened(rows, key)
        return self._loose[rows, key]

    def _loosened(self, rows: str | None, key: str) -> "Schema":
        listed = self.part["properties"][rows] if rows else self.part
        known = {key: listed["items"]["properties"][key]}
        row = {"type": "object", "properties": known, "required": [key]}
        loose = {**listed, "items": row}
        if rows is None:
            return Schema(loose)
        return Schema({**self.part, "properties": {**self.part["properties"], rows: loose}})

    def located(self, value: object) -> Iterator[tuple[tuple[str | int, ...], str | None, str]]:
        """Say what is wrong and where: the path, the key there when it is wrong itself, why."""
        if self.accepts(value):
            return
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


def _objects(value: object) -> int:
    """Return how many items the longest list has, of what a judge does not judge at once."""
    longest = 0
    for entry in value.values() if isinstance(value, dict) else (value,):  # the quickest way
        if isinstance(entry, list) and len(entry) > longest and not isinstance(entry[0], str):
            longest = len(entry)
    return longest


def _meant(error: "ValidationError") -> "ValidationError":
    """Return the mistake that a person should read: of several ways, in the likeliest one."""
    if error.context and error.validator in {"anyOf", "oneOf"} and not own_message(error):
        from jsonschema.exceptions import best_match

        return best_match([error]) or error
    return error
