"""Check what leads from task to task: known targets, a start, ways to all, joins that can be."""

from collections.abc import Iterator

from ..wording import hint
from .model import COMMANDS, Playbook, Transition
from .values import Place

Problem = tuple[int, str]


def flow_problems(playbook: Playbook) -> list[Problem]:
    """Give the problems, each with its line."""
    problems: list[Problem] = []
    for task in playbook.tasks.values():
        if task.name in COMMANDS or task.name == "retry":
            problems.append(_problem(task.where, f"{task.name!r} is a command, not a task's name"))
        for transition in task.next:
            problems += _target_problems(transition, playbook)
    if not problems:
        problems += _unreached(playbook)
    if not problems:
        problems += _joins(playbook)
    return problems


def _target_problems(transition: Transition, playbook: Playbook) -> Iterator[Problem]:
    known = [*playbook.tasks, *COMMANDS]
    for at, name in enumerate(transition.do):
        if name == "retry":
            message = "the command retry is not supported; give the task the key retry"
            yield _problem(transition.where, message)
        elif name not in known:
            yield _problem(transition.where, f"there is no task {name!r}{hint(name, known)}")
        elif name in transition.do[:at]:
            yield _problem(transition.where, f"{name!r} is given twice")


def _unreached(playbook: Playbook) -> Iterator[Problem]:
    starts = playbook.graph.starts
    if not starts:
        first = next(iter(playbook.tasks.values()))
        message = "something leads to each task, so none is the first: add one that leads here"
        yield _problem(first.where, message)
        return
    reached = playbook.graph.reached(starts)
    for task in playbook.tasks.values():
        if task.name not in reached:
            yield _problem(task.where, "no way leads here from a task that the run begins with")


def _joins(playbook: Playbook) -> Iterator[Problem]:
    splits = _splits(playbook)
    for task in playbook.tasks.values():
        if task.join is None:
            continue
        sources = playbook.graph.sources(task.name)
        if len(sources) < 2:
            why = f"{len(sources) or 'no'} task leads here, join is for several"
            yield _problem(task.join.where, why)
            continue
        first = playbook.graph.reached(playbook.graph.starts, without=task.name)
        if task.needs(len(sources)) > (count := len(first.intersection(sources))):
            why = f"only {count} of what leads here can run before it, so it would wait for ever"
            yield _problem(task.join.where, why)
        for source in sources:
            if splits[source] != splits[task.name]:
                told = ", ".join(sorted(splits[task.name] - splits[source]))
                message = (
                    f"it cannot join what comes from {source}: it would have to join what comes "
                    f"after {told} too, which runs once for each way that leads there"
                )
                yield _problem(task.join.where, message)
                break


def _splits(playbook: Playbook) -> dict[str, set[str]]:
    """Return, by task, the tasks before it (or it) that run once for each way to them.

    Orquesta cannot tell which runs of these a task joins, and refuses it.
    """
    graph = playbook.graph
    found: dict[str, set[str]] = {
        task.name: {task.name} if playbook.is_split(task.name) else set()
        for task in playbook.tasks.values()
    }
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for edge in graph.out[name]:
            if edge.target in found and not found[name] <= found[edge.target]:
                found[edge.target] |= found[name]
                waiting.append(edge.target)
    return found


def _problem(where: Place, message: str) -> Problem:
    return where.line, f"{where}: {message}"
