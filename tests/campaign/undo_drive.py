"""Carry out a schedule of undos: a sandbox, a store that may die, and what a person would do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock, current_thread
from time import monotonic, sleep
from typing import Any

from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError, StoreError
from ioc_removal.integration import Integration
from ioc_removal.operations.history import run_record
from ioc_removal.operations.undo import resume_undo, undo_run
from ioc_removal.outcome import DONE, SUCCEEDED
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import CALL, ENDED, begin_run, end_run, get_run
from ioc_removal.store.statements import Transaction
from ioc_removal.store.verification import Verification
from ioc_removal.trust.perform import perform
from ioc_removal.trust.terms import Terms

from .undo_schedule import Step, UndoSchedule
from .undo_world import arguments_of, seed_of

CONNECT, READ, TOTAL = 2, 0.5, 4.0  # seconds
QUIET = 3.0  # seconds after which nothing acts late any more
MOST_MENDING = 9
NEXT = re.compile(r"`ioc-removal (undo|resume) ([0-9a-f-]+)`")


class DiedError(BaseException):
    """The process is gone: nothing after it is kept."""


class Dying(Database):
    """A store whose process dies with one of its transactions."""

    def __init__(self, path: Path) -> None:
        self._left, self._kept, self._dead = 0, False, False
        self._one = RLock()  # no two are committed together
        super().__init__(path)

    def die(self, at: int, *, kept: bool) -> None:
        """Die with the transaction of this number; kept: after it was kept, else before."""
        self._left, self._kept = at, kept

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements as one, unless the process is gone."""
        with self._one:
            self._alive()
            self._left -= 1
            last = self._left == 0
            if last and not self._kept:
                self._dead = True
                raise DiedError
            with super().transaction() as connection:
                yield connection
            if last:
                self._dead = True
                raise DiedError

    def beside(self) -> AbstractContextManager[Transaction]:
        """Run statements as one: a file takes no other beside it."""
        return self.transaction()

    def rows(self, query: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """Return rows, unless the process is gone."""
        self._alive()
        return super().rows(query, values)

    def _alive(self) -> None:
        if self._dead:
            if current_thread().name.startswith("cancelled "):  # it dies with the process
                raise StoreError("the process is gone")
            raise DiedError


@dataclass
class Stage:
    """One undo, or going on with one.

    of: the run that is undone; undo: its id, when it began; record: None when its process died, or
    it was refused: why; state: of the sandbox after it; requests: those that it made.
    """

    of: str
    step: Step
    undo: str | None = None
    record: Mapping[str, Any] | None = None
    died: bool = False
    error: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    requests: Sequence[Mapping[str, Any]] = ()


@dataclass
class Undone:
    """What came of a schedule. removed: the run of the removal; intact: whether its journal is."""

    removed: str
    before: Mapping[str, Any]
    gone: Mapping[str, Any]
    stages: list[Stage] = field(default_factory=list)
    rules: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    intact: bool = True


def carried_out(schedule: UndoSchedule, integration: Integration) -> Undone:
    """Carry out a schedule, then mend what is left as the program itself advises."""
    with Sandbox(seed_of(schedule)) as sandbox, TemporaryDirectory() as folder:
        desk = _Desk(schedule, integration, sandbox, Path(folder) / "store.db")
        before = sandbox.state()
        removed = desk.remove()
        done = Undone(removed, before, sandbox.state())
        last = removed
        for step in schedule.steps:
            stage = desk.undo(done, last if step.of == "last" else removed, step)
            if stage.died and step.resumed and stage.undo:
                desk.resume(done, stage.of, stage.undo, step)
            if stage.undo and not step.dry_run:
                last = stage.undo
            sandbox.behave()
        desk.mend(done)
        done.intact = Verification(Database(desk.path)).verify().intact
    return done


class _Desk:
    def __init__(
        self, schedule: UndoSchedule, integration: Integration, sandbox: Sandbox, path: Path
    ) -> None:
        self.schedule, self.integration, self.sandbox = schedule, integration, sandbox
        self.path = path
        document = sandbox.settings("aksk")
        own = document["connections"][schedule.system]
        own |= {"limits": dict(schedule.limits)}
        self.patient: Settings = settings_from(document, "campaign")
        own |= {"connect_timeout": CONNECT, "read_timeout": READ, "total_timeout": TOTAL}
        self.settings: Settings = settings_from(document, "campaign")

    def remove(self) -> str:
        """Remove all items; return the run."""
        schedule = self.schedule
        system = self.integration.systems[schedule.system]
        connection = Connection(schedule.system, self.patient, system)
        if schedule.lost:
            method = "PUT" if schedule.action.endswith("close") else "DELETE"
            self.sandbox.misbehave(method=method, hang_up="after")
        database, action = Database(self.path), self.integration.bind(schedule.action, connection)
        details = {"addresses": {schedule.system: connection.place}}
        run = begin_run(database, CALL, schedule.action, dry_run=False, details=details)
        for number, arguments in enumerate(arguments_of(schedule)):
            prepared = action.prepare(arguments)
            recorder = StoreRecorder(database, run, f"call {number}", action)
            recorder.begin(prepared)
            for finished in perform(action, prepared, recorder):
                assert all(o.outcome in DONE for o in finished.outcomes), finished
        end_run(database, run, SUCCEEDED)
        connection.hang_up()
        self.sandbox.behave()
        return run

    def undo(self, done: Undone, run: str, step: Step) -> Stage:
        """Undo a run."""
        for fault in step.faults:
            self.sandbox.misbehave(**fault)
        stage = Stage(run, step)

        def begin(database: Database) -> Any:
            return undo_run(
                database,
                self.integration,
                self.settings,
                run,
                indicators=step.only,
                send_again=step.send_again,
                terms=Terms(dry_run=step.dry_run),
                began=lambda undo: setattr(stage, "undo", undo),
            )

        self._stage(done, stage, begin, step)
        return stage

    def resume(self, done: Undone, of: str, undo: str, step: Step) -> Stage:
        """Go on with an undo whose process died."""
        stage = Stage(of, step, undo)
        self._stage(
            done, stage, lambda db: resume_undo(db, self.integration, self.settings, undo), Step()
        )
        return stage

    def mend(self, done: Undone) -> None:
        """Put back all that is left, as what is said advises, until nothing is left."""
        run, resumed = done.removed, False
        for _ in range(MOST_MENDING):
            stage = (
                self.resume(done, done.removed, run, Step())
                if resumed
                else self.undo(done, run, Step(send_again=True))
            )
            told = NEXT.search(stage.error or "")
            if stage.error and not told and run == done.removed:
                return
            run, resumed = (told[2], told[1] == "resume") if told else (done.removed, False)

    def _stage(self, done: Undone, stage: Stage, begin: Any, step: Step) -> None:
        seen, database = len(self.sandbox.requests), Dying(self.path)
        database.die(step.dies, kept=step.kept)
        try:
            stage.record = begin(database)[0]
        except DiedError:
            stage.died = True
            self._ended(stage)
        except PluginError as error:
            stage.error = str(error)
        self._quieten()
        stage.requests, stage.state = self.sandbox.requests[seen:], self.sandbox.state()
        done.rules |= {row["number"]: row["fault"] for row in self.sandbox.faults}
        done.stages.append(stage)

    def _ended(self, stage: Stage) -> None:
        """Tell what is kept of an undo whose process died after it had ended."""
        database = Database(self.path)
        run = get_run(database, stage.undo) if stage.undo else None
        if run and run.status == ENDED:
            stage.record, stage.died = (
                run_record(database, self.integration.definitions, run),
                False,
            )

    def _quieten(self) -> None:
        """Wait until every system has acted that is to act later, and no request is open."""
        late = {row["number"] for row in self.sandbox.faults if "acts_after" in row["fault"]}
        end, seen = monotonic() + QUIET, -1
        while monotonic() < end:
            rows = self.sandbox.requests
            open_ = any(row["fault"] in late and not row["acted"] for row in rows)
            if not open_ and len(rows) == seen:
                return
            seen = len(rows)
            sleep(0.02)
