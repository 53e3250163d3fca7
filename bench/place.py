"""Where a measure works: a folder, sizes, settings for a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .given import USUAL, write_csv

PROJECT, WORKSPACE = "0123456789abcdef0123456789abcdef", "909494e3-558e-46b6-a9eb-07a8e18ca620"
POLICY = "6d392034d94c4e8a95a78c98127453b6"
KEYS = {"type": "aksk", "access_key": "AKEXAMPLE00000000000", "secret_key": "example-secret"}
NO_CAP = 100_000_000


@dataclass(frozen=True)
class Place:
    """What a measure is given.

    folder: for what it writes; scale: of the sizes, 1 as they are promised; latency: seconds that
    the server takes for a request, None as it is promised; mix: shares of types of indicators.
    """

    folder: Path
    scale: float = 1.0
    latency: float | None = None
    mix: Mapping[str, int] = field(default_factory=lambda: USUAL)

    def size(self, whole: int, least: int = 10) -> int:
        """Return a size at this scale."""
        return max(least, round(whole * self.scale))

    def pause(self, usual: float = 0.0) -> float:
        """Return how many seconds the server takes for a request."""
        return usual if self.latency is None else self.latency

    def file(self, size: int) -> Path:
        """Return a CSV file of so many indicators."""
        return write_csv(self.folder / "iocs.csv", size, self.mix)

    def settings(self, address: str, limits: Mapping[str, Any] | None = None) -> Path:
        """Write settings that lead to a server; limits: of each connection."""
        more = {"url": address, **({"limits": dict(limits)} if limits else {})}
        basic = {"type": "basic", "username": "soc", "password": "example"}
        huawei = {"auth": KEYS, **more}
        project = {"project_id": PROJECT}
        document = {
            "connections": {
                "cybertrace": {
                    "system": "cybertrace",
                    "api_version": "1.3",
                    "auth": basic,
                    **more,
                },
                "secmaster": {
                    "system": "secmaster",
                    "defaults": {**project, "workspace_id": WORKSPACE},
                    **huawei,
                },
                "waf": {"system": "waf", "defaults": project, **huawei},
            },
            "guards": {
                "max_per_call": NO_CAP,
                "max_per_run": NO_CAP,
                "max_per_hour": NO_CAP,
            },
        }
        path = self.folder / "settings.yml"
        path.write_text(yaml.safe_dump(document))
        return path

    def store(self) -> Path:
        """Return a store that is not there yet."""
        path = self.folder / "store.db"
        for file in self.folder.glob("store.db*"):
            if file.is_file():
                file.unlink()
        return path
