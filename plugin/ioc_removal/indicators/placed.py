"""Values in a file in the order in which they came, found by a table in memory of one size."""

from array import array
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from os import pread, pwrite
from struct import pack, unpack
from sys import byteorder
from tempfile import TemporaryFile
from weakref import finalize

from .parted import Parted

# Half as many would take 16 MB: when that much is given back, glibc keeps all it is given from then
# on, up to 32 MB. What is larger does not count.
CELLS = 1 << 23  # of the table, each of 32 bits
CROWDED = 50_000  # values that are kept in memory, of those whose cell is another's
CHUNK = 128  # values that are read together
CHUNKS = 8  # that are written together
ASKED = 8  # values that a chunk is searched for one by one
NUMBER = (1 << 18) - 1  # the bits of a cell that name a chunk, and the last chunk


class Placed:
    """Texts without line breaks in a file that nobody else sees, and that is gone with the process.

    The hash of a value leads to a cell. One that is empty tells that the value is new, and is
    filled with other bits of its hash and the number of its chunk, from 1 on. Where these bits are
    the same, the chunk is searched. A value whose cell another one has is kept elsewhere.

    few: values that were met, and are not asked for; up to CROWDED are added.
    """

    def __init__(self, few: set[str]) -> None:
        self._few, self._most = few, len(few) + CROWDED
        self._cells = array("I", [0]) * CELLS
        self._starts = array("q", [0, 1])  # in the file, of each chunk: after a line break
        self._chunks: list[list[str]] = [[]]  # that are not yet written; the last may grow
        self._others: Parted | None = None
        self._full = False
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        self._file = file.fileno()
        finalize(self, file.close)
        pwrite(self._file, b"\n", 0)

    def met(self, values: Sequence[str]) -> set[str]:
        """Return which of some values were met before, and remember the others.

        values: at least one, all different.
        """
        if self._chunks[-1] and len(self._chunks[-1]) + len(values) > CHUNK:
            self._chunks.append([])
        chunk = len(self._starts) + len(self._chunks) - 2
        self._full |= chunk + len(values) // CHUNK > NUMBER
        cells, full = self._cells, self._full
        asked: dict[int, list[str]] = {}  # by the chunk that their cells name
        others: list[str] = []
        places, entries = _led(values, chunk)
        itemgetter(*places)(cells)  # into the processor's cache; one by one they are waited for
        for value, place, entry in zip(values, places, entries, strict=True):
            cell = cells[place]
            if not cell and not full:
                cells[place] = entry
            elif cell ^ entry > NUMBER or not cell:
                others.append(value)
            else:
                asked.setdefault(cell & NUMBER, []).append(value)
        met = self._among(asked, others) if asked or others else set()
        if not full:
            self._add(values, met)
        return met

    def _among(self, asked: Mapping[int, Sequence[str]], others: list[str]) -> set[str]:
        """Return which of some values were met before, and remember the others.

        asked: values by the chunk in which they may be; others: whose cell another value has.
        """
        met: set[str] = set()
        for chunk, values in asked.items():
            found = self._in_chunk(chunk, values)
            met |= found
            others += [value for value in values if value not in found]
        if self._others is None and len(self._few) + len(others) <= self._most:
            self._few.update(others)
        elif others:
            self._others = self._others or Parted()
            met |= self._others.met(others)
        return met

    def _in_chunk(self, chunk: int, values: Sequence[str]) -> set[str]:
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


def _led(values: Sequence[str], chunk: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return by the hashes of values which cells are theirs, and what they fill them with.

    chunk: the number of that of the first.
    """
    count, tag = len(values), (1 << 32) - 1 - NUMBER
    if count == 1:
        known = hash(values[0])
        return (known & (CELLS - 1),), (known >> 32 & tag | chunk & NUMBER,)
    # All at once, as the digits of one number: each by itself takes twice as long.
    form = f"{count}q"
    numbers = range(chunk, chunk + 1 + count // CHUNK)
    chunks = b"".join([pack("q", number & NUMBER) * CHUNK for number in numbers])[: 8 * count]
    hashes = int.from_bytes(pack(form, *map(hash, values)), byteorder)
    places = hashes & _each(CELLS - 1, count)
    entries = hashes >> 32 & _each(tag, count) | int.from_bytes(chunks, byteorder)
    return (
        unpack(form, places.to_bytes(8 * count, byteorder)),
        unpack(form, entries.to_bytes(8 * count, byteorder)),
    )


def _each(number: int, count: int) -> int:
    """Return a number that holds another one so many times."""
    return int.from_bytes(pack("q", number) * count, byteorder)
