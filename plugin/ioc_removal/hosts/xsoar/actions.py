"""What the tasks of a playbook do, as XSOAR tasks: commands, scripts, and rounds of a loop."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...definition import Definition
from ...errors import DefinitionError
from ...integration import Integration
from ...playbooks.model import NOOP, Task
from .context_paths import Found, Scope, argument
from .decisions import ask_for_any
from .graph import NEXT, Graph, Node
from .inside.incident_words import ITEMS, VARIABLES
from .pack import script_id

LIST_ITEMS = "IOCRemovalPlaybookItems"
MOST_ITEMS = 10_000  # of a loop, as with our own conductor


def definition_of(integration: Integration, task: Task) -> Definition:
    """Return the action of a task; raises DefinitionError when it is something else."""
    if task.action not in integration.definitions:
        raise DefinitionError(
            f"{task.where}: not for XSOAR: {task.action} is not an action of integration.yml; "
            "ask, and run other playbooks, with tasks of XSOAR's own"
        )
    if task.retry:
        raise DefinitionError(
            f"{task.where}: not for XSOAR: retry; a command repeats by itself what may be repeated"
        )
    return integration.definition(task.action)


def once(
    graph: Graph, definition: Definition, task: Task, scope: Scope, ways: Mapping[str, str]
) -> str:
    """Make the node of a task that runs once, and return it; scope: what its input sees."""
    given = dict(_arguments(task, scope))
    return graph.add(
        Node(
            task.name,
            "regular",
            words(task.name),
            f"{definition.title}.",
            dict(ways),
            _does(definition),
            {"scriptarguments": given} if given else {},
        )
    )


def for_each(
    graph: Graph, definition: Definition, task: Task, scope: Scope, then: str, title: str
) -> str:
    """Make the nodes of a task that runs for each item of a list, and return the first of them.

    then: what follows; title: of the playbook of one round. XSOAR runs a loop over an empty list
    once, and of several lists it takes one item each: so it is asked for an item before, and all
    that a round needs is in the item.
    """
    assert task.items  # noqa: S101  # nobody calls it without
    if len(task.items.names) != 1 or task.items.concurrency is not None:
        raise DefinitionError(
            f"{task.items.values.where}: not for XSOAR: write 'x in {{{{ list }}}}'"
        )
    [name] = task.items.names
    path = f"{ITEMS}.{task.name}"
    loop = {"iscommand": False, "exitCondition": "", "wait": 1, "max": MOST_ITEMS, "forEach": True}
    graph.add(
        Node(
            task.name,
            "playbook",
            title,
            f"{definition.title}, for each {name}.",
            {NEXT: then},
            {"playbookName": title},
            {"scriptarguments": {"Item": {"simple": f"${{{path}}}"}}, "loop": loop},
        )
    )
    given: dict[str, Any] = {
        "task": {"simple": task.name},
        "name": {"simple": name},
        "entries": argument(task.items.values, scope),
    }
    if along := sorted({name for _, value in task.input for name in value.variables}):
        given["along"] = {"simple": ",".join(along)}
        given["variables"] = {"simple": f"${{{VARIABLES}}}"}
    return graph.add(
        Node(
            f"{task.name}/items",
            "regular",
            f"List each {name}",
            "Puts all that one round needs into one item.",
            {NEXT: ask_for_any(graph, Found(path), task.name, then)},
            {"scriptName": LIST_ITEMS},
            {"scriptarguments": given},
        )
    )


def is_noop(task: Task) -> bool:
    """Tell whether a task does nothing."""
    return task.action == NOOP


def words(name: str) -> str:
    """Return a name as a sentence begins: search_secmaster is Search secmaster."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _does(definition: Definition) -> dict[str, Any]:
    if definition.system == "local":
        return {"scriptName": script_id(definition.name)}
    return {"script": f"|||{definition.name}", "iscommand": True}


def _arguments(task: Task, scope: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in task.input:
        given = argument(value, scope)
        if given is not None:
            yield name, given
