"""Creations of an indicator and of a rule on a sandbox: with faults, and what is there then."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from asking import POLICY, PROJECT, WORKSPACE
from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.outcome import Outcome
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord, Recorder

INTEGRATION = load_integration()
NEW = "new.example.com"
OWNER = {"domain_id": "domain", "region_id": "region", "project_id": PROJECT}
CREATE = {
    "project_id": PROJECT,
    "workspace_id": WORKSPACE,
    "data_object": {
        "name": "demo",
        "value": NEW,
        "verdict": "Black",
        "granular_marking": "1",
        "defanged": False,
        "first_report_time": "2023-10-24T17:23:55.000Z+0800",
        "indicator_type": {"indicator_type": "Domain", "id": "type", "category": "Domain"},
        "environment": {"vendor_type": "vendor", **OWNER},
        "data_source": {"source_type": 1, "product_name": "p", "product_feature": "f", **OWNER},
    },
}
RULE = {
    "project_id": PROJECT,
    "policy_id": POLICY,
    "name": "new-rule",
    "type": "idc",
    "tags": ["VNET"],
    "action": {"category": "block"},
}
ADD = {"supplier": "InternalTI", "indicators": [NEW, "192.0.2.99"]}
CREATIONS = [
    pytest.param("secmaster-indicator-create", CREATE, id="secmaster"),
    pytest.param("waf-ip-reputation-rule-create", RULE, id="waf"),
]
each_creation = pytest.mark.parametrize(("name", "arguments"), CREATIONS)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def bound(sandbox: Sandbox, name: str, **own: Any) -> Action:
    system = name.partition("-")[0]
    document = sandbox.settings()
    document["connections"][system] |= own
    settings = settings_from(document, "test")
    return INTEGRATION.bind(name, Connection(system, settings, INTEGRATION.systems[system]))


def outcomes(
    sandbox: Sandbox, name: str, arguments: Mapping[str, Any], recorder: Recorder | None = None
) -> list[Outcome]:
    action = bound(sandbox, name)
    done = perform(action, action.prepare(arguments), recorder or NoRecord())
    return [outcome for finished in done for outcome in finished.outcomes]


def ids(sandbox: Sandbox, name: str) -> list[str]:
    """Return the ids of what the sandbox holds under the new name."""
    state = sandbox.state()
    if name.startswith("secmaster"):
        rows = state["secmaster"]["workspaces"][WORKSPACE]
        return [row["id"] for row in rows if row["data_object"]["value"] == NEW]
    return [row["id"] for row in state["waf"]["policies"][POLICY] if row["name"] == "new-rule"]


def creations(sandbox: Sandbox) -> int:
    return sum(map(is_creation, sandbox.requests))


def is_creation(request: Mapping[str, Any]) -> bool:
    return request["method"] == "POST" and not request["target"].endswith("/search")


def strike(sandbox: Sandbox, name: str, **fault: Any) -> None:
    """Let a fault strike a creation, and no search."""
    carries = "demo" if name.startswith("secmaster") else "new-rule"
    sandbox.misbehave(system=name.partition("-")[0], method="POST", carries=carries, **fault)
