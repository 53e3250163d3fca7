"""A lookup of many indicators: cut, put together again, and what has no row is not passed over."""

import json
from itertools import count
from pathlib import Path

import pytest

from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import ResponseError
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from recorded import Recorded, Reply, reply, serving

MANY = [f"host{number}.example.com" for number in range(250)]
LOST = "host120.example.com"


def looked_up(request: Recorded) -> Reply:
    """Answer in the opposite order, and not at all for one value."""
    asked = [row["object"] for row in reversed(request.json) if row["object"] != LOST]
    return reply(200, [{"object": value, "result": "not detected"} for value in asked])


@pytest.mark.parametrize(
    ("values", "status", "result"),
    [(MANY, 3, "partial"), ([LOST], 3, "failed"), (MANY[:100], 0, "succeeded")],
    ids=["one without a row", "none with a row", "each with a row"],
)
def test_a_file_is_looked_up_a_hundred_at_a_time(
    values: list[str],
    status: int,
    result: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    (tmp_path / "iocs.txt").write_text("\n".join(values))
    auth = {"type": "basic", "username": "user", "password": "password"}
    with serving(by=looked_up) as server:
        own = {"system": "cybertrace", "url": server.url, "api_version": "1.2", "auth": auth}
        settings = tmp_path / "settings.json"
        settings.write_text(json.dumps({"connections": {"cybertrace": own}}))
        arguments = ["--indicators", str(tmp_path / "iocs.txt"), "--settings", str(settings)]
        ended = main(["call", "cybertrace-indicators-lookup", *arguments, "--json"])
    record = json.loads(capsys.readouterr().out)
    sizes = [len(request.json) for request in server.requests]
    assert sizes == [min(100, len(values) - start) for start in range(0, len(values), 100)]
    assert [row["value"] for row in record["outputs"]] == values
    unknown = [row for row in record["outputs"] if "result" not in row]
    assert [(row["value"], row["outcome"]) for row in unknown] == (
        [(LOST, "unknown")] if LOST in values else []
    )
    assert (ended, record["result"]) == (status, result)


def test_a_list_of_rules_that_does_not_end_is_given_up() -> None:
    told = count()

    def one_more(_: Recorded) -> Reply:
        rule = {"id": f"{next(told):032x}", "policyid": "q", "name": "rule", "tags": ["AliCloud"]}
        return reply(200, {"total": 10**6, "items": [rule]})

    integration = load_integration()
    auth = {"type": "aksk", "access_key": "AKEXAMPLE", "secret_key": "made-up-key"}
    with serving(by=one_more) as server:
        own = {"system": "waf", "url": server.url, "auth": auth}
        settings = settings_from({"connections": {"waf": own}}, "test")
        connection = Connection("waf", settings, integration.systems["waf"])
        action = integration.bind("waf-ip-reputation-rules-list", connection)
        [batch] = action.prepare({"project_id": "p", "policy_id": "q"})
        with pytest.raises(ResponseError, match="the list ended after 655 of 1000000 rules"):
            list(action.read(batch))
    assert len(server.requests) == 655
