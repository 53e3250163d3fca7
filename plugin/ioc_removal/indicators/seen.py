"""Which values came before, in memory that stays the same however many there are."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, islice
from os import pread, pwrite
from struct import Struct
from tempfile import TemporaryFile
from weakref import finalize

IN_MEMORY = 200_000  # values; the others are kept in a file
MARKS = 1 << 23  # words of 32 bits that tell of most values that they are new
BITS = 1 << 12  # ways to mark a word
PARTS = 1 << 13  # of the file, by the hash of a value
PIECE = 2_048  # bytes of a part that are written together, in the mean
NONE = -1  # the place of the piece before the first
_HEAD = Struct("<qq")  # of a piece: place and length of the one before


class Seen:
    """Values that were met, texts without line breaks; the first many as they are.

    in_memory: how many, IN_MEMORY by default.
    """

    def __init__(self, in_memory: int | None = None) -> None:
        self._values: set[str] = set()
        self._most = in_memory or IN_MEMORY
        self._kept: _Kept | None = None

    def is_new(self, value: str) -> bool:
        """Tell whether a value is met for the first time, and remember it."""
        return not self.again((value,))

    def again(self, values: Sequence[str]) -> list[int]:
        """Return where values stand that are not met for the first time, and remember all."""
        distinct = dict.fromkeys(values)
        met = self._met(distinct)
        if not met and len(distinct) == len(values):
            return []
        found = []
        for at, value in enumerate(values):
            if value in met:
                found.append(at)
            met.add(value)
        return found

    def _met(self, distinct: Collection[str]) -> set[str]:
        """Return which of some values were met before, and remember the others."""
        if self._kept is not None:
            return self._kept.met(distinct)
        met = self._values.intersection(distinct)
        self._values.update(distinct)
        if len(self._values) >= self._most:
            self._kept = _Kept(self._values)
        return met


class _Kept:
    """Values in a file that nobody else sees, and that is gone with the process.

    Each value marks three bits of a word, by its hash: one of which not all are marked is new. Of
    the few others the part of the file is searched that the word names. first: values that are
    marked, and not in the file.
    """

    def __init__(self, first: Collection[str]) -> None:
        self._first, self._marks = first, array("I", [0]) * MARKS
        three = islice(combinations(range(32), 3), BITS)
        self._bits = [sum(1 << bit for bit in bits) for bits in three]
        self._pieces = [bytearray(b"\n") for _ in range(PARTS)]
        self._size = 0  # bytes of the pieces
        self._places = array("q", [NONE]) * PARTS  # of the last piece that was written
        self._lengths = array("q", [0]) * PARTS
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        self._number, self._end = file.fileno(), 0
        finalize(self, file.close)
        for value in first:
            known = hash(value)
            self._marks[known & (MARKS - 1)] |= self._bits[known >> 40 & (BITS - 1)]

    def met(self, distinct: Iterable[str]) -> set[str]:
        """Return which of some values were met before, and remember the others."""
        marks, pieces, bits_of, met = self._marks, self._pieces, self._bits, set[str]()
        size, of_marks, of_parts, of_bits = 0, MARKS - 1, PARTS - 1, BITS - 1
        for value in distinct:
            known = hash(value)
            at, bits = known & of_marks, bits_of[known >> 40 & of_bits]
            marked, line = marks[at], value.encode() + b"\n"
            if marked & bits == bits and (value in self._first or self._has(at & of_parts, line)):
                met.add(value)
            else:
                marks[at] = marked | bits
                pieces[at & of_parts] += line
                size += len(line)
        self._size += size
        if self._size >= PARTS * PIECE:
            self._write()
        return met

    def _has(self, part: int, line: bytes) -> bool:
        """Tell whether a line is in a part."""
        line = b"\n" + line
        if line in self._pieces[part]:
            return True
        place, length = self._places[part], self._lengths[part]
        while place != NONE:
            piece = pread(self._number, length, place)
            if line in piece[_HEAD.size :]:
                return True
            place, length = _HEAD.unpack_from(piece)
        return False

    def _write(self) -> None:
        """Write all pieces, and begin others."""
        self._size = 0
        for part, piece in enumerate(self._pieces):
            whole = _HEAD.pack(self._places[part], self._lengths[part]) + piece
            self._places[part], self._lengths[part] = self._end, len(whole)
            while whole:
                written = pwrite(self._number, whole, self._end)
                whole, self._end = whole[written:], self._end + written
            piece[:] = b"\n"
