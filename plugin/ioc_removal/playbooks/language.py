"""Read a playbook: the subset of Orquesta in schemas/playbook.json, refused with line numbers.

A playbook that is accepted here also passes the inspection of Orquesta 1.6.0. Stricter than that
is: keys outside the subset, "when" that is not one expression (Orquesta takes any text as true),
variables that are not set on every way to a task, names such as "items" that ctx() cannot show,
tasks that no way leads to, a "join" of less than two tasks or of more than can come before it.
"""

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any

from ..loader import read
from ..schema import Schema
from ..yaml_reading import parse_with_lines
from .flow import flow_problems
from .model import ASK, NOOP, PREFIX, Playbook, Task
from .reader import Reader
from .variables import variable_problems


def parse_playbook(
    text: str, name: str, *, has_effect: Callable[[str], bool], known: Callable[[str], bool]
) -> Playbook:
    """Read and check a playbook.

    has_effect, known: asked for an action's or playbook's name, without "ioc_removal.".
    Raises DefinitionError with all problems, a line each: "name: line 12: tasks.search: ...".
    """
    document, lines = _read(text, name)
    reader = Reader(name, lines)
    for path, key, message in _schema().located(document):
        reader.refuse(path, message, key)
    reader.finish()
    playbook = reader.playbook(document, text)
    for task in playbook.tasks.values():
        for key, message in _action_problems(task, name, has_effect, known):
            reader.refuse(("tasks", task.name, key), message)
    reader.problems += flow_problems(playbook)
    if not reader.problems:
        reader.problems += variable_problems(playbook)
    reader.finish()
    return playbook


@lru_cache(maxsize=64)
def _read(text: str, name: str) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    # A run reads its playbooks when it gathers them, checks them and begins: the text is the same.
    return parse_with_lines(text, name)


@cache
def _schema() -> Schema:
    return Schema(read("schemas/playbook.json"))


def _action_problems(
    task: Task, playbook: str, has_effect: Callable[[str], bool], known: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    if task.action in {NOOP, ASK}:
        return
    if task.action == playbook:
        yield "action", "a playbook cannot call itself"
    elif not known(task.action):
        yield "action", f"there is no action or playbook {task.action!r}"
    elif task.retry and has_effect(task.action):
        yield "retry", f"{PREFIX}{task.action} removes, and repeats by itself what may be repeated"
