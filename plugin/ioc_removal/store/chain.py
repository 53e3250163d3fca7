"""The hashes of the journal: of a row, of a link of a run's chain, of a head of the global chain.

Each is the SHA-256, in hexadecimal, of a JSON array without spaces in ASCII, or its HMAC-SHA256
where a key is set. Every hash covers the one before it, so that none can be changed alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from hmac import digest, new
from json import JSONEncoder
from json.encoder import encode_basestring_ascii as encoded
from typing import Any, NamedTuple

from ..secret import Secret

DIGITS = 64  # of a hash
START = "0" * DIGITS  # the hash before the first
MARK = 8  # digits of a row's hash that its link repeats, to tell which of its rows was changed
ROW = (
    "run", "call", "batch", "position", "value", "id", "target", "outcome", "reason",
    "http_status", "request_id", "attempts", "maybe_ours", "response", "settled", "advice",
    "verified", "snapshot", "not_restored",
)  # fmt: skip

_encode = JSONEncoder(
    separators=(",", ":"), default=repr
).encode  # bytes, when it was tampered with
_TEXTS: Mapping[type, Callable[[Any], str]] = {
    str: encoded,
    int: str,
    type(None): lambda _: "null",
}


def array(values: Iterable[Any]) -> str:
    """Return a JSON array without spaces; an encoder made anew takes several times as long."""
    return f"[{','.join([_TEXTS.get(type(value), _encode)(value) for value in values])}]"


class Link(NamedTuple):
    """A link of a run's chain, as the table has it, without its hash.

    number: from 0; kind: "begin", "batch", "end", ...; call, batch: of a batch; rows: how many it
    has; marks: the first digits of their hashes; facts: JSON; at: ISO 8601, UTC; key: the name of
    the key, None without one.
    """

    run: str
    number: int
    kind: str
    call: str | None
    batch: int | None
    rows: int
    marks: str
    facts: str
    at: str
    key: str | None


class Head(NamedTuple):
    """A link of the global chain: how far a run's chain was; last: the hash of its last link."""

    number: int
    run: str
    links: int
    rows: int
    last: str
    key: str | None


class Hashing:
    """Makes the hashes; with a key nobody without it can make them.

    key: of the settings, None for plain SHA-256.
    """

    def __init__(self, key: Secret | None = None) -> None:
        self._key = None if key is None else key.reveal().encode()
        self.name = None if key is None else self._hash(["ioc-removal journal key"])[:16]

    def row(self, columns: Sequence[Any]) -> str:
        """Return the hash of a row; columns: those of ROW, as SQLite has them."""
        return self._hash(columns)

    def text(self, text: str) -> str:
        """Return the hash of a row as its JSON has it."""
        data = text.encode()
        return (
            sha256(data).hexdigest()
            if self._key is None
            else digest(self._key, data, "sha256").hex()
        )

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Return the hashes of rows as their JSON has them."""
        if self._key is None:
            return [sha256(text.encode()).hexdigest() for text in texts]
        return [*map(self.text, texts)]

    @cached_property
    def no_rows(self) -> "RowHashes":
        """The hashes of no rows, to which none are added."""
        return self.rows()

    def rows(self, hashes: Sequence[str] = ()) -> "RowHashes":
        """Return what gathers the hashes of a batch's rows; hashes: of the first of them."""
        made = RowHashes(sha256() if self._key is None else new(self._key, digestmod="sha256"))
        made.add(hashes)
        return made

    def link(self, before: str, link: Link, rows: "Iterable[str] | RowHashes") -> str:
        """Return the hash of a link; before: that of the link before; rows: those of its rows."""
        gathered = rows if isinstance(rows, RowHashes) else self.rows(list(rows))
        return self._hash([before, *link, gathered.hash])

    def head(self, before: str, head: Head) -> str:
        """Return the hash of a head; before: that of the head before."""
        return self._hash([before, *head])

    def _hash(self, value: Sequence[Any]) -> str:
        return self.text(array(value))


class RowHashes:
    """The hashes of a batch's rows, of which only what a link tells of them is kept.

    whole: makes the hash of the JSON array of them.
    """

    def __init__(self, whole: Any) -> None:
        self._whole, self.count = whole, 0
        self._marks: list[str] = []
        whole.update(b"[")

    def add(self, hashes: Sequence[str]) -> None:
        """Add the hashes of the next rows."""
        if hashes:
            text = '","'.join(hashes)
            self._whole.update(f'{"," if self.count else ""}"{text}"'.encode())
            self._marks.append(marks_of(hashes))
            self.count += len(hashes)

    @property
    def marks(self) -> str:
        """The marks of the rows."""
        return "".join(self._marks)

    @property
    def hash(self) -> str:
        """The hash of them all."""
        whole = self._whole.copy()
        whole.update(b"]")
        return str(whole.hexdigest())


def marks_of(rows: Iterable[str]) -> str:
    """Return the marks of rows by their hashes."""
    return "".join([row[:MARK] for row in rows])
