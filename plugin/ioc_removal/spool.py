"""Values that are too many for memory: lines of JSON in a file that nobody else sees."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from os import pread, pwrite
from tempfile import TemporaryFile
from typing import Any
from weakref import finalize

from .errors import StoreError

ROWS_IN_MEMORY = 10_000  # rows that are kept in memory
WRITTEN_AT_ONCE = 1 << 16  # characters of a part that are written together


class Spool(Collection[Any]):
    """Values that JSON holds, in parts, each in the order in which it was added to.

    It can be walked again and again, and is gone with the process. parts: how many. Raises
    StoreError when there is no room.
    """

    def __init__(self, parts: int = 1) -> None:
        self._lines: list[list[str]] = [[] for _ in range(parts)]  # not yet written
        self._sizes = [0] * parts
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(parts)]
        self._count = self._end = 0
        try:
            file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        except OSError as error:
            raise _no_room(error) from error
        self._number = file.fileno()
        finalize(self, file.close)

    def add(self, value: Any, part: int = 0) -> None:
        """Add a value to a part."""
        line, lines = json.dumps(value), self._lines[part]
        lines.append(line)
        self._count += 1
        self._sizes[part] += len(line)
        if self._sizes[part] >= WRITTEN_AT_ONCE:
            self._write(part)

    def lines(self, part: int = 0) -> Iterator[str]:
        """Yield the values of a part as they are written: each as json.dumps() gives it."""
        for piece in self._pieces(part):
            yield from piece.split("\n")

    def values(self, part: int = 0) -> Iterator[Any]:
        """Yield the values of a part."""
        for piece in self._pieces(part):
            yield from json.loads(f"[{piece.replace(chr(10), ',')}]")

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(map(self.values, range(len(self._lines))))

    def __len__(self) -> int:
        return self._count

    def __contains__(self, value: object) -> bool:
        return any(value == one for one in self)

    def _pieces(self, part: int) -> Iterator[str]:
        for place, length in self._places[part]:
            yield pread(self._number, length, place).decode("ascii")
        if lines := self._lines[part]:
            yield "\n".join(lines)

    def _write(self, part: int) -> None:
        whole = "\n".join(self._lines[part]).encode("ascii")
        self._places[part].append((self._end, len(whole)))
        while whole:
            try:
                written = pwrite(self._number, whole, self._end)
            except OSError as error:
                raise _no_room(error) from error
            whole, self._end = whole[written:], self._end + written
        self._lines[part].clear()
        self._sizes[part] = 0


class LongTexts(Sequence[str]):
    """A list of texts that is too long for memory.

    texts: what it holds. Raises StoreError when there is no room.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = Spool()
        for text in texts:
            self._texts.add(text)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, index: Any) -> Any:
        start, stop, step = slice_of(index).indices(len(self))
        if step < 0:
            return list(self)[index]
        found = list(islice(self, start, stop, step))
        if isinstance(index, slice):
            return found
        if not found or not -len(self) <= index < len(self):
            raise IndexError(index)
        return found[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LongTexts | list) and list(self) == list(other)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return repr(list(self))


def slice_of(index: int | slice) -> slice:
    """Return the part of a list that an index names."""
    if isinstance(index, slice):
        return index
    return slice(index, index + 1 or None)


def kept(rows: Iterable[dict[str, Any]]) -> Collection[dict[str, Any]]:
    """Return rows that can be walked again: a tuple of few, a spool of many.

    Raises what walking the rows raises, and StoreError.
    """
    if isinstance(rows, list):  # which takes its room already
        return tuple(rows)
    walk = iter(rows)
    few = tuple(islice(walk, ROWS_IN_MEMORY))
    if len(few) < ROWS_IN_MEMORY:
        return few
    spool = Spool()
    for row in chain(few, walk):
        spool.add(row)
    return spool


def texts_of(rows: Iterable[Any]) -> Iterator[str]:
    """Yield rows as json.dumps() gives them."""
    return rows.lines() if isinstance(rows, Spool) else map(json.dumps, rows)


def _no_room(error: OSError) -> StoreError:
    return StoreError(
        f"rows cannot be kept in a temporary file: {error.strerror}; free space where temporary "
        "files are, or name another folder by TMPDIR"
    )
