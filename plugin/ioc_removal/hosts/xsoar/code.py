"""The one file of an integration or a script: modules joined, definitions as literals."""

import ast
import builtins
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...integration import Integration
from ...system import System
from .definitions import checks_of, definitions_of
from .joining import INSIDE, Joined
from .literals import literal
from .parameters import parameters_of
from .sources import source_of
from .taken import taken_names

HEAD = """\
import demistomock as demisto  # noqa: F401
from CommonServerPython import *  # noqa: F401
from CommonServerUserPython import *  # noqa: F401

# Made by `ioc-removal export xsoar`, from the modules of the plugin ioc-removal; a change belongs
# there, and nothing here is to be edited by hand."""
FOOT = """\
if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
"""
# A module of ours would hide them from all others.
BUILT_IN = {name: f"builtins.{name}" for name in dir(builtins)}
LITERALS = f"{INSIDE}.definitions"
NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


def integration_code(integration: Integration, system: System) -> str:
    """Return the code of a system's integration."""
    settings = {
        one.name: (one.kind, list(one.path))
        for one in parameters_of(integration, system)
        if one.kind is not None
    }
    return joined_code(f"{INSIDE}.main", definitions_of(system.name), settings)


def script_code(action: str, system: str) -> str:
    """Return the code of the script that a local action is."""
    return joined_code(f"{INSIDE}.local", definitions_of(system, frozenset({action})))


def joined_code(
    top: str, definitions: Mapping[str, Any], settings: Mapping[str, Any] = NO_SETTINGS
) -> str:
    """Return one file of the modules that a module's main() needs.

    top: such as "hosts.xsoar.inside.main"; definitions: what read() finds there, by name; settings:
    the kind and path of each parameter. Raises DefinitionError when a name means two things.
    """
    replaced = {
        (LITERALS, "DEFINITIONS"): f"DEFINITIONS: Mapping[str, Any] = {literal(definitions)}",
        (LITERALS, "PATTERNS"): "",
        (LITERALS, "CHECKS"): checks_of(definitions),
        (LITERALS, "PARAMETERS"): "PARAMETERS: Mapping[str, tuple[str, Sequence[str]]] = "
        + literal(settings),
    }
    wanted = handler_names(definitions)
    for module, name in (("handlers", "HANDLERS"), ("handlers.restorings", "RESTORINGS")):
        node = source_of(module).defined[name].node
        assert isinstance(node, ast.AnnAssign)  # noqa: S101  # as the module has it
        assert isinstance(node.value, ast.Dict)  # noqa: S101
        entries = {
            ast.literal_eval(key): ast.unparse(value)
            for key, value in zip(node.value.keys, node.value.values, strict=True)
            if key is not None
        }
        lines = [f'    "{key}": {value},\n' for key, value in entries.items() if key in wanted]
        head = f"{name}: {ast.unparse(node.annotation)} = "
        replaced[module, name] = head + f"{{\n{''.join(lines)}}}"
    joined = Joined(top, replaced, {**BUILT_IN, **taken_names()})
    return f"{HEAD}\n\n{joined.text()}\n\n\n{FOOT}"


def handler_names(definitions: Mapping[str, Any]) -> set[str]:
    """Return the names of the functions that a part of the catalogue needs."""
    known = (definitions.get("integration.yml", {}).get("actions"), definitions.get("actions.json"))
    actions = [entry for actions in known for entry in (actions or {}).values()]
    return {entry[key] for entry in actions for key in ("handler", "undo_by") if key in entry}
