"""The connections of a run, each made once."""

from collections.abc import Mapping
from threading import Lock

from ..connection import Connection
from ..integration import Integration
from ..settings import Settings
from ..store.cancelling import ask_before_requests
from ..store.database import Database
from ..store.pauses import tell_pauses
from ..store.turns import OwnPlaces, share_turns
from ..trust.removal_key import connection_facts, digest


class Connections:
    """The connections of one run in this process.

    choose: the connection of a system, by name, where there are several; own: how many requests
    this process may have in flight.
    """

    def __init__(
        self,
        database: Database,
        run: str,
        integration: Integration,
        settings: Settings,
        choose: Mapping[str, str],
        own: OwnPlaces,
    ) -> None:
        self._database, self._run = database, run
        self._integration, self._settings, self._choose = integration, settings, choose
        self._own = own
        self._made: dict[str, Connection] = {}
        self._stopped: str | None = None
        self._lock = Lock()

    def of(self, system: str) -> Connection | None:
        """Return the connection to a system, the same for the whole run; None for local."""
        if system == "local":
            return None
        with self._lock:
            if system not in self._made:
                name = self._settings.pick(system, self._choose.get(system))
                known = self._integration.systems[system]
                made = Connection(name, self._settings, known)
                share_turns(self._database, made, self._settings, self._own)
                tell_pauses(self._database, self._run, made)
                ask_before_requests(self._database, self._run, made)
                self._made[system] = made
                if self._stopped is not None:
                    made.stop(self._stopped)
            return self._made[system]

    def fingerprint(self, system: str) -> str:
        """Return the digest of the facts of a system's connection, empty for local."""
        made = self.of(system)
        return self._fingerprint(made) if made else ""

    def _fingerprint(self, connection: Connection) -> str:
        return digest(connection_facts(connection, self._settings))

    def stop(self, reason: str, *, at_once: bool) -> None:
        """Send nothing more on any connection; at_once: and end what is in flight."""
        with self._lock:
            self._stopped = reason
            for connection in self._made.values():
                connection.stop(reason)
                if at_once:
                    connection.hang_up()

    def hang_up(self) -> None:
        """End what is in flight on every connection, and let go of them; a later call makes new."""
        with self._lock:
            for connection in self._made.values():
                connection.hang_up()
            self._made.clear()
