"""Values in a file in the order in which they came, found by tables in memory."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from itertools import cycle
from operator import itemgetter
from os import pread, pwrite
from struct import pack, unpack
from sys import byteorder
from tempfile import TemporaryFile
from weakref import finalize

from ..errors import ArgumentError

CELLS = 64  # of the first table, each of 32 bits, for a value that was in memory; or up to 128
MORE_CELLS = 1 << 20  # of each of the first tables that are added
AS_LARGE = 4  # tables that are added before one is twice as large
CROWDED = 50_000  # values that are kept in memory until a table is added
LED = 1_000  # values that are led to cells together when a table is added
CHUNK = 128  # values that are read together
CHUNKS = 8  # that are written together
ASKED = 8  # values that a chunk is searched for one by one
LAST = (1 << 22) - 1  # the bits of a cell that name a chunk, and the last chunk
# Where the bits of a hash begin that lead to a cell of each added table. A cell holds its last ten.
SHIFTS = (24, 33, 12, 28)
Led = Iterable[tuple[str, int, int]]  # values with the place of a cell, and what they fill it with


class Placed:
    """Texts without line breaks in a file that nobody else sees, and that is gone with the process.

    The hash of a value leads to a cell. One that is empty tells that the value is new, and is
    filled with other bits of its hash and the number of its chunk, from 1 on. Where these bits are
    the same, the chunk is searched. A value whose cell another one has is led to one of the next
    table; after the last it stays in memory, until so many do that a table is added.

    few: values that were met, and are not asked for; they are taken when a table is added.
    """

    def __init__(self, few: set[str]) -> None:
        self._few, self._crowd = few, set[str]()
        self._cells = array("I", [0]) * (1 << (CELLS * len(few)).bit_length())
        self._more: list[array[int]] = []
        self._starts = array("q", [0, 1])  # in the file, of each chunk: after a line break
        self._chunks: list[list[str]] = [[]]  # that are not yet written; the last may grow
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        self._file = file.fileno()
        finalize(self, file.close)
        pwrite(self._file, b"\n", 0)

    def met(self, values: Sequence[str]) -> set[str]:
        """Return which of some values were met before, and remember the others.

        values: at least one, all different. Raises ArgumentError when there are too many.
        """
        if self._chunks[-1] and len(self._chunks[-1]) + len(values) > CHUNK:
            self._chunks.append([])
        chunk = len(self._starts) + len(self._chunks) - 2
        if chunk + len(values) // CHUNK > LAST:
            most = LAST * CHUNK // 2  # where chunks are half full
            raise ArgumentError(f"too many different values in a list: give at most {most:,}")
        places, entries = _led(values, chunk, len(self._cells) - 1)
        itemgetter(*places)(self._cells)  # into the processor's cache, where each is waited for
        met = set[str]()
        others = self._put(self._cells, zip(values, places, entries, strict=True), met)
        for shift, cells in zip(cycle(SHIFTS), self._more, strict=False):
            if not others:
                break
            last = len(cells) - 1
            led = [hash(value) >> shift & last for value in others]
            others = self._put(cells, zip(others, led, others.values(), strict=True), met)
        met |= self._crowd & others.keys()
        self._crowd.update(others)
        self._add(values, met)
        if len(self._crowd) > CROWDED:
            self._grow()
        return met

    def _put(self, cells: "array[int]", led: Led, met: set[str]) -> dict[str, int]:
        """Fill cells, add values that were met before, and return those whose cell another has.

        These with what they would have filled it with.
        """
        others: dict[str, int] = {}
        asked: dict[int, dict[str, int]] = {}  # by the chunk that their cells name
        for value, place, entry in led:
            cell = cells[place]
            if not cell:
                cells[place] = entry
            elif cell ^ entry > LAST:
                others[value] = entry
            else:
                asked.setdefault(cell & LAST, {})[value] = entry
        for chunk, values in asked.items():
            found = self._in_chunk(chunk, values)
            met |= found
            others.update((value, values[value]) for value in values.keys() - found)
        return others

    def _in_chunk(self, chunk: int, values: Collection[str]) -> set[str]:
        """Return which of some values are in a chunk."""
        written = len(self._starts) - 1
        if chunk >= written:
            there = self._chunks[chunk - written : chunk - written + 1]
            return {*values}.intersection(*there) if there else set()
        start = self._starts[chunk] - 1
        text = pread(self._file, self._starts[chunk + 1] - start, start)
        if len(values) > ASKED:
            lines = {*text.split(b"\n")[1:-1]}
            return {value for value in values if value.encode() in lines}
        return {value for value in values if b"\n%b\n" % value.encode() in text}

    def _grow(self) -> None:
        """Add a table, and lead what is in memory to cells."""
        self._more.append(array("I", [0]) * (MORE_CELLS << len(self._more) // AS_LARGE))
        left = [*self._crowd, *self._few]
        self._crowd.clear()
        self._few.clear()
        while left:
            self.met(left[-LED:])
            del left[-LED:]

    def _add(self, values: Sequence[str], met: Collection[str]) -> None:
        """Put those of some values that were not met before into chunks."""
        for start in range(0, len(values), CHUNK):
            if start:
                self._chunks.append([])
            part = values[start : start + CHUNK]
            self._chunks[-1] += [value for value in part if value not in met] if met else part
        if len(self._chunks) > CHUNKS:
            self._write()

    def _write(self) -> None:
        """Write the chunks, and begin others."""
        end, texts = self._starts[-1], []
        for lines in self._chunks:
            text = "\n".join(lines).encode() + b"\n" if lines else b""
            texts.append(text)
            end += len(text)
            self._starts.append(end)
        whole = b"".join(texts)
        while whole:
            whole = whole[pwrite(self._file, whole, end - len(whole)) :]
        self._chunks = [[]]


def _led(values: Sequence[str], chunk: int, last: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return by the hashes of values which cells are theirs, and what they fill them with.

    chunk: the number of that of the first value; last: the last cell.
    """
    count, tag = len(values), (1 << 32) - 1 - LAST
    if count == 1:
        known = hash(values[0])
        return (known & last,), (known >> 32 & tag | chunk & LAST,)
    # All at once, as the digits of one number: each by itself takes twice as long.
    form = f"{count}q"
    numbers = range(chunk, chunk + 1 + count // CHUNK)
    chunks = b"".join([pack("q", number & LAST) * CHUNK for number in numbers])[: 8 * count]
    hashes = int.from_bytes(pack(form, *map(hash, values)), byteorder)
    places = hashes & _each(last, count)
    entries = hashes >> 32 & _each(tag, count) | int.from_bytes(chunks, byteorder)
    return (
        unpack(form, places.to_bytes(8 * count, byteorder)),
        unpack(form, entries.to_bytes(8 * count, byteorder)),
    )


def _each(number: int, count: int) -> int:
    """Return a number that holds another one so many times."""
    return int.from_bytes(pack("q", number) * count, byteorder)
