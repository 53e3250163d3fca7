"""The connections of an undo: they have to lead to where the run was."""

from collections.abc import Iterable, Iterator, Mapping

from ..action import Action
from ..connection import Connection
from ..errors import ArgumentError, SettingsError
from ..integration import Integration
from ..settings import Settings
from ..store.cancelling import ask_before_requests
from ..store.database import Database
from ..store.pauses import tell_pauses
from ..store.runs import get_run
from ..store.turns import share_turns
from ..store.undone import Done


class Places:
    """Makes a connection to each place where a run was.

    choose: the connection of a system, where it has another name now.
    """

    def __init__(
        self,
        database: Database,
        integration: Integration,
        settings: Settings,
        choose: Mapping[str, str],
    ) -> None:
        self._database, self._integration = database, integration
        self._settings, self._choose = settings, choose
        self._connections: dict[str | None, Connection] = {}
        self.addresses: dict[str, str] = {}

    def connect(self, rows: Iterable[Done]) -> None:
        """Make the connections that rows need, to where the run was.

        Raises SettingsError, ArgumentError.
        """
        for done in rows:
            if done.connection in self._connections:
                continue
            before = get_run(self._database, done.run).details.get("addresses", {})
            system = self._integration.definition(done.action).system
            name = self._choose.get(system, done.connection)
            if name not in self._settings.connections and system in self._choose:
                raise ArgumentError(
                    f"--connection {system}={name}: {self._settings.source} has no such connection"
                )
            if name not in self._settings.connections:
                raise SettingsError(
                    f"the run {done.run} used the connection {name}, which "
                    f"{self._settings.source} does not have; name another that leads to the same "
                    f"place with --connection {system}=NAME"
                )
            made = Connection(str(name), self._settings, self._integration.systems[system])
            share_turns(self._database, made, self._settings)
            self._connections[done.connection] = made
            if system in before and before[system] != made.place:
                raise SettingsError(
                    f"the run {done.run} was on {before[system]}, the settings now name "
                    f"{made.place} for {system}: undo it with the settings that it had"
                )
            self.addresses[system] = made.place

    def warnings(self) -> Iterator[str]:
        """Yield what is to be said of the connections."""
        for connection in self._connections.values():
            yield from connection.warnings

    @property
    def in_flight(self) -> int:
        """How many requests all of them carry at a time."""
        return sum(connection.in_flight for connection in self._connections.values())

    def serve(self, undo: str) -> None:
        """Let pauses be kept for an undo, and nothing be sent for it once it was cancelled."""
        for connection in self._connections.values():
            tell_pauses(self._database, undo, connection)
            ask_before_requests(self._database, undo, connection)

    def stop(self, reason: str, *, at_once: bool) -> None:
        """Send nothing more on any connection; at_once: and end what is in flight."""
        for connection in self._connections.values():
            connection.stop(reason)
            if at_once:
                connection.hang_up()

    def hang_up(self) -> None:
        """End what is in flight, and let go of the sockets."""
        for connection in self._connections.values():
            connection.hang_up()

    def bound(self, done: Done, name: str) -> Action:
        """Return an action on the server that a row was on; without one it can send nothing."""
        if done.connection not in self._connections:
            return self._integration.bind(name, None)
        connection = self._connections[done.connection]
        node = done.outcome.target.get("node")
        place = next((one for one in connection.nodes if one.node == node), connection)
        return self._integration.bind(name, place, alone=True)
