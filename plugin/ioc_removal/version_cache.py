"""Remember which version of its API a server speaks, from run to run."""

from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any

from .private_file import Entries, PrivateFile

LASTS = 86_400.0  # seconds


class VersionCache:
    """Versions by server and tenant; path: the file, None for none."""

    def __init__(self, path: Path | None) -> None:
        self._file = PrivateFile(path, "versions", _whole) if path else None

    def find(self, server: str, tenant: str | None) -> str | None:
        """Return the version that was found last, if that was not long ago."""
        entry = self._file.entries().get(_key(server, tenant)) if self._file else None
        return str(entry["version"]) if entry else None

    def keep(self, server: str, tenant: str | None, version: str) -> None:
        """Remember what a server speaks."""
        entry = {"version": version, "expires": time() + LASTS}
        if self._file is not None:
            self._file.change(lambda entries: entries.update({_key(server, tenant): entry}))

    def drop(self, server: str, tenant: str | None) -> None:
        """Forget what a server speaks."""
        if self._file is not None and self.find(server, tenant):
            self._file.change(lambda entries: _without(entries, _key(server, tenant)))


def _without(entries: Entries, key: str) -> None:
    entries.pop(key, None)


def _key(server: str, tenant: str | None) -> str:
    return f"{server} {tenant}" if tenant else server


def _whole(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("version"), str)
