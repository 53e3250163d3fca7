"""The arguments of a command, which may all be texts, as those of an action."""

import json
from collections.abc import Mapping
from re import compile as pattern
from typing import Any

from ....errors import ArgumentError
from ....indicators.typed import type_of

TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
URL = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
SURE = pattern(r"\s+,\s*|,\s+")
NOT_BOTH = 'write a JSON array such as ["a", "b"], or values between commas, not both'


def arguments_of(rules: Mapping[str, Any], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of the types that a schema gives; what it does not know is left to it.

    rules: by argument. A list may be a list, one value, a JSON array, or texts between commas.
    Raises ArgumentError.
    """
    return {
        name: _typed(name, value, rules[name]) if name in rules else value
        for name, value in args.items()
    }


def flag(args: dict[str, Any], name: str) -> bool:
    """Take a boolean out of the arguments; without it, it is false. Raises ArgumentError."""
    value = args.pop(name, None)
    return bool(_boolean(name, value)) if value not in (None, "") else False


def texts(args: dict[str, Any], name: str) -> list[str]:
    """Take a list of names out of the arguments. Raises ArgumentError."""
    value = args.pop(name, None)
    if value in (None, ""):
        return []
    return [str(entry) for entry in listed(name, value)]


def _typed(name: str, value: Any, rule: Mapping[str, Any]) -> Any:
    kind = rule.get("type")
    kinds = [kind] if isinstance(kind, str) else list(kind or ())
    if "array" in kinds:
        return listed(name, value)
    if not isinstance(value, str):
        return value
    if "object" in kinds:
        return _json(name, value, "{")
    if "boolean" in kinds:
        return _boolean(name, value)
    for number, convert in (("integer", int), ("number", float)):
        if number in kinds:
            try:
                return convert(value)
            except ValueError:
                raise ArgumentError(f"{name}: {value!r} is not of type {number}") from None
    return value


def _boolean(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if str(value).strip().lower() not in TRUTHS:
        raise ArgumentError(f"{name}: {value!r} is not true or false")
    return TRUTHS[str(value).strip().lower()]


def listed(name: str, value: Any) -> Any:
    """Return a list; of one entry of a context, the server gives the entry alone."""
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return _json(name, text, "[")
    if text.startswith("{"):
        return [_json(name, text, "{")]
    return _between_commas(name, text) if text else []


def _json(name: str, text: str, begins: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    wanted: type = list if begins == "[" else dict
    if not isinstance(found, wanted):
        problem = NOT_BOTH if begins == "[" else "is a structure; write it as a JSON object"
        raise ArgumentError(f"{name}: {problem}")
    return found


def _between_commas(name: str, text: str) -> list[str]:
    """Divide texts at commas; a comma before or after a space is never a part of a URL."""
    found: list[str] = []
    for chunk in SURE.split(text):
        parts = [part.strip() for part in chunk.split(",")]
        if any(part.startswith(("[", '"', "{")) for part in parts):
            raise ArgumentError(f"{name}: {NOT_BOTH}")
        found += parts if len(parts) == 1 else _told_apart(name, chunk, parts)
    return found


def _told_apart(name: str, chunk: str, parts: list[str]) -> list[str]:
    """Tell a URL that holds commas from several values; never guess."""
    urls = [bool(URL.match(part)) for part in parts]
    if not any(urls) or all(urls):
        return parts
    alone = [url or type_of(part) is not None for part, url in zip(parts, urls, strict=True)]
    if urls[0] and not any(alone[1:]):
        return [chunk]
    if all(alone) and not any(urls[:-1]):  # nothing follows on the URL
        return parts
    raise ArgumentError(
        f"{name}: holds a URL and commas, which may be a part of it; write a JSON array such as "
        '["http://a.example/x,y"]'
    )
