"""Leases in files: locks that the operating system lets go when their process dies."""

from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from os import fstat, getpid
from pathlib import Path
from socket import gethostname
from typing import TextIO
from urllib.parse import quote

from .statements import Held

LONGEST = 200  # characters of a file's name


class FileLeases:
    """Leases that are files of a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, TextIO] = {}

    def take(self, name: str) -> None:
        """Hold a name while this process lives; raises Held when another one holds it."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file = self._path(name).open("a+", encoding="utf-8")
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            with file:
                raise Held(_holder(file)) from None
        if not fstat(file.fileno()).st_nlink:  # its holder let go, and deleted it, just now
            file.close()
            raise Held(None)
        file.truncate(0)
        file.write(f"{getpid()} on {gethostname()}")
        file.flush()
        self._files[name] = file

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""
        self._path(name).unlink(missing_ok=True)
        self._files.pop(name).close()

    def holds(self, name: str) -> bool:
        """Tell whether this process holds a name."""
        return name in self._files

    def forget(self, name: str) -> None:
        """Take away the file that a process left which did not live to do so."""
        if self.holder(name) is None:
            self._path(name).unlink(missing_ok=True)

    def holder(self, name: str) -> str | None:
        """Return which process holds a name, in words; None when none does."""
        path = self._path(name)
        if not path.exists():
            return None
        with path.open("a+", encoding="utf-8") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return _holder(file)
        return None

    def _path(self, name: str) -> Path:
        """Return the file of a name, which may be the path of a task."""
        file = quote(name, safe=" ")
        return self._folder / (file if len(file) <= LONGEST else sha256(name.encode()).hexdigest())


def _holder(file: TextIO) -> str:
    file.seek(0)
    return f"process {file.read().strip() or 'unknown'}"
