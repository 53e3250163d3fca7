"""A playbook that was read and checked: its tasks and what leads from one to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import ArgumentError, DefinitionError
from ..schema import Schema
from ..wording import hint
from .functions import Scope
from .graph import Graph
from .values import Place, Value

COMMANDS = frozenset({"continue", "noop", "fail"})
NOOP, ASK = "core.noop", "core.ask"
PREFIX = "ioc_removal."

Assignments = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Items:
    """The list that a task runs its action for; names: what item('...') knows."""

    names: tuple[str, ...]
    values: Value
    concurrency: Value | None


@dataclass(frozen=True)
class Retry:
    """When to try again (None: after a failure), how many further times, seconds between."""

    when: Value | None
    count: Value
    delay: Value | None


@dataclass(frozen=True)
class Join:
    """Run once when so many of the tasks that lead here did: "all" or a number."""

    where: Place
    wanted: str | int


@dataclass(frozen=True)
class Transition:
    """What follows a task: publish and go on to tasks or commands, when it holds."""

    where: Place
    when: Value | None
    publish: Assignments
    do: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The targets that are tasks, not commands."""
        return tuple(name for name in self.do if name not in COMMANDS)


@dataclass(frozen=True)
class Task:
    """One task; action is the name without "ioc_removal.", or core.noop or core.ask.

    join: None where each transition that leads to it has it run.
    """

    name: str
    where: Place
    action: str
    input: Assignments
    items: Items | None
    retry: Retry | None
    next: tuple[Transition, ...]
    join: Join | None = None

    def needs(self, sources: int) -> int:
        """Return how many tasks must have led here; sources: that can."""
        wanted = self.join.wanted if self.join else 1
        return sources if wanted == "all" else int(wanted)


@dataclass(frozen=True)
class Playbook:
    """A playbook, ready to be conducted; text is what it was read from."""

    name: str
    text: str
    description: str
    inputs: tuple[tuple[str, Value | None], ...]
    vars: Assignments
    tasks: Mapping[str, Task]
    output: Assignments

    @cached_property
    def graph(self) -> Graph:
        """What leads from task to task."""
        return Graph({name: [row.do for row in task.next] for name, task in self.tasks.items()})

    def is_split(self, name: str) -> bool:
        """Tell whether a task or command runs once for each way that leads to it, on its own."""
        task = self.tasks.get(name)
        joins = task is not None and task.join is not None
        return not joins and len(self.graph.into[name]) > 1 and not self.graph.in_cycle(name)

    def check_inputs(
        self, inputs: Mapping[str, Any], document: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Fill the defaults and refuse what is unknown, missing or of a wrong type.

        document: schemas/playbooks/<name>.json; a set is not checked against it, it was when it
        was read. Raises ArgumentError, one line a mistake; given values are never evaluated.
        """
        problems = [*self._unknown(inputs), *_mistyped(inputs, document)]
        filled: dict[str, Any] = {}
        for name, default in self.inputs:
            if name in inputs:
                filled[name] = inputs[name]
            elif default is None:
                problems.append(f"{self.name}: the input {name!r} is missing")
            elif not problems:
                try:
                    filled[name] = default.evaluate(Scope(filled))
                except DefinitionError as error:
                    problems.append(str(error))
        if problems:
            raise ArgumentError(*problems)
        return filled

    def _unknown(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        known = [name for name, _ in self.inputs]
        for name in inputs:
            if name not in known:
                yield f"{self.name}: there is no input {name!r}{hint(name, known)}"


def _mistyped(inputs: Mapping[str, Any], document: Mapping[str, Any] | None) -> Iterator[str]:
    if document is not None:
        known = document.get("properties", {})
        plain = {
            name: value
            for name, value in inputs.items()
            if name in known and (value is None or isinstance(value, (str, int, float, list, dict)))
        }
        rest = {key: value for key, value in document.items() if key != "required"}
        yield from (f"input {problem}" for problem in Schema(rest).problems(plain))
