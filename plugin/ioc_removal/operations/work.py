"""A worker: performs chunks of any run whose connections it holds, and goes on with stopped runs.

What it takes is held by a lease of its own session with the store, so that another worker takes it
over when this one dies. A run goes on in a process of its own, as `resume` does.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, field
from threading import Event, Lock
from time import monotonic
from typing import Any

from ..errors import ArgumentError, StoreError
from ..events import NOTED, WRONG, tell
from ..integration import Integration
from ..playbooks.performing import Performing
from ..playbooks.sharing import give_up, take
from ..settings import Settings
from ..store.cancelling import watched
from ..store.chunks import Chunk, count_open, open_chunks
from ..store.database import Database
from ..store.runs import CANCELLED, PLAYBOOK, get_run
from ..store.statements import Held
from ..trust.terms import Terms
from .chunk_check import ChunkCheck
from .history import resumable
from .processes import Processes
from .served import Served
from .ticks import Ticks

PAUSE = 0.5  # seconds between two looks for work
RUNS_PAUSE = 2.0  # seconds between two looks for runs, which read all that have not ended
REST = 60.0  # seconds before a run or a chunk is tried again that did not go on
LATE = 10.0  # seconds after which a look for work that did not come to its end is a trouble


@dataclass
class Worker:
    """A worker on a store.

    settings_path: for the processes of runs; chunks, runs: how many at once.
    """

    database: Database
    key: Callable[[], Any]
    integration: Integration
    settings: Settings
    settings_path: str | None
    served: Served
    chunks: int
    runs: int
    _taken: dict[Future[None], Chunk] = field(default_factory=dict)
    _rests: dict[str, float] = field(default_factory=dict)
    _look_for_runs: float = 0.0
    _looked: float = field(default_factory=monotonic)
    _counting: Lock = field(default_factory=Lock)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._check = ChunkCheck(self.integration)
        self._going = Processes(self.database, self.settings_path, "run ended here")
        self._ticks = Ticks(self.database, self.settings_path, self.served.queues, self.runs)

    def work(self, stop: Event) -> None:
        """Take work until told to stop, and finish what was taken."""
        with ThreadPoolExecutor(self.chunks, thread_name_prefix="chunk") as pool:
            while not stop.is_set():
                try:
                    self.database.outliving(lambda: self._take_chunks(pool))
                    self.database.outliving(self._take_runs)
                    self.database.outliving(self._ticks.take)
                    self._looked = monotonic()
                except StoreError as error:
                    if not error.lost:
                        raise
                    tell(WRONG, "store away", error=str(error))  # and a worker waits for it
                self._look(stop)
            self._stopping = True
            tell(NOTED, "stopping", chunks=len(self._taken), runs=len(self._going))
            wait(self._taken)
        self._going.wait()
        self._ticks.finish()

    def interrupt(self) -> None:
        """Interrupt the processes of runs, for others to go on with. From any thread."""
        self._going.interrupt()
        self._ticks.interrupt()

    def trouble(self) -> str | None:
        """Say in a line why no work is taken; None when all is well. From any thread."""
        if self._stopping:
            return "it was told to stop, and finishes what it has taken"
        late = monotonic() - self._looked
        if late > LATE:
            return f"the store {self.database.location} has not answered for {late:.0f} s"
        return None

    def open_chunks(self) -> Mapping[str, int] | None:
        """Count the chunks that nobody has done, by connection; None when that is not known now."""
        if self.trouble() or not self._counting.acquire(blocking=False):
            return None
        try:
            with closing(Database(self.database.location, self.key)) as database:
                counts = count_open(database, list(self.served.queues))
        except (ArgumentError, StoreError):
            return None
        finally:
            self._counting.release()
        return {self.served.queues[queue][1]: count for queue, count in counts.items()}

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
            about = self._about(chunk)
            tell(NOTED, "chunk taken", **about)
            if wrong := database.outliving(lambda: self._check.refusal(database, run, chunk)):
                database.outliving(lambda: give_up(database, chunk, wrong))
                tell(WRONG, "chunk given up", **about, error=str(wrong))
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
                with watched(database, run.run, performing.stop):
                    errors = database.outliving(lambda: take(performing, chunk))
                if errors:
                    tell(WRONG, "chunk given up", **about, error=errors[0]["message"])
                elif errors is not None:
                    tell(NOTED, "chunk done", **about)
            finally:
                performing.connections.hang_up()

    def _about(self, chunk: Chunk) -> dict[str, Any]:
        return chunk._asdict() | {"connection": self.served.queues[chunk.queue][1]}

    def _take_runs(self) -> None:
        now = monotonic()
        if now < self._look_for_runs or len(self._going) >= self.runs:
            return
        self._look_for_runs = now + RUNS_PAUSE
        for run in reversed(resumable(self.database)):  # the oldest first
            if len(self._going) >= self.runs:
                return
            rests = self._rests.get(run.run, now) > now
            known = run.run in self._going or rests
            cancelled = CANCELLED in run.details  # then it only has to be ended
            if not known and (cancelled or (run.kind == PLAYBOOK and self.served.serves(run))):
                with suppress(Held):  # another worker goes on with it
                    self._going.start(
                        run.run, "resume", run.run,
                        begun="going on", about={"run": run.run}, more={"playbook": run.name},
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
                tell(WRONG, "chunk given up", **self._about(chunk), error=str(error))
        for run in self._going.ended():
            self._rests[run] = monotonic() + REST
            self._look_for_runs = 0.0  # there is room for another
