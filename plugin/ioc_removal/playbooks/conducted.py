"""A playbook, a task or an item of one, as it is conducted inside its workflow."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dbos import DBOS, WorkflowHandle

from ..errors import PluginError
from ..store.sets import by_reference, by_value
from ..trust.record import error_row
from .calls import Call, CallResult, Due, Results
from .conducting import POLLING, Conducting
from .conductor import Waiting, conduct
from .model import ASK
from .sharing import perform_alone, perform_chunks
from .together import outcome_items, perform_items, prepare_items

AT_ONCE = 16  # tasks, or items of a task, each in a thread
SUCCEEDED, FAILED = "succeeded", "failed"


class Inner(Protocol):
    """The workflows inside that of a playbook."""

    task: Callable[..., dict[str, Any]]
    item: Callable[..., dict[str, Any]]


@dataclass
class Conducted:
    """A playbook, one of its tasks, or one item's call, inside its workflow.

    prefix: path of the task that runs this playbook, for the names of its calls; acted: the systems
    that a dry run has taken for changed, of which a read may no longer tell the truth.
    """

    shared: Conducting
    workflows: Inner
    prefix: str
    errors: list[dict[str, Any]] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _pauses: int = 0

    def run(self, name: str, inputs: Mapping[str, Any], *, assumed: bool = False) -> dict[str, Any]:
        """Conduct a playbook to its end."""
        playbook = self.shared.playbooks[name]
        ended = conduct(
            playbook,
            inputs,
            self.perform_calls,
            self.wait,
            asks=self.shared.may_ask,
            assumed=assumed,
        )
        said = [{"error": "DefinitionError", "message": line} for line in ended.errors]
        if not self.errors:
            said += [{"error": "RunError", "message": line} for line in ended.endings]
        return {
            "status": ended.status,
            "assumed": ended.assumed,
            "output": by_reference(ended.output),
            "errors": self.errors + said,
        }

    def perform_calls(self, due: list[Due]) -> list[Results]:
        """Perform the calls of tasks: of one here, of several at once, as child workflows."""
        keys = [self._key(one.task) for one in due]
        if len(due) == 1:
            return [self.perform_task(keys[0], due[0])]
        if self.shared.performing.dry_run:
            self.acted |= frozenset().union(*(self.shared.acts_on(one.action) for one in due))
        results: list[Results] = []
        running: deque[WorkflowHandle[dict[str, Any]]] = deque()
        for key, one in zip(keys, due, strict=True):
            if len(running) == AT_ONCE:
                results.append(self._collected(running.popleft()))
            given = by_reference(one.as_json())
            running.append(DBOS.start_workflow(self.workflows.task, key, given, sorted(self.acted)))
        results += [self._collected(handle) for handle in running]
        self.shared.check()  # when all of them have ended
        return results

    def perform_task(self, key: str, due: Due) -> Results:
        """Perform the calls of a task: one here, several as child workflows."""
        calls, concurrency = due.calls, due.concurrency
        if len(calls) == 1 and calls[0].item_index is None:
            [call] = calls
            given = by_reference(dict(call.input), leaves=False)
            return [self.one(key, call.action, given, assumed=call.assumed)]
        if self.shared.performing.dry_run:
            self.acted |= self.shared.acts_on(calls[0].action)
        if calls and concurrency is None and self._acts(calls[0].action):
            return self._remove_items(key, calls)
        results: list[CallResult | None] = [None] * len(calls)
        running: deque[tuple[int, WorkflowHandle[dict[str, Any]]]] = deque()
        for index, call in enumerate(calls):
            while len(running) >= min(concurrency or AT_ONCE, AT_ONCE):
                self._collect(running, results)
            failed = concurrency and any(r is not None and r.status == FAILED for r in results)
            if failed or self.shared.performing.over.is_set():
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
        self.shared.check()
        return results

    def one(
        self, key: str, action: str, given: dict[str, Any], *, assumed: bool = False
    ) -> CallResult:
        """Perform one call: a sub-playbook, a removal or a read."""
        performing = self.shared.performing
        self.shared.check()
        if action == ASK:
            return self._ask(key, by_reference(by_value(self.shared.database, given)))
        if action in self.shared.playbooks:
            inner = Conducted(self.shared, self.workflows, f"{key}/", acted=self.acted)
            try:
                ended = inner.run(action, by_value(self.shared.database, given), assumed=assumed)
            except PluginError as error:  # its inputs are wrong
                self.errors.append({"call": key, **error_row(error)})
                return CallResult(FAILED, {"output": {}}, assumed)
            self.errors += ended["errors"]
            output = by_value(self.shared.database, ended["output"])
            return CallResult(ended["status"], {"output": output}, ended["assumed"])
        definition = performing.integration.definition(action)
        if definition.acts:
            result = self._remove(key, action, given, assumed=assumed)
            if performing.dry_run:
                self.acted.add(definition.system)
        else:
            result = self.shared.step(key, performing.read, key, action, given)
        self.errors += result.get("errors", ())
        status = SUCCEEDED if result["result"] == SUCCEEDED else FAILED
        assumed = assumed or definition.system in self.acted
        return CallResult(status, {"result": by_value(self.shared.database, result)}, assumed)

    def wait(self, seconds: float) -> None:
        """Wait before a further try."""
        self._pauses += 1
        self.shared.pause(f"{self.prefix}pause {self._pauses}", seconds)

    def _collected(self, handle: WorkflowHandle[dict[str, Any]]) -> Results:
        """Wait for a task that runs beside others, and give its results."""
        said = handle.get_result(polling_interval_sec=POLLING)
        self.errors += said["errors"]
        rows = by_value(self.shared.database, said["results"])
        return [None if row is None else CallResult(*row) for row in rows]

    def _ask(self, key: str, given: dict[str, Any]) -> CallResult:
        """Ask a person; raises Waiting while nobody has decided."""
        said = DBOS.run_step({"name": key}, self.shared.performing.ask, key, given)
        if "waiting" in said:
            raise Waiting(said["waiting"])
        self.errors += said.get("errors", ())
        return CallResult(said["status"], said["result"], self.shared.performing.dry_run)

    def _may_not_begin(self, action: str, index: int, concurrency: int | None) -> bool:
        """Tell whether an item begins only if earlier ones did, in earnest, what is assumed."""
        acts = self.shared.performing.dry_run and self.shared.acts_on(action)
        return bool(acts and concurrency and index >= concurrency)

    def _remove(
        self, key: str, action: str, given: dict[str, Any], *, assumed: bool
    ) -> dict[str, Any]:
        """Perform a removal chunk by chunk, and sum it up."""
        performing = self.shared.performing
        name = f"{key}: prepare"
        sizes = self.shared.step(name, performing.prepare, key, action, given, assumed)
        if "errors" in sizes:
            return {"result": FAILED, **sizes}
        name, batches, chunk = f"{key}: batches", sizes["batches"], sizes["chunk"]
        if not batches:
            said: dict[str, Any] = {"errors": []}  # nothing of it is left to do
        elif batches <= chunk:
            said = self.shared.step(name, perform_alone, performing, key, action, batches)
        else:
            said = self.shared.step(name, perform_chunks, performing, key, action, batches, chunk)
        self.shared.check()
        result = self.shared.step(f"{key}: outcomes", performing.outcome, key, action)
        return {**result, "result": FAILED, "errors": said["errors"]} if said["errors"] else result

    def _acts(self, action: str) -> bool:
        """Tell whether an action, and no playbook, acts on a system."""
        definition = self.shared.performing.integration.definitions.get(action)
        return action not in self.shared.playbooks and definition is not None and definition.acts

    def _remove_items(self, key: str, calls: list[Call]) -> Results:
        """Perform the removals of all items, together, and sum up each."""
        performing, step, action = self.shared.performing, self.shared.step, calls[0].action
        self.shared.check()
        given = [
            (f"{key}[{at}]", by_reference(dict(call.input)), call.assumed)
            for at, call in enumerate(calls)
        ]
        sizes = dict(
            zip(
                (call for call, _, _ in given),
                step(f"{key}: prepare", prepare_items, performing, action, given),
                strict=True,
            )
        )
        some = {call: size for call, size in sizes.items() if size.get("batches")}
        said = step(f"{key}: batches", perform_items, performing, key, action, some)
        self.shared.check()
        fine = [call for call, size in sizes.items() if "errors" not in size]
        found = step(f"{key}: outcomes", outcome_items, performing, action, fine)
        summed = dict(zip(fine, found, strict=True))
        system = performing.integration.definition(action).system
        results = []
        for call, _, assumed in given:
            result = {"result": FAILED, **sizes[call]} if call not in summed else summed[call]
            if call in said:
                result = {**result, "result": FAILED, "errors": said[call]}
            self.errors += result.get("errors", ())
            status = SUCCEEDED if result["result"] == SUCCEEDED else FAILED
            shown = {"result": by_value(self.shared.database, result)}
            results.append(CallResult(status, shown, assumed or system in self.acted))
        return results

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
        result = by_value(self.shared.database, said["result"])
        results[index] = CallResult(said["status"], result, said["assumed"])
