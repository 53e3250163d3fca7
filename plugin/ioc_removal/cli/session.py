"""What a command works with: the catalogue, the settings, connections, the store."""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property

from ..connection import Connection
from ..definition import Definition
from ..errors import ArgumentError, is_of_interruption
from ..integration import Integration
from ..settings import Settings, load_settings
from ..store.database import Database
from ..store.location import store_location
from ..store.runs import Requester, requester_of
from ..trust.approval import Approving, approving_of
from ..trust.catalogue import overrides_of
from ..trust.guards import Guards
from ..trust.terms import Terms
from ..trust.verify import can_be_verified
from ..wording import hint
from .catalogue import load_catalogue
from .output import Output
from .parser import Options


class Session:
    """Opens each thing when it is first needed, and closes it at the end.

    connected: whether a connection was opened, so that something may have been sent.
    """

    def __init__(self, options: Options, output: Output) -> None:
        self.options, self.output = options, output
        self.connected = False
        self._open = ExitStack()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not is_of_interruption(error):  # after it threads may still write; the process ends
            self._open.close()

    @cached_property
    def integration(self) -> Integration:
        """The catalogue."""
        return load_catalogue()

    @cached_property
    def settings(self) -> Settings:
        """The settings of --settings, or found."""
        return load_settings(self.options.settings)

    @cached_property
    def database(self) -> Database:
        """The store."""
        location = store_location(self.options.store)
        database = Database(location, lambda: self.settings.journal.get("key"))
        self._open.callback(database.close)
        return database

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The names of connections that --connection chose, by system."""
        chosen: dict[str, str] = {}
        systems = [name for name, system in self.integration.systems.items() if system.auth]
        for text in self.options.connections:
            system, equals, name = text.partition("=")
            if not equals or not name:
                raise ArgumentError(f"--connection {text}: write it SYSTEM=NAME")
            if system not in systems:
                raise ArgumentError(
                    f"--connection {text}: there is no system {system!r} ({', '.join(systems)})"
                )
            if chosen.setdefault(system, name) != name:
                raise ArgumentError(f"--connection {text}: {system} is given twice")
        return chosen

    @cached_property
    def terms(self) -> Terms:
        """On what terms something is done, as the command line tells."""
        given = self.options.given
        overrides = overrides_of(given("override") or (), given("reason"))
        return Terms(
            dry_run=bool(given("dry_run")),
            verify=bool(given("verify")),
            lookup=bool(given("lookup")),
            guards=Guards(self.settings.guards, self.settings.source, overrides),
        )

    def warn_of(self, guards: Guards | None) -> None:
        """Tell what the guards warned about."""
        for line in guards.warnings if guards else ():
            self.output.warn(line)

    @property
    def approving(self) -> Approving:
        """The settings of approval."""
        return approving_of(self.settings.approval, self.settings.source)

    def note_what_is_not_verified(self, actions: Iterable[str]) -> None:
        """Say once of each system that it cannot be read back, though that is asked for."""
        acting = [d for name in actions if (d := self.integration.definitions.get(name)) and d.acts]
        mute = {d.system for d in acting if not can_be_verified(d)}
        for system in sorted(mute if self.terms.verify else ()):
            title = self.integration.systems[system].title
            self.output.note(f"{title} cannot be read back: nothing there is verified")

    @property
    def requester(self) -> Requester:
        """Who wants it, and why, as the command line tells."""
        given = self.options.given
        return requester_of(given("actor"), given("ticket"), given("reason"))

    def definition(self, name: str) -> Definition:
        """Return an action; raises ArgumentError with what was probably meant."""
        known = self.integration.definitions
        if name not in known:
            raise ArgumentError(
                f"there is no action {name!r}{hint(name, known)}; `ioc-removal actions` lists them"
            )
        return known[name]

    def connection(self, system: str) -> Connection | None:
        """Open the chosen connection to a system; None for local actions."""
        chosen = self.chosen
        if not self.integration.systems[system].auth:
            return None
        return self.open(self.settings.pick(system, chosen.get(system)))

    def open(self, name: str) -> Connection:
        """Open a connection by its name and tell its warnings."""
        system = self.integration.systems[self.settings.connections[name]["system"]]
        self.connected = True
        connection = Connection(name, self.settings, system)
        self._open.callback(connection.hang_up)
        for warning in connection.warnings:
            self.output.warn(warning)
        return connection
