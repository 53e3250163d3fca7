"""config.schema.yaml: the settings, with secrets where StackStorm masks them.

StackStorm masks what stands below named properties, not below names that a person chooses (its
st2common/util/secrets.py). So credentials are a secret as a whole, and connections, which are to be
seen, name them and hold none: not in `auth`, and no password in `proxy`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...integration import Integration
from ...loader import read
from ...trust.caps import PER_CALL, PER_HOUR, PER_RUN
from ..yaml_text import yaml_text
from .inside.configuration import MOST
from .pack import CHECKS, SHAPE, PackFile, dialect

KEYS = SHAPE | CHECKS
OVER_CALLS = (PER_RUN, PER_HOUR)  # each call is a process of its own
SECRET = "secret"  # noqa: S105  # a keyword


def configuration_files(integration: Integration) -> Iterator[PackFile]:
    """Yield the schema of the pack's config."""
    document = read("schemas/settings.json")
    connection = dialect(document["$defs"]["connection"], document, KEYS)
    connection["properties"]["auth"] = {
        "type": "string",
        "description": "Name of an entry of credentials.",
    }
    connection["properties"]["proxy"] = {
        "anyOf": [{"type": "string", "pattern": "^[^@]*$"}, {"enum": [False]}],
        "description": "Address of a proxy, http://HOST:PORT, or false for none; one that wants a "
        "password is set by HTTPS_PROXY in the environment of st2actionrunner.",
    }
    guards = dialect(document["$defs"]["guards"], document, KEYS)
    guards["description"] = "What is refused, or warned about, unless an input overrides it."
    for name in OVER_CALLS:
        del guards["properties"][name]
    guards["properties"][PER_CALL] |= {
        "default": MOST,
        "description": f"Items that a list of one call may have ({MOST}); its result has one each.",
    }
    systems = [name for name, system in integration.systems.items() if system.auth]
    schema = {
        "connections": {
            "description": "Connections by name.",
            "type": "object",
            "required": True,
            "additionalProperties": connection,
        },
        "credentials": {
            "description": "Credentials by name, masked as a whole; each secret of them a text, "
            "{{ st2kv.system.NAME }}, or, best, {file: PATH} or {env: NAME} of st2actionrunner.",
            "type": "object",
            SECRET: True,
            "additionalProperties": _credentials(document),
        },
        "chosen": {
            "description": "Which connection a system has that has several, for actions that name "
            "none, such as those of playbooks.",
            "type": "object",
            "properties": {name: {"type": "string"} for name in systems},
            "additionalProperties": False,
        },
        "guards": guards,
    }
    yield "config.schema.yaml", yaml_text(schema)


def _credentials(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of credentials; a secret is what our own schema calls one."""
    rule = document["$defs"]["auth"]
    made = dialect(rule, document, KEYS)
    for name, said in rule["properties"].items():
        if said.get("$ref") == "#/$defs/secret":
            made["properties"][name][SECRET] = True
    return made
