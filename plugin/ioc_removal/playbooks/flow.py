"""Check what leads from task to task: known targets, one start, no cycles, no two at once."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from ..wording import hint
from .model import COMMANDS, Playbook, Task, Transition
from .values import Place

Problem = tuple[int, str]
_ALWAYS = {
    "": {"succeeded", "failed", "timeout"},
    "completed()": {"succeeded", "failed", "timeout"},
    "succeeded()": {"succeeded"},
    "failed()": {"failed"},
}


def flow_problems(playbook: Playbook) -> list[Problem]:
    """Give the problems, each with its line."""
    problems: list[Problem] = []
    for task in playbook.tasks.values():
        if task.name in COMMANDS or task.name == "retry":
            problems.append(_problem(task.where, f"{task.name!r} is a command, not a task's name"))
        for transition in task.next:
            problems += _target_problems(transition, playbook)
        problems += _at_once(task)
    if not problems:
        problems += [*_cycles(playbook), *_starts(playbook)]
    return problems


def _target_problems(transition: Transition, playbook: Playbook) -> Iterator[Problem]:
    known = [*playbook.tasks, *COMMANDS]
    for name in transition.do:
        if name == "retry":
            message = "the command retry is not supported; give the task the key retry"
            yield _problem(transition.where, message)
        elif name not in known:
            yield _problem(transition.where, f"there is no task {name!r}{hint(name, known)}")
    if len(transition.tasks) > 1:
        listed = " and ".join(transition.tasks)
        yield _problem(transition.where, f"{listed} would run in parallel: not supported yet")


def _at_once(task: Task) -> Iterator[Problem]:
    """Find two transitions that always fire together; others are found when they do."""
    leading = [transition for transition in task.next if transition.tasks]
    for one, other in combinations(leading, 2):
        if _statuses(one) & _statuses(other):
            line = one.where.line
            message = f"fires together with line {line}, in parallel: not supported yet"
            yield _problem(other.where, message)


def _statuses(transition: Transition) -> set[str]:
    source = transition.when.source if transition.when else ""
    return _ALWAYS.get(source.strip("{} "), set())


def _cycles(playbook: Playbook) -> Iterator[Problem]:
    done: set[str] = set()
    way: list[str] = []

    def visit(name: str) -> Iterator[Problem]:
        way.append(name)
        for transition in playbook.tasks[name].next:
            for target in transition.tasks:
                if target in way:
                    cycle = " -> ".join([*way[way.index(target) :], target])
                    yield _problem(transition.where, f"the cycle {cycle} is not supported yet")
                elif target not in done:
                    yield from visit(target)
        done.add(way.pop())

    for name in playbook.tasks:
        if name not in done:
            yield from visit(name)


def _starts(playbook: Playbook) -> Iterator[Problem]:
    reached = Counter(
        target
        for task in playbook.tasks.values()
        for transition in task.next
        for target in transition.tasks
    )
    starts = [task for task in playbook.tasks.values() if not reached[task.name]]
    for task in starts[1:]:
        message = (
            f"no task leads here, so it would start beside {starts[0].name}: not supported yet"
        )
        yield _problem(task.where, message)


def _problem(where: Place, message: str) -> Problem:
    return where.line, f"{where}: {message}"
