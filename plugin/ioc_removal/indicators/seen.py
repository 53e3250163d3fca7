"""Which values came before, in memory that stays the same however many there are."""

from array import array
from os import pread, pwrite
from struct import Struct
from tempfile import TemporaryFile
from weakref import finalize

IN_MEMORY = 500_000  # values; the others are kept in a file
MARKS = 1 << 27  # bits that tell of most values that they are new
PARTS = 1 << 13  # of the file, by the hash of a value
PIECE = 2_048  # bytes of a part that are written together
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
        values = self._values
        if value in values:
            return False
        if self._kept is None:
            values.add(value)
            if len(values) == self._most:
                self._kept = _Kept()
            return True
        return self._kept.is_new(value)


class _Kept:
    """Values in a file that nobody else sees, and that is gone with the process.

    Each value marks two bits, by its hash: one of which they are not both marked is new. Of the
    few others the part of the file is searched that its hash names.
    """

    def __init__(self) -> None:
        self._marks = bytearray(MARKS >> 3)
        self._pieces = [bytearray(b"\n") for _ in range(PARTS)]
        self._places = array("q", [NONE]) * PARTS  # of the last piece that was written
        self._lengths = array("q", [0]) * PARTS
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        self._number, self._end = file.fileno(), 0
        finalize(self, file.close)

    def is_new(self, value: str) -> bool:
        """Tell whether a value is met for the first time, and remember it."""
        known = hash(value)
        one, two, part = known % MARKS, (known >> 32) % MARKS, (known >> 16) % PARTS
        marks, line = self._marks, value.encode() + b"\n"
        at, other, bit, other_bit = one >> 3, two >> 3, 1 << (one & 7), 1 << (two & 7)
        if marks[at] & bit and marks[other] & other_bit and self._has(part, b"\n" + line):
            return False
        marks[at] |= bit
        marks[other] |= other_bit
        piece = self._pieces[part]
        piece += line
        if len(piece) >= PIECE:
            self._write(part, piece)
        return True

    def _has(self, part: int, line: bytes) -> bool:
        """Tell whether a line is in a part, with the ends of lines around it."""
        if line in self._pieces[part]:
            return True
        place, length = self._places[part], self._lengths[part]
        while place != NONE:
            piece = pread(self._number, length, place)
            if line in piece[_HEAD.size :]:
                return True
            place, length = _HEAD.unpack_from(piece)
        return False

    def _write(self, part: int, piece: bytearray) -> None:
        whole = _HEAD.pack(self._places[part], self._lengths[part]) + piece
        self._places[part], self._lengths[part] = self._end, len(whole)
        while whole:
            written = pwrite(self._number, whole, self._end)
            whole, self._end = whole[written:], self._end + written
        piece[:] = b"\n"
