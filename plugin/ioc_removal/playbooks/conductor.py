"""Conduct a playbook: a pure interpreter, without clock, random, input or output.

It asks for actions and waits through two functions that the engine hands in, and does the same
whenever their answers are the same, so a durable engine may run it again from the start.

Facts of Orquesta 1.6.0 that it follows (its conductor was run beside it):
- What is published is merged into the context: mappings key by key, all else is replaced. Within
  one "publish" a later row sees an earlier one unmerged.
- All rows of "next" that hold fire; two that lead to tasks would run in parallel (even twice the
  same task, each with its own context): refused here.
- A failed task fails the run unless a row fires that leads to anything but "continue". "noop"
  counts as handled. A task beside "fail" still runs, without its retries, and what follows it does
  not; the run has failed.
- "output" is rendered for a failed run too, from the contexts of where it ended; a row that fails
  is left out, the others stay, and the run fails. Where two rows lead to the same command, the
  second one's whole context is laid over the first one's.
- A mistake in "when" or "publish" fails the run; that row publishes nothing.
- "retry" without "when" tries again after a failure only; "when" is asked after a success too.
- task_status() in "output" does not see tasks that several rows lead to; so it is refused there.
- core.ask that nobody answered in time ends as "timeout": neither succeeded() nor failed(), but
  completed(); a run fails by it as by a failed task.
- With items: result() is the list of the items' results; after a failed item no further one
  starts, and its place in the list is None. An empty list succeeds without a call.
It does not follow it in three things. Where a task's input, items or retry cannot be rendered,
Orquesta renders "output" without what that task saw; here it is seen, so that what was done before
can be told. Orquesta lays one mapping over another in place, so that what a row publishes may be
seen on ways that it does not lead to; here it is not. And it renders the items of a task batch by
batch, so that they see the status of their own task change; here all are rendered at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..errors import DefinitionError
from .assumed import Assumptions
from .calls import Call, CallResult, calls_of, concurrency_of, whole
from .context import Layers, final, merged
from .functions import Scope
from .model import NOOP, Playbook, Task, Transition

TIMEOUT = "timeout"
NOOP_RESULT = {"failed": False, "succeeded": True, "return_code": 0}


class PerformCall(Protocol):
    """Performs the calls of one task and gives their results in the same order.

    concurrency: how many at once, None for all. With it, after a failed call none is started any
    more, and None stands for each that was not.
    """

    def __call__(
        self, task_id: str, calls: list[Call], concurrency: int | None
    ) -> Sequence[CallResult | None]:
        """Perform the calls."""


class Waiting(Exception):  # noqa: N818  # nothing went wrong
    """A playbook asked, and nobody has decided yet; raised by perform_call, it leaves conduct().

    ask: the name of the question.
    """

    def __init__(self, ask: str) -> None:
        super().__init__(ask)
        self.ask = ask


@dataclass(frozen=True)
class Ended:
    """How a run ended: "succeeded" or "failed", its output, and why it failed, a line each.

    errors: mistakes, such as an expression that cannot be evaluated; endings: where a failed task
    or "fail" ended it, which its calls' own errors explain better where they have some; assumed:
    whether anything in it was.
    """

    status: str
    output: dict[str, Any]
    errors: list[str]
    endings: list[str]
    assumed: bool = False


def conduct(
    playbook: Playbook,
    inputs: Mapping[str, Any],
    perform_call: PerformCall,
    wait: Callable[[float], None],
    *,
    assumed: bool = False,
) -> Ended:
    """Run a playbook to its end.

    assumed: whether it is run at all, or with these inputs, because of something assumed. Raises
    ArgumentError when the inputs are wrong; all else that goes wrong is in what it returns.
    """
    run = _Run(playbook, perform_call, wait, Assumptions(everything=assumed))
    return run.ended(playbook.check_inputs(inputs))


@dataclass
class _Run:
    playbook: Playbook
    perform_call: PerformCall
    wait: Callable[[float], None]
    assumed: Assumptions
    statuses: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    endings: list[str] = field(default_factory=list)
    ends: list[Layers] = field(default_factory=list)

    def ended(self, inputs: dict[str, Any]) -> Ended:
        """Conduct from the first task to the output."""
        base = dict(inputs)
        try:
            for name, value in self.playbook.vars:
                base = merged([base, {name: value.evaluate(Scope(base))}])
        except DefinitionError as error:
            self.errors.append(str(error))
            self.ends.append((base,))
        else:
            step: tuple[Task, Layers] | None = self.playbook.tasks[self.playbook.start], (base,)
            while step:
                step = self.step(*step)
        output: dict[str, Any] = {}
        context = final(self.ends)
        for name, value in self.playbook.output:
            try:
                output[name] = value.evaluate(Scope({**context, **output}, self.statuses))
            except DefinitionError as error:
                self.errors.append(str(error))
        status = "failed" if self.failing else "succeeded"
        assumed = self.assumed.everything or bool(self.assumed.tasks)
        return Ended(status, output, self.errors, self.endings, assumed)

    @property
    def failing(self) -> bool:
        """Whether the run can no longer succeed."""
        return bool(self.errors or self.endings)

    def step(self, task: Task, layers: Layers) -> tuple[Task, Layers] | None:
        """Run a task and tell which comes next, with its context."""
        try:
            scope = self.run(task, merged(layers))
        except DefinitionError as error:
            self.errors.append(str(error))
            self.ends.append(layers)
            return None
        held = [(row, self.fire(row, scope)) for row in task.next]
        if self.assumed.touch((row.when for row in task.next), task.name):
            self.assumed.everything = True
        fired = [(row, published) for row, published in held if published is not None]
        leading = [(name, row, made) for row, made in fired for name in row.tasks]
        commands = sorted({name for row, _ in fired for name in row.do} - {n for n, *_ in leading})
        status = self.statuses[task.name]
        if status != "succeeded" and not leading and set(commands) <= {"continue"}:
            what = "nobody answered in time" if status == TIMEOUT else "the task failed"
            self.endings.append(f"{task.where}: {what}, and nothing in next handles it")
        if "fail" in commands:
            self.endings.append(f"{task.where}: the playbook ends as failed here")
        if len(leading) > 1:
            names = " and ".join(name for name, *_ in leading)
            self.errors.append(f"{task.where}: {names} would run in parallel: not supported yet")
        if self.failing or not leading:
            self.ends.append(layers)
        for command in commands:
            made = [(*layers, published) for row, published in fired if command in row.do]
            self.ends.append((made[0][0], *(layer for end in made for layer in end[1:])))
        if len(leading) == 1 and (not self.failing or "fail" in commands):
            name, _, published = leading[0]
            return self.playbook.tasks[name], (*layers, published)
        return None

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

    def run(self, task: Task, context: Mapping[str, Any]) -> Scope:
        """Perform a task, again where "retry" says so, and give what its "next" sees."""
        before = Scope(context, self.statuses)
        retry = None if self.failing else task.retry
        tries = whole(retry.count, Scope(context)) if retry else 0
        delay = whole(retry.delay, Scope(context)) if retry and retry.delay else 0
        if retry and self.assumed.touch((retry.when, retry.count), task.name):
            self.assumed.tasks.add(task.name)
        while True:
            status, result = self.once(task, before)
            self.statuses[task.name] = status
            after = Scope(context, self.statuses, task.name, result)
            again = status == "failed"
            if tries and retry and retry.when:
                again = bool(retry.when.evaluate(after))
            if not tries or not again:
                return after
            tries -= 1
            self.statuses[task.name] = "retrying"
            if delay:
                self.wait(delay)

    def once(self, task: Task, scope: Scope) -> tuple[str, Any]:
        """Perform a task once; give its status and result."""
        values = [value for _, value in task.input]
        if task.items:
            values += filter(None, (task.items.values, task.items.concurrency))
        assumed = self.assumed.touch(values)
        calls = [replace(call, assumed=assumed) for call in calls_of(task, scope)]
        results: Sequence[CallResult | None] = []
        if task.action == NOOP:
            results = [CallResult("succeeded", NOOP_RESULT) for _ in calls]
        elif calls:
            results = self.perform_call(task.name, calls, concurrency_of(task, scope))
        statuses = {result.status if result else "failed" for result in results} - {"succeeded"}
        if assumed or any(result is not None and result.assumed for result in results):
            self.assumed.tasks.add(task.name)
        found = [result.result if result else None for result in results]
        status = min(statuses, default="succeeded")  # "failed" before "timeout"
        return status, found if task.items else found[0]
