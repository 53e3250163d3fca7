"""How a system is quoted in messages and rows: masked, cut, and as JSON that a store takes."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from math import isfinite
from typing import Any
from urllib.parse import quote, quote_plus

from .secret import MASKED, Secret

DEEPEST = 50  # levels of JSON
LARGEST = 2**63 - 1
LEAVES = frozenset({str, bool, type(None)})
LONGEST_EXCERPT = 200
LONGEST_QUOTE = 300
LONGEST_NESTED = 2000  # characters of a list or an object, as JSON
MOST_FIELDS = 30
SHORTEST_MASKED = 6  # characters
# As html.escape() does, which takes longer to import than most of this.
AS_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_encoded = json.JSONEncoder(ensure_ascii=False).encode
# To be decoded by IAM, which takes it whole or not at all.
ENCODED, LONGEST_ENCODED = "encoded_authorization_message", 8192


class Quotes:
    """How a system is quoted: without the connection's secrets, and never at length.

    secrets: those that are known at the start.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: tuple[Secret, ...] = ()
        self.mask(*secrets)

    def mask(self, *secrets: Secret) -> None:
        """Mask some more secrets from now on; a short one is a part of too many words."""
        known = {secret.reveal() for secret in self._secrets}
        known.update(form for secret in secrets for form in _forms(secret.reveal()))
        long = (text for text in known if len(text) >= SHORTEST_MASKED)
        self._secrets = tuple(map(Secret, sorted(long, key=len, reverse=True)))
        # As JSON has them.
        self._written = [Secret(_encoded(secret.reveal())[1:-1]) for secret in self._secrets]

    def line(self, text: str, longest: int = LONGEST_QUOTE) -> str:
        """Return a text as one line that can be shown and stored."""
        shown = " ".join(self.masked(text).split())[: longest + 1]
        if not shown.isprintable():
            shown = "".join(char if char.isprintable() else "\ufffd" for char in shown)
        return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"

    def fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of an answer, each masked and cut."""
        return {
            self._cut(name, LONGEST_EXCERPT): self._field(name, value)
            for name, value in islice(said.items(), MOST_FIELDS)
        }

    def _field(self, name: str, value: Any) -> Any:
        longest = LONGEST_ENCODED if name == ENCODED else LONGEST_QUOTE
        kept = mapped(value, lambda text: self._cut(text, longest))
        if isinstance(kept, list | dict):
            text = json.dumps(kept, ensure_ascii=False)
            return kept if len(text) <= LONGEST_NESTED else self._cut(text, LONGEST_QUOTE)
        return kept

    def _cut(self, text: str, longest: int) -> str:
        masked = self.masked(text)
        return masked if len(masked) <= longest else f"{masked[: longest - 1]}…"

    def tells(self, text: str) -> bool:
        """Tell whether the text of some JSON may hold a secret, which it may escape."""
        return "\\" in text or any(secret.reveal() in text for secret in self._secrets)

    def cleaned(self, value: Any) -> Any:
        """Return a JSON value, whole, without the secrets; most have none, and stay the same.

        A number that no store takes becomes a text. Raises ValueError when it is too deep.
        """
        if not storable(value):
            return mapped(value, self.masked)
        text = _encoded(value)
        told = any(secret.reveal() in text for secret in self._written)
        return mapped(value, self.masked) if told else value

    def masked(self, text: str) -> str:
        """Return a text, whole, without the secrets."""
        for secret in self._secrets:
            text = text.replace(secret.reveal(), MASKED)
        return text


def _forms(text: str) -> Iterator[str]:
    """Yield how a text can stand in an answer: as it is, and as others encode it."""
    if len(text) < SHORTEST_MASKED:
        return
    data = text.encode("utf-8", "surrogatepass")
    yield text
    yield b64encode(data).decode()
    yield from (quote(data, safe=""), quote(data), quote_plus(data))
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield text.translate(AS_HTML)


def storable(value: Any, depth: int = 0) -> bool:
    """Tell whether a JSON value is one that mapped() leaves as it is, but for its texts."""
    kind = type(value)
    if kind in LEAVES:
        return True
    if kind is int:
        return bool(-LARGEST <= value <= LARGEST)
    if kind is float:
        return isfinite(value)
    if kind is not dict and kind is not list:
        return False
    if depth >= DEEPEST:
        return False
    for entry in value.values() if kind is dict else value:  # the quickest way
        if type(entry) not in LEAVES and not storable(entry, depth + 1):
            return False
    return True


def mapped(value: Any, change: Callable[[str], str], depth: int = 0) -> Any:
    """Change every text of a JSON value; a number that no store takes becomes a text."""
    if isinstance(value, str):
        return change(value)
    if depth > DEEPEST or (depth == DEEPEST and isinstance(value, list | dict) and value):
        raise ValueError("too deep")
    if isinstance(value, list):
        return [
            change(entry) if type(entry) is str else mapped(entry, change, depth + 1)
            for entry in value
        ]
    if isinstance(value, dict):
        return {
            change(key): change(entry) if type(entry) is str else mapped(entry, change, depth + 1)
            for key, entry in value.items()
        }
    wide = isinstance(value, int) and abs(value) > LARGEST
    return str(value) if wide or (isinstance(value, float) and not isfinite(value)) else value
