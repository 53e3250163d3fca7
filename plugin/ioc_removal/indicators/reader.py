"""Read a file of indicators, whatever its form: the one door to this package."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from re import compile as pattern
from typing import Any, BinaryIO

from ..errors import ArgumentError
from .decoded import encoding_of, text_lines
from .delimited import delimited_portions, plain_portions
from .formats import FORMATS
from .items import Duplicate, Indicator, Portion, Unused, portions_of
from .misp import misp_events, misp_items
from .seen import Seen
from .stix import stix_items

__all__ = ["FORMATS", "Duplicate", "Indicator", "Portion", "Unused", "read_indicators"]

LARGEST_JSON = 256 << 20

_PIECE = 1 << 16
_EXTENSIONS = {"csv": "csv", "tsv": "csv", "txt": "text", "json": "json", "stix": "json"}
_JSON = pattern(r"\s*(?:\{|\[\s*[]{])")


def read_indicators(
    stream: BinaryIO,
    name: str,
    *,
    format: str | None = None,  # noqa: A002 (the option's name)
    column: str | None = None,
    to_ids_only: bool = False,
) -> Iterator[Portion]:
    """Yield what a file holds, in its order; a text that stood there before is a Duplicate.

    The items are all that was read, so read = used + duplicates + unused. CSV and text are read in
    portions, JSON whole. An ArgumentError may come at any portion: collect them before use.

    name: the file's name, for its extension and for messages; format: one of FORMATS, else the
    extension decides, else the content; column: for CSV, by header or by number from 1;
    to_ids_only: for MISP, only attributes that are marked for detection.
    """
    if format is not None and format not in FORMATS:
        raise ArgumentError(f"format: {format!r} is none of {', '.join(FORMATS)}")
    pieces = iter(lambda: stream.read(_PIECE), b"")
    start = next(pieces, b"")
    form = format or ("csv" if column is not None else _form(name, start))
    whole = chain([start], pieces)
    if column is not None and form != "csv":
        raise ArgumentError(f"{name}: --column is for CSV, not for {form}")
    if to_ids_only and form in {"csv", "text"}:
        raise ArgumentError(f"{name}: --to-ids-only is for MISP events, not for {form}")
    portions: Iterator[Portion]
    if form == "text":
        portions = plain_portions(text_lines(whole, name))
    elif form == "csv":
        portions = delimited_portions(text_lines(whole, name), name, column)
    else:
        document = _document(whole, name)
        portions = portions_of(_json_items(document, name, form, to_ids_only=to_ids_only))
    yield from _once(portions)


def _once(portions: Iterable[Portion]) -> Iterator[Portion]:
    """Note in each portion what stood in the file before."""
    seen = Seen()
    for portion in portions:
        places = portion.of_used(range(len(portion.values)))
        for again in seen.again(portion.of_used(portion.values)):
            at = places[again]
            portion.others[at] = Duplicate(portion.values[at], portion.place(at))
        yield portion


def _form(name: str, start: bytes) -> str:
    """Return csv, text or json, by the extension or else by how the content begins."""
    by_extension = _EXTENSIONS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if by_extension:
        return by_extension
    text = start.decode(encoding_of(start), "replace")
    return "json" if _JSON.match(text) else "csv"


def _document(pieces: Iterable[bytes], name: str) -> Any:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > LARGEST_JSON:
            limit = f"{LARGEST_JSON >> 20} MiB"
            raise ArgumentError(
                f"{name}: JSON above {limit} is not read: split it, or export CSV or text"
            )
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ArgumentError(f"{name}: {where}: not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} at offset {error.start}"
        line = 1 + bytes(content[: error.start]).count(b"\n")
        raise ArgumentError(
            f"{name}: line {line}: {byte} is not {error.encoding.upper()}: save the file as UTF-8"
        ) from error
    except (RecursionError, ValueError) as error:
        raise ArgumentError(
            f"{name}: not readable as JSON: it is nested too deeply or holds too long a number"
        ) from error


def _json_items(
    document: Any, name: str, form: str, *, to_ids_only: bool
) -> Iterator[Indicator | Unused]:
    objects = document.get("objects") if isinstance(document, dict) else None
    is_stix = isinstance(objects, list) and document.get("type", "bundle") == "bundle"
    if isinstance(objects, list) and is_stix and form != "misp":
        if to_ids_only:
            raise ArgumentError(f"{name}: --to-ids-only is for MISP events, not for a STIX bundle")
        return stix_items(objects)
    if misp_events(document) and form != "stix":
        return misp_items(document, to_ids_only=to_ids_only)
    wanted = {"stix": "a STIX bundle", "misp": "a MISP event"}.get(form)
    raise ArgumentError(
        f"{name}: not {wanted or 'a STIX bundle or a MISP event'}: expected"
        ' {"type": "bundle", "objects": [...]} or {"Event": {...}}'
    )
