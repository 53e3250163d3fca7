"""Our playbooks as XSOAR playbooks.

Each becomes two: one that a person or an incident type runs, and its steps, which XSOAR runs in a
context of their own, so that nothing an incident already has is taken for what this run got; and
one more for each task that runs for the items of a list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...integration import Integration
from ...loader import read
from ...operations.playbooks import gather, parse_all, shipped
from ...playbooks.model import Playbook, Task
from .actions import definition_of, is_noop, once, words
from .context_paths import NotTranslatableError, Scope, refused, term_of
from .graph import ERROR, NEXT, Graph, Node
from .incident import DEFAULTS
from .pack import PackFile
from .playbook_file import Made, files_of
from .steps import DONE, Steps

INPUTS = "IOCRemovalPlaybookInputs"
PREFIX = "IOC Removal - "


def playbook_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the playbooks of the pack, those that ship, each with its README and picture."""
    for name in shipped():
        [playbook] = parse_all(gather(name, integration), integration).values()
        document = read(f"schemas/playbooks/{name}.json")
        for made in translated(playbook, document, integration):
            yield from files_of(made, integration)


def translated(
    playbook: Playbook, document: Mapping[str, Any], integration: Integration
) -> list[Made]:
    """Return the XSOAR playbooks of one playbook, the one that is run first.

    document: the schema of its inputs. Raises DefinitionError, with file and line, for what has
    no translation.
    """
    title = PREFIX + title_case(document["title"])
    rounds = {
        name: f"{title} - {title_case(words(name))}"
        for name, task in playbook.tasks.items()
        if task.items
    }
    steps = _steps(playbook, document, integration, f"{title} - Steps", rounds)
    each = [
        _round(task, integration, rounds[name], steps.lists)
        for name, task in playbook.tasks.items()
        if name in rounds
    ]
    return [_whole(playbook, steps, title), steps, *each]


def title_case(text: str) -> str:
    """Return a title as XSOAR's playbooks have it: Remove IOCs After Triage."""
    return " ".join(word[:1].upper() + word[1:] for word in text.split())


def input_key(name: str) -> str:
    """Return the name that XSOAR's users see of an input: unmark_detections is UnmarkDetections."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _steps(
    playbook: Playbook,
    document: Mapping[str, Any],
    integration: Integration,
    title: str,
    rounds: Mapping[str, str],
) -> Made:
    """Return the playbook that has the steps."""
    for name, value in (*playbook.inputs, *playbook.vars):
        if value is not None and (value.variables or value.names):
            raise refused(value, f"{name} must have a value that is no expression")
    lists = _lists(playbook, document)
    graph = Graph(title)
    steps = Steps(playbook, integration, lists, graph, rounds)
    first = steps.build()
    given = {name: {"simple": f"${{inputs.{input_key(name)}}}"} for name, _ in playbook.inputs}
    graph.add(
        Node(
            "inputs",
            "regular",
            "Check the inputs",
            "Checks the inputs and fills in what is not given. If one is wrong, nothing is sent.",
            {NEXT: first},
            {"scriptName": INPUTS},
            {"scriptarguments": {"playbook": {"simple": playbook.name}, **given}},
        )
    )
    graph.add(Node("start", "start", next={NEXT: "inputs"}))
    described = {
        input_key(name): document["properties"][name]["description"] for name, _ in playbook.inputs
    }
    paths = dict.fromkeys(
        definition_of(integration, task).context_path
        for task in playbook.tasks.values()
        if not is_noop(task) and definition_of(integration, task).acts
    )
    for name, value in playbook.output:
        try:
            term = term_of(value)
        except NotTranslatableError as error:
            raise refused(value, str(error)) from error
        known = steps.published.get(str(term[1]), {}) if term[0] == "ctx" else {}
        if not known:
            raise refused(value, f"{name} must be a variable that a task published rows as")
        paths.update(known)
    return Made(
        title=title,
        description=f"The steps of {title.removesuffix(' - Steps')}. {playbook.description}",
        graph=graph,
        inputs={key: (text, None, False) for key, text in described.items()},
        outputs=tuple(paths),
        lists=lists,
    )


def _lists(playbook: Playbook, document: Mapping[str, Any]) -> frozenset[str]:
    """Return the variables that hold lists: inputs by their schema, and what is published."""
    typed = {name: rule.get("type") for name, rule in document["properties"].items()}
    given = {name for name, kind in typed.items() if kind == "array" or "array" in (kind or ())}
    published = {
        name for task in playbook.tasks.values() for row in task.next for name, _ in row.publish
    }
    return frozenset(given | published)


def _round(task: Task, integration: Integration, title: str, lists: frozenset[str]) -> Made:
    """Return the playbook of one round of a task; what fails is told by the outcomes."""
    assert task.items  # noqa: S101  # nobody calls it without
    definition = definition_of(integration, task)
    [item] = task.items.names
    graph = Graph(title)
    graph.add(Node(DONE, "title", "Done"))
    scope = Scope(lists=lists, item=item)
    first = once(graph, definition, replace(task, items=None), scope, {NEXT: DONE, ERROR: DONE})
    graph.add(Node("start", "start", next={NEXT: first}))
    return Made(
        title=title,
        description=f"{definition.title}: one round of a loop, for one {item}.",
        graph=graph,
        inputs={"Item": (f"The {item}, and what the command needs beside it.", None, True)},
        outputs=(definition.context_path,),
        lists=lists,
    )


def _whole(playbook: Playbook, steps: Made, title: str) -> Made:
    """Return the playbook that a person runs: its steps, in a context of their own."""
    graph = Graph(title)
    graph.add(Node(DONE, "title", "Done"))
    given = {key: {"simple": f"${{inputs.{key}}}"} for key in steps.inputs}
    graph.add(
        Node(
            "steps",
            "playbook",
            steps.title,
            "Runs the steps in a context of their own.",
            {NEXT: DONE},
            {"playbookName": steps.title},
            {"scriptarguments": given},
        )
    )
    graph.add(Node("start", "start", next={NEXT: "steps"}))
    inputs = {}
    for name, value in playbook.inputs:
        key = input_key(name)
        default = DEFAULTS.get(name) or (value.tree if value is not None else None)
        inputs[key] = (steps.inputs[key][0], default, value is None)
    return Made(
        title=title,
        description=playbook.description,
        graph=graph,
        inputs=inputs,
        outputs=steps.outputs,
        lists=steps.lists,
    )
