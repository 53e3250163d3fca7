"""What comes out of a file: indicators, and what was not used with its place and reason."""

from collections.abc import Collection
from typing import NamedTuple

from .refang import refang
from .typed import judged, plain_type


class Indicator(NamedTuple):
    """A value as it will be sent (trimmed and refanged), its type, and where it stood."""

    value: str
    type: str
    place: str


class Unused(NamedTuple):
    """A text that is not used, as the file has it, where it stood, and why."""

    text: str
    place: str
    reason: str


class Duplicate(NamedTuple):
    """A value that stood in the file before, and where it stands again."""

    value: str
    place: str


def typed_item(
    text: str, place: str, claimed: Collection[str] = (), claim: str = ""
) -> Indicator | Unused:
    """Refang and type one text.

    claimed: the types that the file allows it, all if empty; claim: how the file says so.
    """
    value = text
    kind, reason = plain_type(text), ""
    if kind is None:
        value = refang(text)
        kind, reason = judged(value)
    if kind is None:
        return Unused(text, place, reason)
    if claimed and kind not in claimed:
        return Unused(text, place, f"the file says {claim}, but the value is of type {kind}")
    return Indicator(value, kind, place)
