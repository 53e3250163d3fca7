"""Leases in files: locks that the operating system lets go when their process dies."""

from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from os import fstat, getpid
from pathlib import Path
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
        file = self._path(name).open("a+", encoding="ascii")
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise Held(f"process {holder}") from None
        if not fstat(file.fileno()).st_nlink:  # its holder let go, and deleted it, just now
            file.close()
            raise Held(None)
        file.truncate(0)
        file.write(str(getpid()))
        file.flush()
        self._files[name] = file

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""
        self._path(name).unlink(missing_ok=True)
        self._files.pop(name).close()

    def is_held(self, name: str) -> bool:
        """Tell whether a process holds a name."""
        path = self._path(name)
        if not path.exists():
            return False
        with path.open("a", encoding="ascii") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _path(self, name: str) -> Path:
        """Return the file of a name, which may be the path of a task."""
        file = quote(name, safe=" ")
        return self._folder / (file if len(file) <= LONGEST else sha256(name.encode()).hexdigest())
