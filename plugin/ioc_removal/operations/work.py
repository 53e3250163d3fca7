"""A worker: performs chunks of any run whose connections it holds, and goes on with stopped runs.

What it takes is held by a lease of its own session with the store, so that another worker takes it
over when this one dies. A run goes on in a process of its own, as `resume` does.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from os import environ
from threading import Event
from time import monotonic
from typing import Any

from ..connection import Connection
from ..errors import ArgumentError, SettingsError
from ..integration import Integration
from ..playbooks.performing import Performing
from ..playbooks.sharing import give_up, take
from ..settings import Settings
from ..store.chunks import Chunk, open_chunks
from ..store.database import Database
from ..store.location import VARIABLE, Server
from ..store.runs import PLAYBOOK, Run, get_run
from ..trust.removal_key import connection_facts, digest
from ..trust.terms import Terms
from .chunk_check import ChunkCheck
from .history import resumable

PAUSE = 0.5  # seconds between two looks for work
REST = 60.0  # seconds before a run or a chunk is tried again that did not go on

Told = Callable[..., None]  # what happened, and its fields by name


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


@dataclass
class Worker:
    """A worker on a store.

    settings_path: for the processes of runs; chunks, runs: how many at once; told: of what is done.
    """

    database: Database
    key: Callable[[], Any]
    integration: Integration
    settings: Settings
    settings_path: str | None
    served: Served
    chunks: int
    runs: int
    told: Told
    _taken: dict[Future[None], Chunk] = field(default_factory=dict)
    _going: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _rests: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check = ChunkCheck(self.integration)

    def work(self, stop: Event) -> None:
        """Take work until told to stop, and finish what was taken."""
        with ThreadPoolExecutor(self.chunks, thread_name_prefix="chunk") as pool:
            while not stop.is_set():
                self.database.outliving(lambda: self._take_chunks(pool))
                self.database.outliving(self._take_runs)
                self._look(stop)
            self.told("stopping", chunks=len(self._taken), runs=len(self._going))
            wait(self._taken)
        for run, process in self._going.items():
            process.wait()
            self.told("run ended here", run=run, status=process.returncode)

    def _take_chunks(self, pool: ThreadPoolExecutor) -> None:
        busy = set(self._taken.values())
        for chunk in open_chunks(self.database, list(self.served.queues)):
            if len(self._taken) >= self.chunks:
                return
            free = chunk not in busy and self._rests.get(chunk.name, 0.0) < monotonic()
            if free and not self.database.is_held(chunk.name):
                self._taken[pool.submit(self._perform, chunk)] = chunk

    def _perform(self, chunk: Chunk) -> None:
        """Perform a chunk with a session of its own, whose lease holds it."""
        system, name = self.served.queues[chunk.queue]
        with closing(Database(self.database.location, self.key)) as database:
            run = get_run(database, chunk.run)
            about = chunk._asdict() | {"connection": name}
            if wrong := database.outliving(lambda: self._check.refusal(database, run, chunk)):
                database.outliving(lambda: give_up(database, chunk, wrong))
                self.told("chunk given up", **about, error=str(wrong))
                return
            performing = Performing(
                database,
                run.run,
                self.integration,
                self.settings,
                {system: name},
                terms=Terms(dry_run=run.dry_run, **run.details.get("terms", {})),
                plan=run.details.get("plan"),
                progress=lambda _: None,
            )
            try:
                errors = database.outliving(lambda: take(performing, chunk))
                if errors:
                    self.told("chunk given up", **about, error=errors[0]["message"])
                elif errors is not None:
                    self.told("chunk done", **about)
            finally:
                performing.connections.hang_up()

    def _take_runs(self) -> None:
        now = monotonic()
        for run in resumable(self.database):
            if len(self._going) >= self.runs:
                return
            rests = self._rests.get(run.run, now) > now
            known = run.run in self._going or rests
            if known or run.kind != PLAYBOOK or not self.served.serves(run):
                continue
            self.told("going on", run=run.run, playbook=run.name)
            self._going[run.run] = self._resumed(run)

    def _resumed(self, run: Run) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "ioc_removal", "resume", run.run, "--quiet", "--json"]
        if self.settings_path:
            words += ["--settings", self.settings_path]
        location = self.database.location
        url = location.url.reveal() if isinstance(location, Server) else str(location)
        return subprocess.Popen(  # noqa: S603  # this program; a URL may hold a password
            words, env={**environ, VARIABLE: url}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _look(self, stop: Event) -> None:
        """Wait for work, and note what ended."""
        if self._taken:
            wait(self._taken, PAUSE, FIRST_COMPLETED)
        else:
            stop.wait(PAUSE)
        for future in [one for one in self._taken if one.done()]:
            chunk = self._taken.pop(future)
            if error := future.exception():
                self._rests[chunk.name] = monotonic() + REST
                self.told("chunk given up", **chunk._asdict(), error=str(error))
        for run, process in list(self._going.items()):
            if process.poll() is not None:
                del self._going[run]
                self._rests[run] = monotonic() + REST
                self.told("run ended here", run=run, status=process.returncode)


def check_shared(database: Database) -> None:
    """Refuse a store that only one host can use; raises ArgumentError."""
    if not database.is_shared:
        raise ArgumentError(
            f"a worker needs a store that it can share, postgresql://NAME@HOST/DATABASE; "
            f"{database.location} is a file"
        )
