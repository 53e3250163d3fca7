"""The tests that an integration or a script brings: each command, in XSOAR's own test runtime."""

import json
from typing import Any

from ...definition import Definition
from ...integration import Integration
from ...loader import read
from ...system import System
from .literals import literal
from .pack import filled, integration_id

# What each kind of instance needs to be able to send; made up.
CREDENTIALS = {"identifier": "AKEXAMPLE", "password": "made-up"}
NOWHERE = "http://127.0.0.1:9"  # the port of discard, where nothing listens


def example(definition: Definition) -> dict[str, str]:
    """Return the first example of the schema as texts, as the command line of XSOAR takes it."""
    given = definition.schema.part["examples"][0]
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in given.items()
    }


def unit_test(integration: Integration, system: System) -> str:
    """Return the tests of a system's integration."""
    own = [one for one in integration.definitions.values() if one.system == system.name]
    params: dict[str, Any] = {
        "url": NOWHERE,
        "credentials": CREDENTIALS,
        "connect_timeout": "1",
        "total_timeout": "2",
        "retries": "0",
    }
    if system.versions:
        params["api_version"] = system.versions[0]
    if len(system.auth) > 1:
        params["authentication"] = system.auth[0]
    return filled(
        "integration_test.py.txt",
        name=integration_id(system.title),
        params=literal(params),
        examples=literal({one.name: example(one) for one in own}),
        acting=literal([one.name for one in own if one.acts]),
    )


def script_unit_test(name: str, definition: Definition) -> str:
    """Return the tests of the script that a local action is."""
    given = read(_schema_of(definition))["$defs"]["arguments"]["examples"][0]
    return filled("script_test.py.txt", name=name, example=literal(given))


def _schema_of(definition: Definition) -> str:
    entry: str = read("integration.yml")["actions"][definition.name]["schema"]
    return entry
