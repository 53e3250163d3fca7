"""A worker: performs chunks of any run whose connections it holds, and goes on with stopped runs.

What it takes is held by a lease of its own session with the store, so that another worker takes it
over when this one dies. A run goes on in a process of its own, as `resume` does.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, suppress
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
from ..store.runs import CANCELLED, PLAYBOOK, Run, get_run
from ..store.statements import Held
from ..store.turns import ANY, OwnPlaces
from ..trust.terms import Terms
from .chunk_check import ChunkCheck
from .history import resumable
from .processes import Processes
from .served import Served
from .ticks import Ticks

PAUSE = 0.5  # seconds between two looks for work
HASTE = 0.1  # for chunks, while something goes on
RUNS_PAUSE = 2.0  # seconds between two looks for runs, which read all that have not ended
REST = 60.0  # seconds before a run or a chunk is tried again that did not go on
LATE = 10.0  # seconds after which a look for work that did not come to its end is a trouble


@dataclass
class _Task:
    """What a thread is at. chunk: the one now; those after it are of the same run."""

    chunk: Chunk


@dataclass
class Worker:
    """A worker on a store.

    settings_path: for the processes of runs; chunks, runs: how many at once; own: how many requests
    may be in flight from here.
    """

    database: Database
    key: Callable[[], Any]
    integration: Integration
    settings: Settings
    settings_path: str | None
    served: Served
    chunks: int
    runs: int
    own: OwnPlaces = ANY
    _taken: dict[Future[None], _Task] = field(default_factory=dict)
    _rests: dict[str, float] = field(default_factory=dict)
    _look_for_runs: float = 0.0
    _looked: float = field(default_factory=monotonic)
    _counting: Lock = field(default_factory=Lock)
    _stop: Event = field(default_factory=Event)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._check = ChunkCheck(self.integration)
        self._going = Processes(self.database, self.settings_path, "run ended here")
        self._ticks = Ticks(self.database, self.settings_path, self.served.queues, self.runs)

    def work(self, stop: Event) -> None:
        """Take work until told to stop, and finish what was taken."""
        self._stop = stop
        with ThreadPoolExecutor(self.chunks, thread_name_prefix="chunk") as pool:
            due = monotonic()
            while not stop.is_set():
                try:
                    self.database.outliving(lambda: self._take_chunks(pool))
                    self.database.outliving(self._take_runs)
                    if monotonic() >= due:
                        self.database.outliving(self._ticks.take)
                        due = monotonic() + PAUSE
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
        while len(self._taken) < self.chunks and (chunk := self._free(self.database)):
            task = _Task(chunk)
            self._taken[pool.submit(self._perform, task)] = task

    def _free(self, database: Database, queues: Collection[str] = ()) -> Chunk | None:
        """Return the first chunk that nobody is at; queues: of the connections, by default all."""
        busy = {task.chunk for task in list(self._taken.values())}
        chunks = open_chunks(database, queues or list(self.served.queues))
        held = database.holders([chunk.name for chunk in chunks])
        now = monotonic()
        for chunk in chunks:
            rests = self._rests.get(chunk.name, now) > now
            if chunk not in busy and not rests and chunk.name not in held:
                return chunk
        return None

    def _perform(self, task: _Task) -> None:
        """Perform a chunk and those of its run that are free then, with a session of its own.

        A lease of the session holds each. What they need is made once.
        """
        system, name = self.served.queues[task.chunk.queue]
        with closing(Database(self.database.location, self.key)) as database:
            run = get_run(database, task.chunk.run)
            performing: Performing | None = None
            with ExitStack() as stack:
                while self._check_passed(database, run, task.chunk):
                    if performing is None:
                        performing = Performing(
                            database,
                            run,
                            self.integration,
                            self.settings,
                            {system: name},
                            terms=Terms(dry_run=run.dry_run, **run.details.get("terms", {})),
                            plan=run.details.get("plan"),
                            progress=lambda _: None,
                            own=self.own,
                        )
                        stack.callback(performing.connections.hang_up)
                        stack.enter_context(watched(database, run.run, performing.stop))
                    if not self._done(database, performing, task.chunk):
                        return
                    following = None if self._stop.is_set() else self._following(database, task)
                    if following is None:
                        return
                    task.chunk = following

    def _check_passed(self, database: Database, run: Run, chunk: Chunk) -> bool:
        """Check a chunk before it is performed; what is not as it was is given up."""
        about = self._about(chunk)
        tell(NOTED, "chunk taken", **about)
        wrong = database.outliving(lambda: self._check.refusal(database, run, chunk))
        if wrong:
            database.outliving(lambda: give_up(database, chunk, wrong))
            tell(WRONG, "chunk given up", **about, error=str(wrong))
        return wrong is None

    def _done(self, database: Database, performing: Performing, chunk: Chunk) -> bool:
        """Perform a chunk; tell whether it was done here, and nothing stopped it."""
        errors = database.outliving(lambda: take(performing, chunk))
        if errors:
            tell(WRONG, "chunk given up", **self._about(chunk), error=errors[0]["message"])
        elif errors is not None:
            tell(NOTED, "chunk done", **self._about(chunk))
        return errors == []

    def _following(self, database: Database, task: _Task) -> Chunk | None:
        """Return another chunk of the run and connection, if it is the next for this worker."""
        found = database.outliving(lambda: self._free(database, [task.chunk.queue]))
        return found if found is not None and found.run == task.chunk.run else None

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
        pause = HASTE if self._taken or len(self._going) else PAUSE
        if self._taken:
            wait(self._taken, pause, FIRST_COMPLETED)
        else:
            stop.wait(pause)
        for future in [one for one in self._taken if one.done()]:
            chunk = self._taken.pop(future).chunk
            if error := future.exception():
                self._rests[chunk.name] = monotonic() + REST
                tell(WRONG, "chunk given up", **self._about(chunk), error=str(error))
        for run in self._going.ended():
            self._rests[run] = monotonic() + REST
            self._look_for_runs = 0.0  # there is room for another
