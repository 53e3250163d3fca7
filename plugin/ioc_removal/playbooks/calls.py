"""What a task asks for: one call, or one for each item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import DefinitionError
from .functions import Scope
from .limits import is_list
from .model import Task
from .values import Value

MOST_CALLS = 10_000


@dataclass(frozen=True)
class Call:
    """An action or a playbook (without "ioc_removal.") with its arguments.

    item_index: of its item, None without "with"; assumed: whether it is reached, or has these
    arguments, because of something that a plan only assumes.
    """

    action: str
    input: Mapping[str, Any]
    item_index: int | None = None
    assumed: bool = False


@dataclass(frozen=True)
class Due:
    """The calls of one task that is due.

    concurrency: how many at once, None for all. With it, after a failed call none is started any
    more.
    """

    task: str
    calls: list[Call]
    concurrency: int | None = None

    @property
    def action(self) -> str:
        """The action, or playbook, of all its calls."""
        return self.calls[0].action

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object, but for sets in it."""
        calls = [{**vars(call), "input": dict(call.input)} for call in self.calls]
        return {"task": self.task, "calls": calls, "concurrency": self.concurrency}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Due":
        """Return what as_json gave."""
        calls = [Call(**call) for call in given["calls"]]
        return cls(given["task"], calls, given["concurrency"])


@dataclass(frozen=True)
class CallResult:
    """How a call ended ("succeeded", "failed", core.ask "timeout") and what result() then is.

    assumed: whether a plan only assumes that it ends so.
    """

    status: str
    result: Any
    assumed: bool = False


Results = Sequence[CallResult | None]


class PerformCalls(Protocol):
    """Performs the calls of tasks that are due at once.

    Gives for each task the results in the order of its calls, None for what was not started.
    """

    def __call__(self, due: list[Due]) -> Sequence[Results]:
        """Perform the calls."""


def calls_of(task: Task, scope: Scope) -> list[Call]:
    """Render the calls of a task; DefinitionError says what cannot be rendered."""
    if task.items is None:
        return [_call(task, scope, None)]
    values = task.items.values.evaluate(scope)
    if not is_list(values):
        raise DefinitionError(f"{task.items.values.where}: this is not a list")
    if len(values) > MOST_CALLS:
        where = task.items.values.where
        raise DefinitionError(
            f"{where}: {len(values):,} items, more than {MOST_CALLS:,}; give one action the list"
        )
    return [
        _call(task, scope.with_item(_named(item, task.items.names)), index)
        for index, item in enumerate(values)
    ]


def concurrency_of(task: Task, scope: Scope) -> int | None:
    """Give how many calls may run at once, None for all; less than 1 counts as 1."""
    if task.items is None or task.items.concurrency is None:
        return None
    return max(1, whole(task.items.concurrency, scope))


def whole(value: Value, scope: Scope) -> int:
    """Evaluate what must be a whole number."""
    number = value.evaluate(scope)
    if not isinstance(number, int) or isinstance(number, bool):
        raise DefinitionError(f"{value.where}: {number!r} is not a whole number")
    return number


def _call(task: Task, scope: Scope, index: int | None) -> Call:
    rendered = {name: value.evaluate(scope) for name, value in task.input}
    return Call(task.action, rendered, index)


def _named(item: Any, names: tuple[str, ...]) -> Any:
    """Name an item as Orquesta does: a list gives a value to each name, the rest is dropped."""
    if names and isinstance(item, (list, tuple)):
        return dict(zip(names, item, strict=False))
    return {names[0]: item} if len(names) == 1 else item
