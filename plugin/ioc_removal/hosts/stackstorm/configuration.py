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
from .inside.configuration import MOST, STORE
from .pack import CHECKS, SHAPE, PackFile, dialect

KEYS = SHAPE | CHECKS
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
    del guards["properties"][PER_RUN]  # each action is a run of its own
    guards["properties"][PER_HOUR]["description"] += f" Needs {STORE}."
    guards["properties"][PER_CALL] |= {
        "default": MOST,
        "description": f"Items that a list of one call may have ({MOST}); its result has one each.",
    }
    secret = dialect({"$ref": "#/$defs/secret"}, document, KEYS)
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
        STORE: {
            "description": "Where actions are recorded, to be undone by `ioc-removal undo RUN`: a "
            "path on the host of st2actionrunner, or, for several, postgresql://NAME@HOST/DATABASE,"
            " in which {env: NAME} may stand for the password; or one of the two as {env: NAME} or "
            "{file: PATH}. Without it StackStorm's own history is the record.",
            **secret,
            SECRET: True,
        },
        "journal": {
            "description": "Of the store, masked as a whole; its key as all others have it who use "
            "the store, at least 16 characters.",
            "type": "object",
            SECRET: True,
            "properties": {"key": {**secret, SECRET: True}},
            "additionalProperties": False,
        },
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
