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
        before = self.before(known)
        for task in self.playbook.tasks.values():
            here = before[task.name]
            yield from self.missing(_values(task), here)
            for transition in task.next:
                yield from self.assigned(transition.publish, set(here))
        # A run may end anywhere, so its output may name what only some ways set.
        yield from self.assigned(self.playbook.output, set(self.everywhere))

    def before(self, known: set[str]) -> dict[str, set[str]]:
        """Return the variables that each task may take; known: those of the first ones.

        Of the tasks that lead to it so many may not set a variable that the others still have to.
        """
        graph, tasks = self.playbook.graph, self.playbook.tasks
        before = {name: set(self.everywhere) for name in tasks}
        before |= {name: set(known) for name in graph.starts}
        waiting = [name for name in tasks if name not in graph.starts]
        while waiting:
            name = waiting.pop()
            sources = graph.sources(name)
            set_by = [self.led(source, name, before[source]) for source in sources]
            most = tasks[name].needs(len(sources)) - 1
            here = {one for one in self.everywhere if sum(one not in by for by in set_by) <= most}
            if here != before[name]:
                before[name] = here
                waiting += {edge.target for edge in graph.out[name]} & tasks.keys()
        return before

    def led(self, source: str, target: str, here: set[str]) -> set[str]:
        """Return what is set wherever one task leads to another."""
        rows = [row for row in self.playbook.tasks[source].next if target in row.do]
        published = ({name for name, _ in row.publish} for row in rows)
        return here | set.intersection(*published)

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
