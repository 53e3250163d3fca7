"""Which values came before, in memory that stays the same however many there are."""

from hashlib import blake2b
from os import pread, pwrite
from tempfile import TemporaryFile
from weakref import finalize

IN_MEMORY = 500_000  # values; of the others a digest is kept in a file
FEWEST_BUCKETS = 1 << 20  # of 256 MB on the disk
LARGER = 4  # times as many in the next table
_DIGEST, _SLOTS = 16, 16  # bytes; digests in a bucket
_BUCKET = _DIGEST * _SLOTS  # bytes


class Seen:
    """Values that were met; the first many as they are, then by digests that no two share."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._tables: list[_Table] = []

    def is_new(self, value: str) -> bool:
        """Tell whether a value is met for the first time, and remember it."""
        if value in self._values:
            return False
        if len(self._values) < IN_MEMORY:
            self._values.add(value)
            return True
        digest = blake2b(value.encode(), digest_size=_DIGEST).digest()
        tables = self._tables
        if not tables or tables[-1].is_full:
            tables.append(_Table(FEWEST_BUCKETS * LARGER ** len(tables)))
        if any(table.has(digest) for table in tables[:-1]):
            return False
        return tables[-1].add(digest)


class _Table:
    """A hash table of digests in a file that nobody else sees, and that is gone with the process.

    A digest stands in the bucket that its first bytes name, or in the next one that has room.
    """

    def __init__(self, buckets: int) -> None:
        file = TemporaryFile(buffering=0)  # noqa: SIM115  # closed with the table
        finalize(self, file.close)
        file.truncate(buckets * _BUCKET)
        self._number, self._buckets, self._count = file.fileno(), buckets, 0

    @property
    def is_full(self) -> bool:
        """Whether more digests would make it slow."""
        return self._count * 2 >= self._buckets * _SLOTS

    def has(self, digest: bytes) -> bool:
        """Tell whether a digest is there."""
        return self._place(digest) is None

    def add(self, digest: bytes) -> bool:
        """Add a digest; tell whether it was not there."""
        place = self._place(digest)
        if place is None:
            return False
        pwrite(self._number, digest, place)
        self._count += 1
        return True

    def _place(self, digest: bytes) -> int | None:
        """Return where a digest would be added; None when it is there."""
        bucket = int.from_bytes(digest[:8], "little") % self._buckets
        while True:
            known = pread(self._number, _BUCKET, bucket * _BUCKET)
            at = known.find(digest)
            if at >= 0 and at % _DIGEST == 0:
                return None
            room = -(-len(known.rstrip(b"\0")) // _DIGEST) * _DIGEST  # it may end with zeros
            if room < _BUCKET:
                return bucket * _BUCKET + room
            bucket = (bucket + 1) % self._buckets
