"""Whether answers say that something was done, read in every way in which they can be read."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from answering import POLICY, VALUES
from ioc_removal.outcome import ADDED, Outcome


def says_done(name: str, some: Sequence[bytes], outcome: Outcome) -> bool:
    """Tell whether one of some answers, read in any way, shows what was added or set."""
    if name.startswith("cybertrace"):
        return says_removed(name, some, outcome.indicator)
    shown = [
        part
        for answer in some
        for status, document in _readings(answer)
        if 200 <= status < 300
        for part in parts(document)
    ]
    if outcome.outcome == ADDED:
        words = {outcome.indicator.casefold()}
        return any(
            part.get("id") == outcome.id
            and words & {str(part.get("name")).casefold(), str(_value_of(part)).casefold()}
            for part in shown
        )
    wanted = {"Closed"} if name.startswith("secmaster") else {0}
    return any(
        part.get("id") == outcome.id and {part.get("status"), _status_of(part)} & wanted
        for part in shown
        if isinstance(part.get("status"), str | int | None)
    )


def parts(document: Any) -> Iterator[Mapping[str, Any]]:
    """Walk the objects of a document."""
    if isinstance(document, dict):
        yield document
        for inner in document.values():
            yield from parts(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from parts(inner)


def _value_of(part: Mapping[str, Any]) -> Any:
    fields = part.get("data_object")
    return fields.get("value") if isinstance(fields, dict) else None


def _status_of(part: Mapping[str, Any]) -> str | None:
    fields = part.get("data_object")
    status = fields.get("status") if isinstance(fields, dict) else None
    return status if isinstance(status, str) else None


def says_removed(name: str, some: Sequence[bytes], item: str) -> bool:
    """Tell whether one of some answers, read in any way, says that an item was removed."""
    judge = {"cybertrace": _cybertrace, "secmaster": _secmaster, "waf": _waf}[
        name.partition("-")[0]
    ]
    return any(
        judge(status, document, item) for answer in some for status, document in _readings(answer)
    )


def _cybertrace(status: int, document: Any, item: str) -> bool:
    said = document[0] if isinstance(document, list) and len(document) == 1 else document
    if not isinstance(said, dict) or not 200 <= status < 300 or status == 204:
        return False
    word, rows = said.get("status"), said.get("error_indicators") or []
    if not isinstance(word, str) or not word.strip() or not isinstance(rows, list):
        return False
    if not rows:
        return status in {200, 201} and "error" not in word.lower()
    others = [value for value in VALUES if value != item]
    names = [row.get("indicator") if isinstance(row, dict) else None for row in rows]
    return all(
        isinstance(said, str) and any(_alike(said, other) for other in others) for said in names
    )


def _alike(said: str, value: str) -> bool:
    return value.split("//")[-1].rstrip("/") in said.casefold()


def _secmaster(status: int, document: Any, item: str) -> bool:
    data = document.get("data") if isinstance(document, dict) else None
    if status != 200 or not isinstance(data, dict):
        return False
    return item in (data.get("success_ids") or ()) and item not in (data.get("error_ids") or ())


def _waf(status: int, document: Any, item: str) -> bool:
    return (
        status == 200
        and isinstance(document, dict)
        and (document.get("id"), document.get("policyid")) == (item, POLICY["policy_id"])
    )


def _readings(answer: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the status and the document of an answer, in each way in which it can be read."""
    rest = answer
    while True:
        head, end, rest = _split(rest)
        words = head.split(b"\n")[0].split()
        if not end or len(words) < 2 or not words[1].isdigit():
            return
        status = int(words[1])
        if status != 100:
            break
    for body in _bodies(rest):
        for text in (
            body.decode("utf-8", "replace"),
            body.decode("utf-8", "replace").replace("\\q", "\\\\q"),
        ):
            try:
                yield status, json.loads(text)
            except (ValueError, RecursionError):
                continue


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    found = [(data.find(end), end) for end in (b"\r\n\r\n", b"\n\n") if end in data]
    return data.partition(min(found)[1]) if found else (data, b"", b"")


def _bodies(rest: bytes) -> Iterator[bytes]:
    """Yield what a body can be: all of it, its start, its chunks; as it is or decompressed."""
    framed = {rest, *(rest[:-cut] for cut in range(1, 4)), _unchunked(rest)}
    for one in framed:
        yield one
        for bits in (31, 15, -15):
            try:
                once = zlib.decompressobj(bits).decompress(one)
                yield once
                yield zlib.decompressobj(31).decompress(once)
            except zlib.error:
                continue


def _unchunked(rest: bytes) -> bytes:
    body = b""
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            break
        if size <= 0:
            break
        body, rest = body + rest[:size], rest[size + 2 :]
    return body
