"""Check values: a compiled check gives the verdict, a walk through the schema finds the words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ....marks import MarkedProperties
from ....wording import line_of
from .definitions import CHECKS, DEFINITIONS, RefusedError
from .keywords import LISTS, REFUSALS

Trail = tuple[str | int, ...]


@dataclass(frozen=True)
class Misfit:
    """What a schema refuses, with the words of jsonschema."""

    absolute_path: Trail
    schema: Any
    validator: str
    validator_value: Any
    instance: Any
    message: str


class Schema(MarkedProperties):
    """A JSON Schema of the subset in which all definitions are written, ready to check values.

    document: the whole schema; part: the name of one of its $defs, when only that is meant.
    """

    def __init__(self, document: Mapping[str, Any], part: str | None = None) -> None:
        self.document = document
        self.part: Mapping[str, Any] = document["$defs"][part] if part else document
        names = (name for name, known in DEFINITIONS.items() if known is document)
        self._check = CHECKS.get((next(names, ""), part))

    def problems(self, value: object) -> Iterator[str]:
        """Say what is wrong with a value, one line a mistake, each naming its field."""
        if self.accepts(value):
            return
        found = sorted(
            self._refusals(value, self.part, ()),
            key=lambda one: [str(step) for step in one.absolute_path],
        )
        if not found and self._check is not None:
            yield "is not as its schema says"
        yield from map(line_of, found)

    def accepts(self, value: object) -> bool:
        """Tell whether nothing is wrong with a value; a doubt is no."""
        if self._check is None:
            return False
        try:
            self._check(value)
        except RefusedError:
            return False
        return True

    def loose(self, rows: str, key: str) -> "Schema":
        """Return this schema of an answer with nothing said of its rows but their key.

        rows: the field of the list; key: the field of a row, which has to be there.
        """
        listed = self.part["properties"][rows]
        known = {key: listed["items"]["properties"][key]}
        row = {"type": "object", "properties": known, "required": [key]}
        loose = {**listed, "items": row}
        return Schema({**self.part, "properties": {**self.part["properties"], rows: loose}})

    def _refusals(self, value: Any, schema: Mapping[str, Any], path: Trail) -> Iterator[Misfit]:
        """Yield what a schema refuses of a value, in the order of its keywords."""
        for keyword, said in schema.items():
            for step, inner, rule in self._below(value, schema, keyword, said):
                yield from self._refusals(inner, rule, (*path, *step))
            for message in self._messages(value, schema, keyword, said):
                yield Misfit(path, schema, keyword, said, value, message)

    def _below(
        self, value: Any, schema: Mapping[str, Any], keyword: str, said: Any
    ) -> Iterator[tuple[Trail, Any, Any]]:
        """Yield what a keyword asks of a value, or of parts of it, by another schema."""
        if keyword == "$ref":
            found = self.document
            for name in said.removeprefix("#/").split("/"):
                found = found[name]
            yield (), value, found
        elif keyword == "allOf":
            yield from (((), value, rule) for rule in said)
        elif keyword == "if":
            branch = "then" if self._fits(value, said) else "else"
            if branch in schema:
                yield (), value, schema[branch]
        elif keyword == "items" and isinstance(value, LISTS):
            yield from (((at,), entry, said) for at, entry in enumerate(value))
        elif isinstance(value, Mapping):
            yield from _entries(value, schema, keyword, said)

    def _messages(
        self, value: Any, schema: Mapping[str, Any], keyword: str, said: Any
    ) -> Iterator[str]:
        """Yield why a keyword refuses a value itself."""
        if keyword in REFUSALS:
            yield from filter(None, [REFUSALS[keyword](value, said)])
        elif keyword == "not" and self._fits(value, said):
            yield f"{value!r} should not be valid under {said!r}"
        elif keyword in {"anyOf", "oneOf"}:
            fitting = sum(self._fits(value, one) for one in said)
            if not fitting:
                yield f"{value!r} is not valid under any of the given schemas"
            elif fitting > 1 and keyword == "oneOf":
                yield f"{value!r} is valid under several of the given schemas"
        elif isinstance(value, Mapping):
            yield from _missing_or_extra(value, schema, keyword, said)

    def _fits(self, value: Any, schema: Mapping[str, Any]) -> bool:
        return next(self._refusals(value, schema, ()), None) is None


def _entries(
    value: Mapping[str, Any], schema: Mapping[str, Any], keyword: str, said: Any
) -> Iterator[tuple[Trail, Any, Any]]:
    """Yield what a keyword asks of the names and entries of an object."""
    if keyword == "properties":
        yield from (((name,), value[name], rule) for name, rule in said.items() if name in value)
    elif keyword == "propertyNames":
        yield from (((), name, said) for name in value)
    elif keyword == "additionalProperties" and isinstance(said, Mapping):
        known = schema.get("properties", {})
        yield from (((name,), entry, said) for name, entry in value.items() if name not in known)


def _missing_or_extra(
    value: Mapping[str, Any], schema: Mapping[str, Any], keyword: str, said: Any
) -> Iterator[str]:
    """Yield which entries of an object are missing, and which should not be there."""
    if keyword == "required":
        yield from (f"{name!r} is a required property" for name in said if name not in value)
    elif keyword == "additionalProperties" and said is False:
        extra = sorted(set(value) - set(schema.get("properties", {})), key=str)
        if extra:
            names, verb = ", ".join(map(repr, extra)), "was" if len(extra) == 1 else "were"
            yield f"Additional properties are not allowed ({names} {verb} unexpected)"
