"""What the inputs of a playbook must be: by its document, else by what its tasks do with them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..integration import Integration
from ..playbooks.model import ASK, Playbook, Task
from .playbooks import input_document

Rule = Mapping[str, Any]
OF_ASK: Mapping[str, Rule] = {
    "route": {"type": "string"},
    "ttl": {"type": "integer"},
    "users": {"type": "array", "items": {"type": "string"}},
}
_INPUT = re.compile(r"\{\{\s*ctx\(\)\.(\w+)\s*\}\}")  # an input as it is, and nothing else


def input_rules(
    name: str, playbooks: Mapping[str, Playbook], integration: Integration
) -> dict[str, Any]:
    """Return the schema of a playbook's inputs.

    playbooks: it, and those that it runs. Of a playbook without a document, an input that is given
    on as it is has the type of the argument that it becomes, or is a list, where a task runs for
    each of its items; one that becomes several things, or is published again, may be anything.
    """
    if document := input_document(name):
        return dict(document)
    playbook = playbooks[name]
    published = {key for key, _ in playbook.vars}
    met: dict[str, list[Rule]] = {key: [] for key, _ in playbook.inputs}
    for task in playbook.tasks.values():
        published.update(key for after in task.next for key, _ in after.publish)
        for key, rule in _given_on(task, playbooks, integration):
            if key in met:
                met[key].append(rule)
    properties: dict[str, Rule] = {
        key: rules[0]
        for key, rules in met.items()
        if rules and key not in published and all(rule == rules[0] for rule in rules)
    }
    return {"type": "object", "properties": properties}


def _given_on(
    task: Task, playbooks: Mapping[str, Playbook], integration: Integration
) -> Iterator[tuple[str, Rule]]:
    """Yield the variables that a task gives on as they are, each with the type it must have."""
    if task.items and (one := _INPUT.fullmatch(task.items.values.source.strip())):
        yield one[1], {"type": ["array", "null"]}
    wanted: Mapping[str, Rule] = {}
    if task.action in playbooks:
        wanted = input_rules(task.action, playbooks, integration)["properties"]
    elif task.action == ASK:
        wanted = OF_ASK
    elif task.action in integration.definitions:
        wanted = integration.definitions[task.action].schema.part["properties"]
    for argument, value in task.input:
        one = _INPUT.fullmatch(value.source.strip())
        if one and (rule := _type_of(wanted.get(argument, {}))):
            yield one[1], rule


def _type_of(rule: Rule) -> Rule | None:
    """Return the type that a rule asks for, and that of its items; None when it asks for none."""
    if "type" not in rule:
        return None
    kinds = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
    typed: dict[str, Any] = {"type": list(dict.fromkeys([*kinds, "null"]))}
    if "type" in rule.get("items", {}):
        typed["items"] = {"type": rule["items"]["type"]}
    return typed
