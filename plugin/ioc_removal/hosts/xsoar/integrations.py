"""The integration of one system: its code, its YAML, and the texts that stand beside them."""

from collections.abc import Iterator
from typing import Any

from ...integration import Integration
from ...system import System
from ..yaml_text import yaml_text
from .code import integration_code
from .commands import command_of
from .documents import command_examples, description, readme
from .image import image
from .pack import FROM_VERSION, MARKETPLACES, PackFile, integration_id
from .parameters import parameters_of
from .unit_tests import unit_test

IMAGE = "demisto/python3:3.12.13.9059085"
CATEGORY = "Data Enrichment & Threat Intelligence"


def integration_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the files of the integrations, one a system that has connections."""
    for system in integration.systems.values():
        if system.auth:
            yield from _files(integration, system)


def _files(integration: Integration, system: System) -> Iterator[PackFile]:
    name = integration_id(system.title)
    start = f"Integrations/{name}/{name}"
    document = integration_yaml(integration, system)
    yield f"{start}.yml", yaml_text(document)
    yield f"{start}.py", integration_code(integration, system)
    yield f"{start}_test.py", unit_test(integration, system)
    yield f"{start}_description.md", description(system)
    yield f"{start}_image.png", image()
    yield f"Integrations/{name}/README.md", readme(document)
    yield f"Integrations/{name}/command_examples.txt", command_examples(integration, system)


def integration_yaml(integration: Integration, system: System) -> dict[str, Any]:
    """Return the YAML of a system's integration."""
    name = integration_id(system.title)
    definitions = [one for one in integration.definitions.values() if one.system == system.name]
    return {
        "category": CATEGORY,
        "provider": system.title,
        "sectionorder": ["Connect"],
        "commonfields": {"id": name, "version": -1},
        "configuration": [one.row for one in parameters_of(integration, system)],
        "description": f"Removes indicators of compromise from {system.title}, and tells what "
        "became of each.",
        "display": system.title,
        "name": name,
        "script": {
            "commands": [command_of(definition) for definition in definitions],
            "dockerimage": IMAGE,
            "runonce": False,
            "script": "-",
            "subtype": "python3",
            "type": "python",
        },
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "tests": ["No tests (auto formatted)"],
    }
