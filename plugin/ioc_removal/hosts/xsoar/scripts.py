"""Local actions as scripts: what a playbook needs besides the systems, without an instance."""

from collections.abc import Iterator

from ...definition import Definition
from ...integration import Integration
from .code import script_code
from .commands import arguments_of, outputs_of, sentence
from .documents import script_readme
from .integrations import IMAGE
from .pack import FROM_VERSION, MARKETPLACES, PackFile, script_id, yaml_text
from .unit_tests import script_unit_test

LOCAL = "local"


def script_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the files of the scripts, one a local action."""
    for definition in integration.definitions.values():
        if definition.system == LOCAL:
            name = script_id(definition.name)
            document = _yaml(name, definition)
            yield f"Scripts/{name}/{name}.yml", yaml_text(document)
            yield f"Scripts/{name}/{name}.py", script_code(definition.name, LOCAL)
            yield f"Scripts/{name}/{name}_test.py", script_unit_test(name, definition)
            yield f"Scripts/{name}/README.md", script_readme(document)


def _yaml(name: str, definition: Definition) -> dict[str, object]:
    return {
        "args": [argument.row for argument in arguments_of(definition)],
        "comment": sentence(definition.title),
        "commonfields": {"id": name, "version": -1},
        "dockerimage": IMAGE,
        "enabled": True,
        "name": name,
        "outputs": outputs_of(definition),
        "runas": "DBotWeakRole",
        "runonce": False,
        "script": "-",
        "scripttarget": 0,
        "subtype": "python3",
        "tags": [],
        "type": "python",
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "tests": ["No tests (auto formatted)"],
    }
