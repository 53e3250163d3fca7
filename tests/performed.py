"""Deletions performed on a server that records them, and a recorder in memory of what is kept."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from ioc_removal.action import Action
from ioc_removal.batches import Batch
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from ioc_removal.trust.recorder import Finished, Known
from recorded import Recorded, Reply, reply

INTEGRATION = load_integration()
DELETE = "cybertrace-indicators-delete"
DELETED = reply(201, [{"status": "Deleted"}])
ALL = 25  # values in most tests
VALUES = [f"host-{number}.example.com" for number in range(ALL)]


def deleted(_: Recorded) -> Reply:
    return DELETED


def bound(url: str, name: str = DELETE, **limits: Any) -> Action:
    own: dict[str, Any] = {"system": "cybertrace", "url": url, "limits": limits}
    own["auth"] = {"type": "basic", "username": "user", "password": "password"}
    own["api_version"] = "1.1"
    settings = settings_from({"connections": {"test": own}}, "test")
    return INTEGRATION.bind(name, Connection("test", settings, INTEGRATION.systems["cybertrace"]))


def arguments(values: Any) -> dict[str, Any]:
    return {"supplier": "InternalTI", "indicators": values}


def sent(requests: Sequence[Recorded]) -> list[list[str]]:
    return [[row["indicator"] for row in request.json] for request in requests]


class Memory:
    """A recorder in memory: what was noted, in its order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.kept: dict[int, Finished] = {}
        self.begun: set[int] = set()
        self.lock = Lock()

    def known(self, batch: Batch) -> Known:
        with self.lock:
            return Known(self.kept.get(batch.number), batch.number in self.begun)

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:  # noqa: ARG002
        with self.lock:
            self.events.append(("intent", batch.number))
            self.begun.add(batch.number)

    def finish(self, finished: Finished) -> None:
        with self.lock:
            self.events.append(("finish", finished.batch.number))
            self.kept[finished.batch.number] = finished


class Stored:
    """A collection that can be walked again and is no list, as a set of the store is."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values, self.walked = values, 0

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[str]:
        self.walked += 1
        yield from self.values
