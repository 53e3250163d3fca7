"""Judge values by a JSON Schema that is turned into functions once: whether, not why not.

Of the common subset of drafts 2020-12 and 7 in which all schemas here are written; for one that
says more there is no judge.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from re import compile as pattern
from typing import Any

from .clean_texts import judge_of_texts

Judge = Callable[[Any], bool]
# What says nothing of a value; with every x-... .
SILENT = frozenset(
    {
        *("$schema", "$id", "$defs", "$comment", "title", "description", "examples", "default"),
        *("then", "else", "format", "deprecated", "readOnly"),
    }
)


class UnjudgedError(Exception):
    """A schema says what is not known here."""


def judge_of(schema: Any, whole: Mapping[str, Any]) -> Judge:
    """Return what judges by a schema; whole: the document that holds what it refers to.

    Raises UnjudgedError.
    """
    return _Judges(whole).of(schema)


def is_list(value: object) -> bool:
    """Tell whether a value is a list: any sequence but a text, as a set of the store is one."""
    kind = type(value)
    if kind is list:
        return True
    return kind is not str and isinstance(value, Sequence) and not isinstance(value, str | bytes)


def same(one: Any, other: Any) -> bool:
    """Tell whether values are equal in JSON, in which true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


OF_TYPE: Mapping[str, Judge] = {
    "object": lambda value: isinstance(value, dict),
    "array": is_list,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": _is_whole,
    "number": _is_number,
}


def _pattern(said: str) -> Judge:
    compiled: list[Any] = []  # when it is first needed: most of a schema's patterns are not

    def judge(value: str) -> bool:
        if not compiled:
            compiled.append(pattern(said).search)
        return compiled[0](value) is not None

    return judge


def _one_type(said: str | list[str]) -> Judge:
    if isinstance(said, str):
        return OF_TYPE[said]
    kinds = [OF_TYPE[name] for name in said]
    return lambda value: any(kind(value) for kind in kinds)


def _const(said: Any) -> Judge:
    if isinstance(said, str):
        return lambda value: bool(value == said)
    return lambda value: same(value, said)


def _enum(said: Sequence[Any]) -> Judge:
    if all(isinstance(one, str) for one in said):
        texts = frozenset(said)
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: any(same(value, one) for one in said)


def _distinct(value: Sequence[Any]) -> bool:
    return not any(same(one, two) for at, one in enumerate(value) for two in value[:at])


# What a keyword asks of a value itself.
PLAIN: Mapping[str, Callable[[Any], Judge]] = {
    "type": _one_type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": lambda said: lambda value: len(value) >= said,
    "maxLength": lambda said: lambda value: len(value) <= said,
    "minItems": lambda said: lambda value: len(value) >= said,
    "maxItems": lambda said: lambda value: len(value) <= said,
    "uniqueItems": lambda said: lambda value: not said or _distinct(value),
    "minProperties": lambda said: lambda value: len(value) >= said,
    "maxProperties": lambda said: lambda value: len(value) <= said,
    "minimum": lambda said: lambda value: value >= said,
    "maximum": lambda said: lambda value: value <= said,
    "exclusiveMinimum": lambda said: lambda value: value > said,
    "required": lambda said: frozenset(said).issubset,
}
# The kinds of values that a keyword speaks of, where these are not all.
SPEAKS_OF: Mapping[str, str] = {
    **dict.fromkeys(("pattern", "minLength", "maxLength"), "string"),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems", "items"), "array"),
    **dict.fromkeys(("minProperties", "maxProperties", "required"), "object"),
    **dict.fromkeys(("properties", "additionalProperties", "propertyNames"), "object"),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum"), "number"),
}


def _where_meant(name: str, test: Judge, kind: object) -> Judge:
    """Return a test of a keyword that takes what the keyword does not speak of.

    kind: of all values that come to it, as "type" says, which is asked first.
    """
    meant = SPEAKS_OF.get(name)
    if meant is None or kind in {meant, "integer" if meant == "number" else meant}:
        return test
    is_meant = OF_TYPE[meant]
    return lambda value: not is_meant(value) or test(value)


def _every(tests: Sequence[Judge]) -> Judge:
    if len(tests) == 1:
        return tests[0]

    def judge(value: Any) -> bool:
        for test in tests:  # noqa: SIM110  # the quickest way
            if not test(value):
                return False
        return True

    return judge


def _some(tests: Sequence[Judge]) -> Judge:
    def judge(value: Any) -> bool:
        for test in tests:  # noqa: SIM110  # the quickest way
            if test(value):
                return True
        return False

    return judge


class _Judges:
    """Makes the judges of one document; one that is referred to is made once."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self._known: dict[str, Judge] = {}

    def of(self, schema: Any) -> Judge:
        """Return the judge of a schema; the first that refuses ends it."""
        if isinstance(schema, bool):
            return lambda _: schema
        kind = schema.get("type") if isinstance(schema.get("type"), str) else None
        tests = [
            _where_meant(name, test, kind)
            for name in sorted(schema, key="type".__ne__)
            if (test := self._test(name, schema[name], schema))
        ]
        return _every(tests)

    def _test(self, name: str, said: Any, schema: Mapping[str, Any]) -> Judge | None:
        """Return what judges by one keyword; None for one that says nothing."""
        if name in PLAIN:
            return PLAIN[name](said)
        making: Mapping[str, Callable[[Any, Any], Judge]] = {
            "$ref": self._referred,
            "not": self._negated,
            "allOf": self._all,
            "anyOf": self._any,
            "oneOf": self._one,
            "if": self._conditional,
            "items": self._items,
            "properties": self._properties,
            "additionalProperties": self._others,
            "propertyNames": self._names,
        }
        if name in making:
            return making[name](said, schema)
        if name in SILENT or name.startswith("x-"):
            return None
        raise UnjudgedError(name)

    def _referred(self, said: str, _: object) -> Judge:
        if said not in self._known:
            if not said.startswith("#/"):
                raise UnjudgedError(said)
            found: Any = self._whole
            for step in said.removeprefix("#/").split("/"):
                found = found[step]
            self._known[said] = lambda value: self._known[said](value)  # it may refer to itself
            self._known[said] = self.of(found)
        return self._known[said]

    def _negated(self, said: Any, _: object) -> Judge:
        judge = self.of(said)
        return lambda value: not judge(value)

    def _all(self, said: Iterable[Any], _: object) -> Judge:
        return _every([self.of(one) for one in said])

    def _any(self, said: Iterable[Any], _: object) -> Judge:
        return _some([self.of(one) for one in said])

    def _one(self, said: Iterable[Any], _: object) -> Judge:
        judges = [self.of(one) for one in said]
        return lambda value: sum(judge(value) for judge in judges) == 1

    def _conditional(self, said: Any, schema: Mapping[str, Any]) -> Judge:
        test = self.of(said)
        then, other = self.of(schema.get("then", True)), self.of(schema.get("else", True))
        return lambda value: then(value) if test(value) else other(value)

    def _items(self, said: Any, _: object) -> Judge:
        judge, at_once = self.of(said), judge_of_texts(said)
        if at_once is None:
            return lambda value: all(map(judge, value))
        return lambda value: at_once(value) or all(map(judge, value))

    def _properties(self, said: Mapping[str, Any], _: object) -> Judge:
        judges: dict[str, Judge] = {}  # of those that are met

        def judge(value: Mapping[str, Any]) -> bool:
            for name in value:
                if name in said:
                    if name not in judges:
                        judges[name] = self.of(said[name])
                    if not judges[name](value[name]):
                        return False
            return True

        return judge

    def _others(self, said: Any, schema: Mapping[str, Any]) -> Judge:
        known = frozenset(schema.get("properties", ()))
        if said is False:
            return lambda value: value.keys() <= known
        judge = self.of(said)
        return lambda value: all(judge(entry) for name, entry in value.items() if name not in known)

    def _names(self, said: Any, _: object) -> Judge:
        judge = self.of(said)
        return lambda value: all(map(judge, value))
