"""Values in parts of a file by their hash; marks in memory tell of most that they are new."""

from array import array
from collections.abc import Iterable
from itertools import combinations, islice
from os import pread, pwrite
from struct import Struct
from tempfile import TemporaryFile
from weakref import finalize

MARKS = 1 << 21  # words of 32 bits that tell of most values that they are new
BITS = 1 << 12  # ways to mark a word
PARTS = 1 << 12  # of the file, by the hash of a value
PIECE = 1_024  # bytes of a part that are written together, in the mean
NONE = -1  # the place of the piece before the first
_HEAD = Struct("<qq")  # of a piece: place and length of the one before


class Parted:
    """Texts without line breaks in a file that nobody else sees, and that is gone with the process.

    Each value marks three bits of a word, by its hash: one of which not all are marked is new. Of
    the few others the part of the file is searched that the word names.
    """

    def __init__(self) -> None:
        self._marks = array("I", [0]) * MARKS
        three = islice(combinations(range(32), 3), BITS)
        self._bits = [sum(1 << bit for bit in bits) for bits in three]
        self._pieces = [bytearray(b"\n") for _ in range(PARTS)]
        self._size = 0  # bytes of the pieces
        self._places = array("q", [NONE]) * PARTS  # of the last piece that was written
        self._lengths = array("q", [0]) * PARTS
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with this
        self._number, self._end = file.fileno(), 0
        finalize(self, file.close)

    def met(self, distinct: Iterable[str]) -> set[str]:
        """Return which of some values were met before, and remember the others."""
        marks, pieces, bits_of, met = self._marks, self._pieces, self._bits, set[str]()
        size, of_marks, of_parts, of_bits = 0, MARKS - 1, PARTS - 1, BITS - 1
        for value in distinct:
            known = hash(value)
            at, bits = known >> 24 & of_marks, bits_of[known >> 48 & of_bits]
            marked, line = marks[at], value.encode() + b"\n"
            if marked & bits == bits and self._has(at & of_parts, line):
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
