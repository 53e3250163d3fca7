"""A sandbox that is told how to misbehave, what it is asked then, and what it holds."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from asking import INDICATORS, KNOWN, RULES, TOKEN, WORKSPACE, cybertrace, huawei
from ioc_removal.sandbox import Sandbox

GET_RULES = f"GET {RULES} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {TOKEN['X-Auth-Token']}\r\n\r\n"
INTERNAL = "1.3/suppliers/InternalTI/indicators"
OTHER = "909494e3-558e-46b6-a9eb-07a8e18ca6ff"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def delete_ids(sandbox: Sandbox, *ids: str) -> requests.Response:
    return huawei(sandbox, "DELETE", INDICATORS, {"batch_ids": list(ids) or [KNOWN]})


def delete_values(sandbox: Sandbox, *values: str) -> requests.Response:
    return cybertrace(sandbox, "DELETE", INTERNAL, [{"indicator": value} for value in values])


def held(sandbox: Sandbox) -> dict[str, Any]:
    """Return what the systems hold."""
    state = sandbox.state()
    return {name: state[name] for name in ("cybertrace", "secmaster", "waf")}


def first_ids(sandbox: Sandbox, number: int) -> list[str]:
    rows = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    return [row["id"] for row in rows[:number]]
