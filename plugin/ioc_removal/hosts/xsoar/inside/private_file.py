"""Entries that last from command to command, in the context of the integration's instance."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from time import time
from typing import Any

from CommonServerPython import get_integration_context, set_integration_context

Entries = dict[str, dict[str, Any]]
ALONE = Lock()  # the server is asked by one thread at a time


class PrivateFile:
    """Entries by key, each with `expires` (seconds) and what `whole` demands of it.

    holds: what they are, and the key in the context, which the server keeps for this instance.
    """

    def __init__(self, path: Path, holds: str, whole: Callable[[Mapping[str, Any]], bool]) -> None:
        self.path, self._holds, self._whole = path, holds, whole

    def warnings(self) -> Iterator[str]:
        """Say why entries are not used: never, as nobody else can read them."""
        return iter(())

    def entries(self) -> Entries:
        """Return the entries that have not expired."""
        with ALONE:
            return self._read()

    def change(self, change: Callable[[Entries], None]) -> None:
        """Change the entries."""
        with ALONE:
            before = self._read()
            after = dict(before)
            change(after)
            if after != before:
                kept = get_integration_context() or {}
                set_integration_context({**kept, self._holds: json.dumps(after)})

    def _read(self) -> Entries:
        try:
            found = json.loads((get_integration_context() or {})[self._holds]).items()
            return {key: entry for key, entry in found if self._lasts(entry)}
        except (ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _lasts(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or not self._whole(entry):
            return False
        expires = entry.get("expires")
        return isinstance(expires, int | float) and expires > time()
