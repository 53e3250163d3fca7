"""Run the tasks of a playbook round by round: all that are due at once, then what they lead to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import DefinitionError
from .assumed import Assumptions
from .calls import CallResult, Due, PerformCalls, Results, calls_of, concurrency_of, whole
from .context import merged
from .functions import Scope
from .model import COMMANDS, NOOP, Playbook, Task, Transition
from .routes import Record, Routes, Staged

TIMEOUT, RUNNING, RETRYING = "timeout", "running", "retrying"
NOOP_RESULT = {"failed": False, "succeeded": True, "return_code": 0}
MOST_TASKS = 1_000  # of a run: a cycle beyond it is taken for an endless one


@dataclass(frozen=True)
class _Work:
    """What a task does: its calls, the variables it sees, whether they are assumed."""

    due: Due
    context: Mapping[str, Any]
    assumed: bool

    @property
    def is_called(self) -> bool:
        """Whether something has to be performed."""
        return any(call.action != NOOP for call in self.due.calls)

    @property
    def nothing(self) -> Results:
        """The results when nothing has."""
        return [CallResult("succeeded", NOOP_RESULT) for _ in self.due.calls]


@dataclass
class Rounds:
    """A run of a playbook; errors, endings: why it failed, as conductor.Ended has them."""

    playbook: Playbook
    perform_calls: PerformCalls
    wait: Callable[[float], None]
    asks: Callable[[str], bool]
    assumed: Assumptions
    errors: list[str] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.routes = Routes(self.playbook)

    def run(self, variables: Mapping[str, Any]) -> None:
        """Run all tasks, from those that nothing leads to."""
        starts = self.playbook.graph.starts
        self.routes.staged = [Staged(name, 0, (variables,), ready=True) for name in starts]
        while due := self.due():
            self.round(due)

    @property
    def failing(self) -> bool:
        """Whether the run can no longer succeed."""
        return bool(self.errors or self.endings)

    def due(self) -> list[Staged]:
        """Give the tasks that begin now; one that asks only when there is no other."""
        ready = [one for one in self.routes.staged if one.ready]
        if self.failing:
            ready = [one for one in ready if one.on_fail]
        ready.sort(key=lambda one: (one.task, one.route, one.record is None))
        first = {(one.task, one.route): one for one in reversed(ready)}  # of each, one at a time
        others = [one for one in ready if not self.asks(self.task(one).action)]
        return [one for one in others if one is first[one.task, one.route]] or ready[:1]

    def task(self, one: Staged | Record) -> Task:
        """Give the task that is due, or ran."""
        return self.playbook.tasks[one.task]

    def round(self, staged: list[Staged]) -> None:
        """Run tasks that are due at once, and stage what they lead to."""
        works = [work for one in staged if (work := self.rendered(one))]
        begun = [self.routes.begin(one) for one in staged]
        if len(works) < len(staged):
            self.routes.staged.clear()
            for record in begun:  # what they saw is not lost to the output
                record.is_end = True
            return
        delay = max(record.delay if record.status == RETRYING else 0 for record in begun)
        pairs = [pair for pair in zip(begun, works, strict=True) if self.begins(pair[0])]
        if delay:
            self.wait(delay)
        due = [work.due for _, work in pairs if work.is_called]
        results = iter(self.perform_calls(due) if due else ())
        for record, work in pairs:
            self.settle(record, work, next(results) if work.is_called else work.nothing)

    def rendered(self, one: Staged) -> _Work | None:
        """Render what a task calls; None when a mistake stops the run."""
        task = self.task(one)
        if len(self.routes.records) >= MOST_TASKS:
            self.errors.append(f"{task.where}: more than {MOST_TASKS:,} tasks: no end is seen")
            return None
        scope = Scope(merged(one.layers), self.routes.statuses(one.route))
        values = [value for _, value in task.input]
        if task.items:
            values += filter(None, (task.items.values, task.items.concurrency))
        assumed = self.assumed.touch(values)
        try:
            calls = [replace(call, assumed=assumed) for call in calls_of(task, scope)]
            due = Due(task.name, calls, concurrency_of(task, scope))
        except DefinitionError as error:
            self.errors.append(str(error))
            return None
        return _Work(due, scope.context, assumed)

    def begins(self, record: Record) -> bool:
        """Note that a task runs, and how often it may be tried; False when a mistake stops it."""
        retry = self.task(record).retry
        try:
            if retry and record.status != RETRYING:
                record.tries = whole(retry.count, Scope(merged(record.layers)))
                record.delay = (
                    whole(retry.delay, Scope(merged(record.layers))) if retry.delay else 0
                )
                if self.assumed.touch((retry.when, retry.count), record.task):
                    self.assumed.tasks.add(record.task)
        except DefinitionError as error:
            self.errors.append(str(error))
            record.is_end = True
            return False
        record.status = RUNNING
        return True

    def settle(self, record: Record, work: _Work, results: Results) -> None:
        """Note how a task ended, and stage what follows: the same again, or what it leads to."""
        task = self.task(record)
        statuses = {result.status if result else "failed" for result in results} - {"succeeded"}
        if work.assumed or any(result is not None and result.assumed for result in results):
            self.assumed.tasks.add(task.name)
        found = [result.result if result else None for result in results]
        record.status = min(statuses, default="succeeded")  # "failed" before "timeout"
        result = found if task.items else found[0]
        scope = Scope(work.context, self.routes.statuses(record.route), task.name, result)
        try:
            if not self.failing and record.tries and self.again(task, scope):
                record.tries -= 1
                record.status = RETRYING
                self.routes.again(record)
                return
        except DefinitionError as error:
            self.errors.append(str(error))
        else:
            self.follow(record, task, scope)
        if not self.failing and self.routes.are_done:
            self.endings += [
                f"{self.task(one).where}: join: nothing more leads here, and it waits"
                for one in self.routes.staged
            ]
        record.is_end |= self.failing or self.routes.are_done or not task.next

    def again(self, task: Task, scope: Scope) -> bool:
        """Tell whether a task wants to be tried again."""
        if task.retry and task.retry.when:
            return bool(task.retry.when.evaluate(scope))
        return scope.statuses[task.name] == "failed"

    def follow(self, record: Record, task: Task, scope: Scope) -> None:
        """Stage what a task leads to, and do what commands say."""
        held = [self.fire(row, scope) for row in task.next]
        if self.assumed.touch((row.when for row in task.next), task.name):
            self.assumed.everything = True
        led = []
        for edge in self.playbook.graph.out[task.name]:
            published = held[edge.row]
            record.held[edge] = published is not None
            if published is not None:
                layers = (*record.layers, published) if published else record.layers
                led.append(self.routes.follow(edge, record, layers))
        names = {one.task for one in led}
        if record.status != "succeeded" and not names - {"continue"}:
            what = "nobody answered in time" if record.status == TIMEOUT else "the task failed"
            self.endings.append(f"{task.where}: {what}, and nothing in next handles it")
        if "fail" in names:
            self.endings.append(f"{task.where}: the playbook ends as failed here")
        for one in led:
            if one.task in COMMANDS:
                self.routes.begin(one).is_end = True
            elif "fail" in names:
                one.on_fail |= one.ready

    def fire(self, row: Transition, scope: Scope) -> dict[str, Any] | None:
        """Give what a row publishes, or None when it does not hold or a mistake stops it."""
        published: dict[str, Any] = {}
        try:
            if row.when is not None and not row.when.evaluate(scope):
                return None
            for name, value in row.publish:
                seen = {**scope.context, **published}
                published[name] = value.evaluate(scope.with_context(seen))
                if self.assumed.touch((row.when, value), scope.task):
                    self.assumed.variables.add(name)
        except DefinitionError as error:
            self.errors.append(str(error))
            return None
        return published
