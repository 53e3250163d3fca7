"""Snapshots as JSON, each written once: before its batch is sent, and with its outcome."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .columns import sorted_json


class SnapshotTexts:
    """The snapshots of a batch as JSON.

    snapshots: by item.
    """

    def __init__(self, snapshots: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._snapshots = snapshots  # as long as they are there, no other has the id of one
        self._texts = {id(raw): sorted_json(raw) for raw in snapshots.values()}

    def rows(self) -> list[tuple[str, str]]:
        """Return the items with their snapshots."""
        return [(item, self._texts[id(raw)]) for item, raw in self._snapshots.items()]

    def of(self, snapshot: Mapping[str, Any]) -> str:
        """Return a snapshot, of this batch or not, as JSON."""
        return self._texts.get(id(snapshot)) or sorted_json(snapshot)


NO_TEXTS = SnapshotTexts()
