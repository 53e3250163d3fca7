"""The actions: each of the catalogue, and each playbook as the Orquesta workflow that it is."""

from collections.abc import Iterator

from ...integration import Integration
from ..yaml_text import yaml_text
from .pack import PackFile
from .parameters import inputs_of, parameters_of
from .playbooks import shipped_playbooks

ENTRY = "perform.py"


def action_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the metadata of the catalogue's actions."""
    for definition in integration.definitions.values():
        document = {
            "name": definition.name,
            "description": f"{definition.title}.",
            "enabled": True,
            "runner_type": "python-script",
            "entry_point": ENTRY,
            "parameters": parameters_of(definition),
        }
        yield f"actions/{definition.name}.yaml", yaml_text(document)


def playbook_files(integration: Integration) -> Iterator[PackFile]:  # noqa: ARG001  # a part is one
    """Yield the playbooks, as they are, and their metadata."""
    for playbook in shipped_playbooks():
        workflow = f"workflows/{playbook.name}.yaml"
        document = {
            "name": playbook.name,
            "description": playbook.description,
            "enabled": True,
            "runner_type": "orquesta",
            "entry_point": workflow,
            "parameters": inputs_of(playbook),
        }
        yield f"actions/{playbook.name}.yaml", yaml_text(document)
        yield f"actions/{workflow}", playbook.text
