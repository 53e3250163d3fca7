"""Run playbooks durably: the only door to DBOS.

A run is a workflow whose id is the run's. A read is a step. A removal is cut into chunks: a single
one is a step too, each of several a child workflow with one step, on a queue of its connection that
lets one chunk through at a time. The executor's id is the run's id and a process listens to the
queues of its own run only, so that two processes on one store never take each other's work.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sys import version_info
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowHandle

from ..errors import PluginError, RunError, SettingsError
from ..store.database import SQLITE_VERSION, Database, own_file
from ..store.sets import by_reference, by_value
from ..trust.record import error_row
from .calls import Call, CallResult
from .conductor import Waiting, conduct
from .model import ASK, Playbook
from .performing import Performing

# Of the order of steps: raised when it changes, so that no run is replayed differently.
REPLAY_VERSION = "2"
POLLING = 0.05  # seconds
AT_ONCE = 16  # items of a task, each in a thread
SUCCEEDED, FAILED = "succeeded", "failed"


class Engine:
    """DBOS in this process, for one run.

    playbooks: the run's own, under its name, and those that it runs; performing: its calls.
    """

    def __init__(self, performing: Performing, playbooks: Mapping[str, Playbook]) -> None:
        self.performing, self.playbooks = performing, playbooks
        self.run, self.database = performing.run, performing.database
        tasks = [task for playbook in playbooks.values() for task in playbook.tasks.values()]
        self.asks = any(task.action == ASK for task in tasks)

    def execute(
        self, name: str, inputs: Mapping[str, Any], systems: Iterable[str], turn: int = 1
    ) -> dict[str, Any]:
        """Run a playbook, or go on with one that was begun, and return how it ended.

        systems: those that its actions need; turn: how often it began, as a run that asks ends its
        workflow, and begins another when somebody decided. Returns {status, output, errors}, or
        {waiting: NAME of the ask}. Raises RunError when a run that was begun cannot go on.
        """
        workflow = self.run if turn == 1 else f"{self.run}~{turn}"
        queues = [self.queue(system) for system in systems]
        own_file(engine_path(self.database.path))
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS(config=_config(self.database, self.run))
        try:
            workflows = _Workflows(self)
            DBOS.listen_queues(queues)
            DBOS.launch()
            for queue in queues:
                DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=POLLING)
            if status := DBOS.get_workflow_status(workflow):
                _check_replay(self.run, status.status, status.app_version)
                handle: WorkflowHandle[Any] = DBOS.retrieve_workflow(workflow)
            else:
                with SetWorkflowID(workflow):
                    handle = DBOS.start_workflow(
                        workflows.playbook, name, by_reference(dict(inputs))
                    )
            ended: dict[str, Any] = handle.get_result(polling_interval_sec=POLLING)
            for queue in queues:
                DBOS.delete_queue(queue)
            return ended
        finally:
            DBOS.destroy(destroy_registry=True)

    def step(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        """Do a step, in a run that asks once for all its workflows."""
        if self.asks:
            return DBOS.run_step({"name": name}, self.performing.step, name, function, *given)
        return DBOS.run_step({"name": name}, function, *given)

    def acts_on(self, action: str) -> frozenset[str]:
        """Return the systems that an action, or a playbook with all that it runs, may change."""
        if action in self.playbooks:
            tasks = self.playbooks[action].tasks.values()
            return frozenset().union(*(self.acts_on(task.action) for task in tasks))
        definition = self.performing.integration.definitions.get(action)
        return frozenset({definition.system} if definition and definition.acts else ())

    def queue(self, system: str) -> str:
        """Return the queue on which the chunks of a system wait."""
        return f"{self.run}/{system}"


class _Workflows:
    """The workflows, registered with DBOS under constant names."""

    def __init__(self, engine: Engine) -> None:
        performing, database = engine.performing, engine.database

        @DBOS.workflow(name="playbook")
        def playbook(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
            conducted = _Conducted(engine, self, "")
            try:
                return conducted.run(name, by_value(database, inputs))
            except Waiting as waiting:
                return {"waiting": waiting.ask}

        @DBOS.workflow(name="item")
        def item(
            key: str, action: str, given: dict[str, Any], assumed: bool, acted: list[str]
        ) -> dict[str, Any]:
            conducted = _Conducted(engine, self, "", acted=set(acted))
            result = conducted.one(key, action, given, assumed=assumed)
            return {
                "status": result.status,
                "result": by_reference(result.result),
                "assumed": result.assumed,
                "errors": conducted.errors,
            }

        @DBOS.workflow(name="chunk")
        def chunk(key: str, action: str, first: int, stop: int) -> dict[str, Any]:
            name = f"{key}: batches {first} to {stop - 1}"
            said: dict[str, Any] = engine.step(name, performing.perform, key, action, first, stop)
            return said

        self.playbook, self.item, self.chunk = playbook, item, chunk


@dataclass
class _Conducted:
    """A playbook, or one item's call, inside its workflow.

    prefix: path of the task that runs this playbook, for the names of its calls; acted: the systems
    that a dry run has taken for changed, of which a read may no longer tell the truth.
    """

    engine: Engine
    workflows: _Workflows
    prefix: str
    errors: list[dict[str, Any]] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _pauses: int = 0

    def run(self, name: str, inputs: Mapping[str, Any], *, assumed: bool = False) -> dict[str, Any]:
        """Conduct a playbook to its end."""
        playbook = self.engine.playbooks[name]
        ended = conduct(playbook, inputs, self.perform_calls, self.wait, assumed=assumed)
        said = [{"error": "DefinitionError", "message": line} for line in ended.errors]
        if not self.errors:
            said += [{"error": "RunError", "message": line} for line in ended.endings]
        return {
            "status": ended.status,
            "assumed": ended.assumed,
            "output": by_reference(ended.output),
            "errors": self.errors + said,
        }

    def perform_calls(
        self, task_id: str, calls: list[Call], concurrency: int | None
    ) -> Sequence[CallResult | None]:
        """Perform the calls of a task: one here, several as child workflows."""
        key = self._key(task_id)
        if len(calls) == 1 and calls[0].item_index is None:
            [call] = calls
            given = by_reference(dict(call.input))
            return [self.one(key, call.action, given, assumed=call.assumed)]
        if self.engine.performing.dry_run:
            self.acted |= self.engine.acts_on(calls[0].action)
        results: list[CallResult | None] = [None] * len(calls)
        running: deque[tuple[int, WorkflowHandle[dict[str, Any]]]] = deque()
        for index, call in enumerate(calls):
            while len(running) >= min(concurrency or AT_ONCE, AT_ONCE):
                self._collect(running, results)
            if concurrency and any(r is not None and r.status == FAILED for r in results):
                break
            handle = DBOS.start_workflow(
                self.workflows.item,
                f"{key}[{index}]",
                call.action,
                by_reference(dict(call.input)),
                call.assumed or self._may_not_begin(call.action, index, concurrency),
                sorted(self.acted),
            )
            running.append((index, handle))
        while running:
            self._collect(running, results)
        return results

    def one(
        self, key: str, action: str, given: dict[str, Any], *, assumed: bool = False
    ) -> CallResult:
        """Perform one call: a sub-playbook, a removal or a read."""
        performing = self.engine.performing
        if action == ASK:
            return self._ask(key, given)
        if action in self.engine.playbooks:
            inner = _Conducted(self.engine, self.workflows, f"{key}/", acted=self.acted)
            try:
                ended = inner.run(action, by_value(self.engine.database, given), assumed=assumed)
            except PluginError as error:  # its inputs are wrong
                self.errors.append({"call": key, **error_row(error)})
                return CallResult(FAILED, {"output": {}}, assumed)
            self.errors += ended["errors"]
            output = by_value(self.engine.database, ended["output"])
            return CallResult(ended["status"], {"output": output}, ended["assumed"])
        definition = performing.integration.definition(action)
        if definition.acts:
            result = self._remove(key, action, given, assumed=assumed)
            if performing.dry_run:
                self.acted.add(definition.system)
        else:
            result = self.engine.step(key, performing.read, key, action, given)
        self.errors += result.get("errors", ())
        status = SUCCEEDED if result["result"] == SUCCEEDED else FAILED
        assumed = assumed or definition.system in self.acted
        return CallResult(status, {"result": by_value(self.engine.database, result)}, assumed)

    def wait(self, seconds: float) -> None:
        """Wait before a further try, but not again for what an earlier workflow waited for."""
        if self.engine.asks:
            self._pauses += 1
            name = f"{self.prefix}pause {self._pauses}"
            seconds = DBOS.run_step({"name": name}, self.engine.performing.pause, name, seconds)
        DBOS.sleep(seconds)

    def _ask(self, key: str, given: dict[str, Any]) -> CallResult:
        """Ask a person; raises Waiting while nobody has decided."""
        said = DBOS.run_step({"name": key}, self.engine.performing.ask, key, given)
        if "waiting" in said:
            raise Waiting(said["waiting"])
        self.errors += said.get("errors", ())
        return CallResult(said["status"], said["result"], self.engine.performing.dry_run)

    def _may_not_begin(self, action: str, index: int, concurrency: int | None) -> bool:
        """Tell whether an item begins only if earlier ones did, in earnest, what is assumed."""
        acts = self.engine.performing.dry_run and self.engine.acts_on(action)
        return bool(acts and concurrency and index >= concurrency)

    def _remove(
        self, key: str, action: str, given: dict[str, Any], *, assumed: bool
    ) -> dict[str, Any]:
        """Perform a removal chunk by chunk, and sum it up."""
        performing = self.engine.performing
        name = f"{key}: prepare"
        sizes = self.engine.step(name, performing.prepare, key, action, given, assumed)
        if "errors" in sizes:
            return {"result": FAILED, **sizes}
        errors = self._perform(key, action, sizes["batches"], sizes["chunk"])
        result = self.engine.step(f"{key}: outcomes", performing.outcome, key, action)
        return {**result, "result": FAILED, "errors": errors} if errors else result

    def _perform(self, key: str, action: str, batches: int, chunk: int) -> list[dict[str, Any]]:
        """Perform the batches of a removal, chunk by chunk; return the errors that stopped it.

        What fits in one chunk is a step here: a queue would only make it wait.
        """
        performing = self.engine.performing
        if batches <= chunk:
            name = f"{key}: batches"
            said = self.engine.step(name, performing.perform, key, action, 0, batches)
            return list(said["errors"])
        queue = self.engine.queue(performing.integration.definition(action).system)
        chunks = [
            DBOS.enqueue_workflow(
                queue, self.workflows.chunk, key, action, first, min(first + chunk, batches)
            )
            for first in range(0, batches, chunk)
        ]
        results = [waiting.get_result(polling_interval_sec=POLLING) for waiting in chunks]
        return [row for result in results for row in result["errors"]]

    def _key(self, task_id: str) -> str:
        """Name the calls of a task; a task that is tried again has a new name each time."""
        key = self.prefix + task_id
        self._tries[key] = self._tries.get(key, 0) + 1
        return key if self._tries[key] == 1 else f"{key}~{self._tries[key]}"

    def _collect(
        self,
        running: deque[tuple[int, WorkflowHandle[dict[str, Any]]]],
        results: list[CallResult | None],
    ) -> None:
        index, handle = running.popleft()
        said = handle.get_result(polling_interval_sec=POLLING)
        self.errors += said["errors"]
        result = by_value(self.engine.database, said["result"])
        results[index] = CallResult(said["status"], result, said["assumed"])


def check_engine() -> None:
    """Refuse a Python with whose SQLite DBOS 3.4 cannot keep its steps; raises SettingsError."""
    if version_info >= (3, 12) and SQLITE_VERSION < (3, 42):
        has = ".".join(map(str, SQLITE_VERSION))
        raise SettingsError(
            f"playbooks need SQLite 3.42 with Python 3.12 and later, this one has {has}: "
            "use Python 3.11 or 3.10, or a newer SQLite"
        )


def _check_replay(run: str, status: str, version: str | None) -> None:
    """Refuse a run whose steps cannot be followed again; raises RunError."""
    if status in {"ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED"}:
        raise RunError(
            f"the run {run} was stopped by an internal error and cannot go on: start it anew, "
            "what it removed is then absent"
        )
    if version != REPLAY_VERSION and status != "SUCCESS":
        raise RunError(
            f"the run {run} was begun by another version of this program ({version}, this is "
            f"{REPLAY_VERSION}): go on with that one, or start it anew"
        )


def engine_path(store: Path) -> Path:
    """Return where DBOS keeps the steps of the runs of a store."""
    return store.with_name(f"{store.name}.engine")


def _config(database: Database, run: str) -> DBOSConfig:
    return {
        "name": "ioc-removal",
        "system_database_url": f"sqlite:///{engine_path(database.path)}",
        "executor_id": run,
        "application_version": REPLAY_VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": POLLING,
        "use_listen_notify": False,
    }
