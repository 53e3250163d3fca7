"""Read the patterns of STIX 2.0 and 2.1 indicators.

Only objects of type "indicator" are items, revoked ones too: to remove them is the point. What a
bundle observes (SCOs such as ipv4-addr) indicates nothing, and is not read.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from .items import Indicator, Unused, typed_item

_TOKEN = re.compile(
    r"""\s*(?:(?P<path>[\w-]+:(?:[\w-]+|'[^'\\]*')(?:\.(?:[\w-]+|'[^'\\]*')|\[(?:\d+|\*)\])*)
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<equal>==?)
    |(?P<mark>[][()])
    |(?P<word>[A-Za-z]+\b(?!'))
    |(?P<operator>!=|<>|<=?|>=?)
    |(?P<other>[\w.+-]+|\S))""",
    re.VERBOSE | re.DOTALL,
)
_TYPES = {
    "ipv4-addr:value": ("ipv4",),
    "ipv6-addr:value": ("ipv6",),
    "domain-name:value": ("domain",),
    "url:value": ("url",),
    "file:hashes.md5": ("md5",),
    "file:hashes.sha1": ("sha1",),
    "file:hashes.sha256": ("sha256",),
}
_NOT_READ = "only = comparisons joined by OR are read"


class _PatternError(Exception):
    """A pattern that is not read; its text says why."""


def stix_items(objects: Sequence[Any]) -> Iterator[Indicator | Unused]:
    """Yield an item for each comparison of each indicator's pattern, or one for the pattern."""
    for index, found in enumerate(objects):
        if not isinstance(found, dict) or found.get("type") != "indicator":
            continue
        place = f"objects[{index}].pattern"
        pattern, language = found.get("pattern"), found.get("pattern_type", "stix")
        if not isinstance(pattern, str):
            yield Unused(str(found.get("id", "")), place, "the indicator has no pattern")
        elif language != "stix":
            yield Unused(pattern, place, f"a pattern of type {language}, not stix")
        else:
            yield from _pattern_items(pattern, place)


def _pattern_items(pattern: str, place: str) -> Iterator[Indicator | Unused]:
    try:
        comparisons = list(_comparisons(pattern))
    except _PatternError as error:
        yield Unused(pattern, place, str(error))
        return
    for number, (path, value) in enumerate(comparisons, 1):
        where = place if len(comparisons) == 1 else f"{place}, comparison {number}"
        claimed = _TYPES.get(_plain(path))
        if claimed:
            yield typed_item(value, where, claimed, path)
        else:
            yield Unused(value, where, f"{path} is not a hash, an address, a domain or a URL")


def _plain(path: str) -> str:
    """Return a path in one spelling: file:hashes.'SHA-256', SHA256 and sha-256 are the same."""
    kind, _, rest = path.partition(":")
    if kind != "file":
        return path
    return f"{kind}:{rest.replace(chr(39), '').replace('-', '').lower()}"


def _comparisons(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield path and value of each comparison; all else than = and OR is an error."""
    tokens = [(str(found.lastgroup), found[0].strip()) for found in _TOKEN.finditer(pattern)]
    opened: list[str] = []
    wanted = True  # a comparison or an opening bracket comes next, else an OR or a closing one
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        inside = "[" in opened[-1:] or "[(" in opened[-1:]
        if wanted and kind == "path" and inside:
            yield text, _compared(tokens[at + 1 : at + 3])
            wanted, at = False, at + 2
        elif wanted and (text == "(" or (text == "[" and not inside)):
            opened.append("[(" if inside else text)
        elif not wanted and opened and text == _CLOSES[opened[-1]]:
            opened.pop()
        elif not wanted and text.upper() == "OR":
            wanted = True
        else:
            raise _PatternError(_refusal(kind, text))
        at += 1
    if wanted or opened:
        raise _PatternError("not a STIX pattern: it ends too early")


_CLOSES = {"[": "]", "(": ")", "[(": ")"}


def _compared(tokens: Sequence[tuple[str, str]]) -> str:
    if len(tokens) < 2:
        raise _PatternError("not a STIX pattern: it ends too early")
    (operator, sign), (kind, text) = tokens
    if operator != "equal":
        raise _PatternError(_refusal(operator, sign))
    if kind != "text":
        raise _PatternError(f"compares with {text}, not with a text in quotes")
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _refusal(kind: str, text: str) -> str:
    if kind in {"word", "operator"}:
        return f"the pattern uses {text.upper()}: {_NOT_READ}"
    return f"not a STIX pattern: {text!r} stands where it may not"
