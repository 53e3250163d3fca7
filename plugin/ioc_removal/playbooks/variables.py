"""Check that each variable that a playbook takes from ctx() is set before, on every way there."""

from collections.abc import Iterable, Iterator

from ..wording import hint
from .model import Assignments, Playbook, Task
from .values import Value

Problem = tuple[int, str]


def variable_problems(playbook: Playbook) -> list[Problem]:
    """Give the problems of a playbook whose flow is sound, each with its line."""
    return list(_Variables(playbook).problems())


class _Variables:
    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.everywhere = {name for name, _ in (*playbook.inputs, *playbook.vars)}
        for task in playbook.tasks.values():
            for transition in task.next:
                self.everywhere |= {name for name, _ in transition.publish}

    def problems(self) -> Iterator[Problem]:
        known: set[str] = set()
        for name, default in self.playbook.inputs:
            yield from self.missing([default], known)
            known.add(name)
        yield from self.assigned(self.playbook.vars, known)
        before = {self.playbook.start: known}
        for task in _in_order(self.playbook):
            here = before[task.name]
            yield from self.missing(_values(task), here)
            for transition in task.next:
                published = set(here)
                yield from self.assigned(transition.publish, published)
                for target in transition.tasks:
                    before[target] = before.get(target, published) & published
        # A run may end anywhere, so its output may name what only some ways set.
        yield from self.assigned(self.playbook.output, set(self.everywhere))

    def assigned(self, rows: Assignments, known: set[str]) -> Iterator[Problem]:
        """Check rows in order; each adds its name to what is known."""
        for name, value in rows:
            yield from self.missing([value], known)
            known.add(name)

    def missing(self, values: Iterable[Value | None], known: set[str]) -> Iterator[Problem]:
        for value in values:
            if value is None:
                continue
            for name in sorted(value.variables - known):
                if name in self.everywhere:
                    why = "is not set before this on every way"
                    message = f"the variable {name!r} {why}; publish it on each, or give it in vars"
                else:
                    message = f"there is no variable {name!r}{hint(name, sorted(known))}"
                yield value.where.line, f"{value.where}: {message}"


def _values(task: Task) -> Iterator[Value | None]:
    yield from (value for _, value in task.input)
    yield from (transition.when for transition in task.next)
    if task.items:
        yield from (task.items.values, task.items.concurrency)
    if task.retry:
        yield from (task.retry.when, task.retry.count, task.retry.delay)


def _in_order(playbook: Playbook) -> list[Task]:
    """Order the tasks so that each comes after all that lead to it."""
    ordered: list[Task] = []
    done: set[str] = set()

    def visit(name: str) -> None:
        if name not in done:
            done.add(name)
            for transition in playbook.tasks[name].next:
                for target in transition.tasks:
                    visit(target)
            ordered.append(playbook.tasks[name])

    visit(playbook.start)
    return ordered[::-1]
