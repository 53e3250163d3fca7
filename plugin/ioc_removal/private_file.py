"""A file of entries that only its owner can read, replaced as a whole, one process at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from os import (
    O_CLOEXEC,
    O_CREAT,
    O_EXCL,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    fdopen,
    fstat,
    geteuid,
    stat_result,
)
from os import open as open_descriptor
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE, S_ISREG
from time import sleep, time
from typing import Any

LARGEST_FILE = 1 << 20  # bytes
LOCK_TRIES, LOCK_PAUSE = 40, 0.05  # seconds
OTHERS = 0o077

Entries = dict[str, dict[str, Any]]


class PrivateFile:
    """Entries by key, each with `expires` (seconds) and what `whole` demands of it.

    holds: what they are, and the key in the document. A file that others can read, that is not
    ours, or that is damaged, has no entries; it is replaced when something is written.
    """

    def __init__(self, path: Path, holds: str, whole: Callable[[Mapping[str, Any]], bool]) -> None:
        self.path, self._holds, self._whole = path, holds, whole

    def warnings(self) -> Iterator[str]:
        """Say why a file that is there is not used."""
        with suppress(OSError):
            if why := _refused(self.path.lstat()):
                yield f"{self.path} {why}: its {self._holds} are not used, and it is replaced"

    def entries(self) -> Entries:
        """Return the entries that have not expired; none where the file is not to be trusted."""
        try:
            found = json.loads(self._text())[self._holds].items()
            return {key: entry for key, entry in found if self._lasts(entry)}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def _lasts(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or not self._whole(entry):
            return False
        expires = entry.get("expires")
        return isinstance(expires, int | float) and expires > time()

    def change(self, change: Callable[[Entries], None]) -> None:
        """Change the entries, alone; where that cannot be done, nothing is changed."""
        with suppress(OSError), self._alone():
            before = self.entries()
            after = dict(before)
            change(after)
            if after != before:
                self._write(after)

    def _text(self) -> str:
        descriptor = open_descriptor(self.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        with fdopen(descriptor, "rb") as file:
            if why := _refused(fstat(descriptor)):
                raise OSError(why)
            return file.read(LARGEST_FILE).decode()

    def _write(self, entries: Mapping[str, Any]) -> None:
        """Replace the file; raises OSError."""
        new = self.path.with_name(f".{self.path.name}.{token_hex(8)}")
        flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        try:
            with fdopen(open_descriptor(new, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump({self._holds: entries}, file)
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from writing meanwhile; raises OSError when one holds on."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self.path.with_name(f"{self.path.name}.lock")
        flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        with fdopen(open_descriptor(lock, flags, 0o600), "rb") as file:
            for left in reversed(range(LOCK_TRIES)):
                try:
                    flock(file, LOCK_EX | LOCK_NB)
                    break
                except BlockingIOError:
                    if not left:
                        raise
                    sleep(LOCK_PAUSE)
            yield


def _refused(status: stat_result) -> str | None:
    """Say why a file is not to be trusted."""
    if not S_ISREG(status.st_mode):
        return "is no regular file"
    if status.st_uid != geteuid():
        return "belongs to another user"
    return "can be read by others" if S_IMODE(status.st_mode) & OTHERS else None
