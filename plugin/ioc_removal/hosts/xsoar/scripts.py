"""The scripts of the pack: local actions, buttons of the incident, and steps of playbooks.

None of them needs an instance.
"""

from collections.abc import Iterator
from typing import Any

from ...definition import Definition
from ...integration import Integration
from ..yaml_text import yaml_text
from .code import joined_code, script_code
from .commands import arguments_of, outputs_of, sentence
from .documents import script_readme
from .integrations import IMAGE
from .joining import INSIDE
from .own_scripts import Script, scripts_of
from .pack import FROM_VERSION, MARKETPLACES, PackFile, filled, script_id
from .unit_tests import script_unit_test

LOCAL = "local"


def script_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the files of the scripts."""
    for definition in integration.definitions.values():
        if definition.system == LOCAL:
            script, code = _of_action(definition), script_code(definition.name, LOCAL)
            yield from _files(script, code, script_unit_test(script.name, definition))
    for script in scripts_of(integration):
        code = joined_code(f"{INSIDE}.{script.module}", script.knows)
        yield from _files(script, code, filled(f"{script.module}_test.py.txt", name=script.name))


def _of_action(definition: Definition) -> Script:
    return Script(
        script_id(definition.name),
        sentence(definition.title),
        tuple(arguments_of(definition)),
        tuple(outputs_of(definition)),
    )


def _files(script: Script, code: str, test: str) -> Iterator[PackFile]:
    place, document = f"Scripts/{script.name}", _document(script)
    yield f"{place}/{script.name}.yml", yaml_text(document)
    yield f"{place}/{script.name}.py", code
    yield f"{place}/{script.name}_test.py", test
    yield f"{place}/README.md", script_readme(document)


def _document(script: Script) -> dict[str, Any]:
    commands = [f"|||{name}" for name in script.commands]
    return {
        "args": [argument.row for argument in script.args],
        "comment": script.comment,
        "commonfields": {"id": script.name, "version": -1},
        **({"dependson": {"must": commands}} if commands else {}),
        "dockerimage": IMAGE,
        "enabled": True,
        "name": script.name,
        "outputs": list(script.outputs),
        "runas": "DBotWeakRole",
        "runonce": False,
        "script": "-",
        "scripttarget": 0,
        "subtype": "python3",
        "tags": list(script.tags),
        "type": "python",
        "fromversion": FROM_VERSION,
        "marketplaces": list(MARKETPLACES),
        "tests": ["No tests (auto formatted)"],
    }
