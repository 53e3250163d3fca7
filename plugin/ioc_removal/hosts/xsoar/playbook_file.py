"""A playbook of the pack as files: its document, its README and its picture."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...integration import Integration
from ..yaml_text import yaml_text
from .graph import Graph, Placed, tasks_of, uses, view_of
from .pack import FROM_VERSION, MARKETPLACES, PackFile, integration_id
from .picture import playbook_picture


@dataclass(frozen=True)
class Made:
    """A playbook: its tasks, inputs and outputs.

    inputs: by key, the description, the default (None for none) and whether it is required;
    outputs: context paths.
    """

    title: str
    description: str
    graph: Graph
    inputs: Mapping[str, tuple[str, Any, bool]]
    outputs: tuple[str, ...]
    lists: frozenset[str]

    @cached_property
    def placed(self) -> list[Placed]:
        """The tasks, numbered and placed."""
        return self.graph.placed()

    @property
    def file_name(self) -> str:
        """The title as the names of files have it."""
        return self.title.replace(" ", "_")


def files_of(made: Made, integration: Integration) -> Iterator[PackFile]:
    """Yield the files of a playbook."""
    name = made.file_name
    yield f"Playbooks/playbook-{name}.yml", yaml_text(document_of(made, integration))
    yield f"Playbooks/playbook-{name}_README.md", _readme(made, integration)
    yield f"doc_files/{name}.png", playbook_picture(made.placed)


def document_of(made: Made, integration: Integration) -> dict[str, Any]:
    """Return the document of a playbook."""
    return {
        "id": made.title,
        "version": -1,
        "name": made.title,
        "description": made.description,
        "starttaskid": "0",
        "tasks": tasks_of(made.graph, made.placed),
        "view": view_of(made.placed),
        "inputs": [
            {
                "key": key,
                "value": {} if default is None else {"simple": _simple(default)},
                "required": required,
                "description": description,
            }
            for key, (description, default, required) in made.inputs.items()
        ],
        "outputs": [
            {
                "contextPath": path,
                "description": f"{_titles(integration)[path]}.",
                "type": "Unknown",
            }
            for path in made.outputs
        ],
        "tests": ["No tests (auto formatted)"],
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
    }


def _simple(default: Any) -> str:
    if isinstance(default, list) and all(isinstance(item, str) for item in default):
        return ",".join(default)
    return str(default)


def _titles(integration: Integration) -> dict[str, str]:
    """Return what the rows at each context path are of: the title of the first action there."""
    found: dict[str, str] = {}
    for definition in integration.definitions.values():
        found.setdefault(definition.context_path, definition.title)
    return found


def _readme(made: Made, integration: Integration) -> str:
    commands = list(uses(made.placed, "script"))
    systems = {integration.definition(name).system for name in commands}
    known = [integration_id(integration.systems[system].title) for system in sorted(systems)]
    parts = [
        made.description,
        "## Dependencies",
        "This playbook uses the following sub-playbooks, integrations, and scripts.",
        *_listed("sub-playbooks", list(uses(made.placed, "playbookName"))),
        *_listed("integrations", known),
        *_listed("scripts", list(uses(made.placed, "scriptName"))),
        *_listed("commands", commands),
        "## Playbook Inputs",
        "---",
        _inputs_table(made),
        "## Playbook Outputs",
        "---",
        _outputs_table(made, integration),
        "## Playbook Image",
        "---",
        f"![{made.title}](../doc_files/{made.file_name}.png)",
    ]
    return "\n\n".join(parts) + "\n"


def _listed(kind: str, names: list[str]) -> Iterator[str]:
    yield f"### {kind.capitalize()}"
    yield "\n".join(f"* {name}" for name in names) or f"This playbook does not use any {kind}."


def _inputs_table(made: Made) -> str:
    rows = ["| **Name** | **Description** | **Default Value** | **Required** |", "| --- " * 4 + "|"]
    for key, (description, default, required) in made.inputs.items():
        shown = "" if default is None else _simple(default).removeprefix("${").removesuffix("}")
        need = "Required" if required else "Optional"
        rows.append(f"| {key} | {description} | {shown} | {need} |")
    return "\n".join(rows) if made.inputs else "There are no inputs for this playbook."


def _outputs_table(made: Made, integration: Integration) -> str:
    rows = ["| **Path** | **Description** | **Type** |", "| --- | --- | --- |"]
    titles = _titles(integration)
    rows += [f"| {path} | {titles[path]}. | Unknown |" for path in made.outputs]
    return "\n".join(rows)
