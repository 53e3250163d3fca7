"""The part of the catalogue, and of the schemas, that one integration or script holds."""

from collections.abc import Mapping
from typing import Any

from ...loader import read
from .checks import checks_text

SETTINGS = "schemas/settings.json"
# What tells a reader, or a test, and nothing at run time; below `properties` these are names.
ANNOTATIONS = frozenset(
    {
        *("$schema", "title", "description", "examples", "x-source", "x-stricter", "x-looser"),
        *("x-no-output", "x-own", "x-headers"),
    }
)
NEVER = frozenset({"approval", "plan", "journal", "credentials"})  # settings that no instance has


def definitions_of(system: str, actions: frozenset[str] | None = None) -> dict[str, Any]:
    """Return the definitions of a system: the catalogue and every schema that it names.

    actions: only these, None for all.
    """
    document = read("integration.yml")
    entries = {
        name: entry
        for name, entry in document["actions"].items()
        if entry["system"] == system and (actions is None or name in actions)
    }
    own = document["systems"][system]
    refusals = {name: document["refusals"][name] for name in own.get("refusals", ())}
    services = {"iam": document["services"]["iam"] if own.get("regions") else {"title": ""}}
    found = {
        "integration.yml": {
            "systems": {system: own},
            "services": services,
            "actions": entries,
            "refusals": refusals,
        }
    }
    for entry in entries.values():
        schema = read(entry["schema"])
        parts = {n: part for n, part in schema["$defs"].items() if n != "request"}
        found[entry["schema"]] = stripped({"$defs": parts})
    if own.get("auth"):
        found[SETTINGS] = _settings()
    return found


def _settings() -> dict[str, Any]:
    document: dict[str, Any] = stripped(read(SETTINGS))
    for part in ("properties", "$defs"):
        document[part] = {n: rule for n, rule in document[part].items() if n not in NEVER}
    return document


def stripped(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without its annotations; names: whether its keys are names of a value's."""
    if isinstance(schema, list):
        return [stripped(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: stripped(value, names=not names and key in {"properties", "$defs"})
        for key, value in schema.items()
        if names or key not in ANNOTATIONS
    }


def checks_of(definitions: Mapping[str, Any]) -> str:
    """Return the compiled checks of all arguments; answers, which may be raw, are walked."""
    actions = definitions.get("integration.yml", {}).get("actions", {})
    named = dict.fromkeys(entry["schema"] for entry in actions.values())
    return checks_text({name: definitions[name] for name in named}, "arguments")
