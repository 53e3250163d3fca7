"""The connections that a worker holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..connection import Connection
from ..errors import SettingsError
from ..integration import Integration
from ..settings import Settings
from ..store.runs import Run
from ..trust.removal_key import connection_facts, digest


@dataclass(frozen=True)
class Served:
    """Connections that a worker holds: system and name of each, by fingerprint."""

    queues: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, integration: Integration, settings: Settings, names: Iterable[str]) -> "Served":
        """Open connections by their names, all by default; raises SettingsError."""
        chosen = list(names) or list(settings.connections)
        if unknown := sorted(set(chosen) - set(settings.connections)):
            known = ", ".join(settings.connections) or "none"
            raise SettingsError(
                f"there is no connection {unknown[0]!r} in {settings.source}: it has {known}"
            )
        queues: dict[str, tuple[str, str]] = {}
        for name in chosen:
            system = settings.connections[name]["system"]
            made = Connection(name, settings, integration.systems[system])
            queues[digest(connection_facts(made, settings))] = (system, name)
        return cls(queues)

    def serves(self, run: Run) -> bool:
        """Tell whether all connections of a run are held, and lead to where they led."""
        known = run.details.get("connections")
        if known is None or "inputs" not in run.details:
            return False  # it has not come so far, or its process is just about to
        return all(digest(facts) in self.queues for facts in known.values())
