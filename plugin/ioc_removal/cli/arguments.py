"""name=value from the command line -> arguments of the types that a schema gives."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from sys import stdin
from typing import Any

from ..errors import ArgumentError, DefinitionError
from ..wording import hint

BOOLEANS = {"true": True, "false": False}


def parsed(
    texts: Iterable[str], rules: Mapping[str, Mapping[str, Any]], what: str = "argument"
) -> dict[str, Any]:
    """Read NAME=VALUE and NAME:=JSON, each by the rule of its name.

    rules: schemas by name; a repeated name makes a list when its rule says array, or nothing.
    Raises ArgumentError, one line a mistake.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for text in texts:
        try:
            _add(values, text, rules, what)
        except ArgumentError as error:
            problems += error.problems
    if problems:
        raise ArgumentError(*problems)
    return values


def read_arguments(path: str) -> dict[str, Any]:
    """Read arguments from a file with one JSON or YAML object; "-" is standard input."""
    name = "standard input" if path == "-" else path
    try:
        text = stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ArgumentError(f"{name}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{name}: cannot be read: it is not UTF-8") from error
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        from ..yaml_reading import parse_with_lines

        try:
            value, _ = parse_with_lines(text, name)
        except DefinitionError as error:
            raise ArgumentError(str(error)) from error
    if not isinstance(value, dict):
        raise ArgumentError(f"{name}: must hold one object, argument names with their values")
    return value


def _add(
    values: dict[str, Any], text: str, rules: Mapping[str, Mapping[str, Any]], what: str
) -> None:
    """Read one NAME=VALUE or NAME:=JSON into the values."""
    name, equals, value = text.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":")
    if not equals or not name:
        raise ArgumentError(f"{text!r}: write it NAME=VALUE or NAME:=JSON")
    if name not in rules:
        there = hint(name, rules) or f" (there is: {', '.join(rules) or 'none'})"
        raise ArgumentError(f"{name}: there is no such {what}{there}")
    rule, known = rules[name], values.get(name)
    makes_list = not is_json and ("array" in _kinds(rule) or (known is not None and not rule))
    if name not in values:
        read = _json(name, value) if is_json else _typed(name, value, _item(rule))
        values[name] = [read] if makes_list else read
    elif makes_list:
        first = known if isinstance(known, list) else [known]
        values[name] = [*first, _typed(name, value, _item(rule))]
    else:
        raise ArgumentError(f"{name}: is given twice")


def _kinds(rule: Mapping[str, Any]) -> list[str]:
    kind = rule.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _item(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the rule of one value: of the items, where a list is wanted."""
    items: Mapping[str, Any] = rule.get("items", {})
    return items if "array" in _kinds(rule) else rule


def _typed(name: str, text: str, rule: Mapping[str, Any]) -> Any:
    kinds = _kinds(rule)
    if not kinds or "string" in kinds:
        return text
    if "boolean" in kinds and text in BOOLEANS:
        return BOOLEANS[text]
    for kind, number in (("integer", int), ("number", float)):
        if kind in kinds:
            try:
                return number(text)
            except ValueError:
                continue
    if "boolean" in kinds:
        raise ArgumentError(f"{name}: {text!r} is not true or false")
    if "integer" in kinds or "number" in kinds:
        raise ArgumentError(f"{name}: {text!r} is not of type {kinds[0]}")
    raise ArgumentError(f"{name}: is a structure; write it as JSON, {name}:=JSON")


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentError(f"{name}: not JSON: {error}") from error
    except RecursionError as error:
        raise ArgumentError(f"{name}: not JSON: nested too deep") from error
