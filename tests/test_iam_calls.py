"""Calls of users of IAM: one token for both services, renewed when it expires."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord

INTEGRATION = load_integration()
LOGIN = "/v3/auth/tokens"
Asked = tuple[str, str, dict[str, Any]]
POLICIES: Asked = ("waf", "waf-policies-list", {})
SEARCH: Asked = ("secmaster", "secmaster-indicators-search", {"values": ["192.0.2.10"]})
DELETE: Asked = (
    "secmaster",
    "secmaster-indicators-delete",
    {"batch_ids": ["909494e3-558e-46b6-a9eb-07a8e18ca62f"]},
)


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Run:
    """One run: the settings of a sandbox, and connections opened once."""

    def __init__(self, sandbox: Sandbox, cache: Path | None = None, **auth: Any) -> None:
        document = sandbox.settings("iam_password")
        kept = {"token_cache": str(cache) if cache else False}
        document["credentials"]["huawei"].update({**kept, **auth})
        for name in ("waf", "secmaster"):
            document["connections"][name]["defaults"].pop("project_id")
        self.settings = settings_from(document, "settings.yml")
        self.open: dict[str, Connection] = {}

    def __call__(self, system: str, action: str, arguments: dict[str, Any]) -> list[Any]:
        if system not in self.open:
            self.open[system] = Connection(system, self.settings, INTEGRATION.systems[system])
        bound = INTEGRATION.bind(action, self.open[system])
        prepared = bound.prepare(arguments)
        parts = list(perform(bound, prepared, NoRecord()))
        return [row for part in parts for row in (*part.outputs, *part.outcomes)]


def sent(sandbox: Sandbox) -> list[str]:
    return [request["target"].partition("?")[0] for request in sandbox.requests]


def logins(sandbox: Sandbox) -> int:
    return sent(sandbox).count(LOGIN)


def test_both_services_need_one_login_and_no_project(sandbox: Sandbox) -> None:
    run = Run(sandbox)
    assert run(*POLICIES)
    assert run(*SEARCH)
    assert [outcome.outcome for outcome in run(*DELETE)] == ["removed"]
    assert logins(sandbox) == 1
    assert all(f"/v1/{sandbox.seed['huawei']['project_id']}/" in p for p in sent(sandbox)[1:])


def test_runs_share_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    for _ in range(3):
        assert Run(sandbox, tmp_path / "tokens.json")(*POLICIES)
    assert logins(sandbox) == 1


def test_a_token_that_expired_is_renewed_once(sandbox: Sandbox, tmp_path: Path) -> None:
    run = Run(sandbox, tmp_path / "tokens.json")
    run(*POLICIES)
    run(*SEARCH)
    sandbox.expire_tokens()
    assert [outcome.outcome for outcome in run(*DELETE)] == ["removed"]
    assert run(*POLICIES)
    assert logins(sandbox) == 2


def test_a_refused_password_is_sent_once_and_nothing_else(sandbox: Sandbox) -> None:
    run = Run(sandbox, password="wrong-password")
    for _ in range(2):
        arguments = {**DELETE[2], "project_id": sandbox.seed["huawei"]["project_id"]}
        [outcome] = run("secmaster", DELETE[1], arguments)
        assert outcome.outcome == "refused"
        assert outcome.reason.startswith("no token from Huawei Cloud IAM: 401")
        assert "wrong-password" not in outcome.reason
    assert sent(sandbox) == [LOGIN]


def test_what_is_not_safe_is_told_at_the_start(sandbox: Sandbox, tmp_path: Path) -> None:
    cache = tmp_path / "tokens.json"
    cache.write_text("{}")
    cache.chmod(0o644)
    run = Run(sandbox, cache, iam_url="http://iam.example")
    connection = Connection("waf", run.settings, INTEGRATION.systems["waf"])
    plain, readable = connection.warnings
    assert "http://iam.example is not encrypted" in plain
    assert readable == f"{cache} can be read by others: its tokens are not used, and it is replaced"
