"""The parameters of actions: the arguments of the catalogue, and how an action is performed."""

from collections.abc import Mapping
from typing import Any

from ...definition import Definition
from ...errors import DefinitionError
from ...loader import read
from ...trust.catalogue import OVERRIDABLE
from ...trust.verify import can_be_verified
from .pack import SHAPE, dialect
from .playbooks import Shipped

# Of the runner itself. Source: contrib/runners/python_runner/python_runner/runner.yaml of st2.
RUNNER = frozenset({"content_version", "debug", "env", "log_level", "timeout"})
PERFORM = "perform"  # tells the one entry point which action it is
TIMEOUT = 3600  # seconds; after StackStorm's own 600 what was sent would be left unknown
Parameters = dict[str, dict[str, Any]]


def parameters_of(definition: Definition) -> Parameters:
    """Return the parameters of an action; raises DefinitionError when two have one name."""
    part, filled = definition.schema.part, _filled(definition)
    found: Parameters = {}
    for name, rule in part["properties"].items():
        if not rule.get("x-connection"):
            found[name] = _parameter(rule, definition.document)
            if name in part.get("required", ()) and name not in filled:
                found[name]["required"] = True
    more = _more(definition)
    if twice := sorted(found.keys() & {*more, *RUNNER}):
        raise DefinitionError(f"{definition.name}: StackStorm has a parameter {twice[0]} too")
    return found | more


def inputs_of(playbook: Shipped) -> Parameters:
    """Return the parameters of a playbook: its inputs, with their defaults.

    StackStorm gives None for each input that a person leaves out, so the defaults have to stand
    here, too.
    """
    found: Parameters = {}
    rows = playbook.document.get("input", ())
    given = {name: value for row in rows if isinstance(row, dict) for name, value in row.items()}
    for name, rule in playbook.inputs["properties"].items():
        found[name] = _parameter(rule, playbook.inputs)
        if given.get(name) is not None:
            found[name]["default"] = given[name]
        if name in playbook.inputs.get("required", ()):
            found[name]["required"] = True
    return found


def _parameter(rule: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    made = dialect(rule, document, SHAPE)
    if not isinstance(made.get("type"), str):  # its casts know one type
        raise DefinitionError(f"StackStorm needs one type of {rule.get('description', rule)!r}")
    return made


def _more(definition: Definition) -> Parameters:
    """Return the parameters that are the same for every action of a kind."""
    found: Parameters = {}
    if definition.endpoint:
        found["connection"] = {
            "type": "string",
            "description": "Name of a connection in the pack's config; without it the only one of "
            "the system, or the one that the config has chosen.",
        }
    if definition.acts:
        found["dry_run"] = _flag("Whether to check everything and send nothing that acts.")
        if can_be_verified(definition):
            found["verify"] = _flag("Whether to read back what was done.")
        if definition.lookup:
            found["lookup"] = _flag(
                "Whether to keep what the system tells of each indicator before, which it may "
                "record as detections."
            )
        found["override"] = {
            "type": "array",
            "description": "Guards that are overridden; needs a reason.",
            "items": {"type": "string", "enum": list(OVERRIDABLE)},
        }
        found["reason"] = {"type": "string", "description": "Why guards are overridden."}
    about = "The action of the catalogue."
    found[PERFORM] = {
        "type": "string",
        "description": about,
        "default": definition.name,
        "immutable": True,
    }
    found["timeout"] = {"default": TIMEOUT}
    return found


def _flag(about: str) -> dict[str, Any]:
    return {"type": "boolean", "description": about, "default": False}


def _filled(definition: Definition) -> frozenset[str]:
    """Return the arguments that a connection's defaults may fill."""
    connection = read("schemas/settings.json")["$defs"]["connection"]["properties"]
    return frozenset(connection["defaults"]["properties"]) if definition.endpoint else frozenset()
