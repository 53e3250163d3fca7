"""The body of a request that is a long list of objects alike."""

from collections.abc import Iterable, Mapping
from json import JSONEncoder
from json.encoder import encode_basestring_ascii as encoded
from typing import Any

_compact = JSONEncoder(separators=(",", ":")).encode


def objects_of(name: str, texts: Iterable[str], more: Mapping[str, Any]) -> bytes:
    """Return the JSON of a list of objects, one a text, put together at once.

    name: of the field that holds the text; more: the other fields, which all of them have.
    """
    begin = f"{{{encoded(name)}:"
    end = "".join(f",{encoded(key)}:{_compact(value)}" for key, value in more.items()) + "}"
    objects = f"{end},{begin}".join(map(encoded, texts))
    return f"[{begin}{objects}{end}]".encode() if objects else b"[]"
