"""The stand-in for SecMaster answers as the documents say, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from asking import INDICATORS, KNOWN, PROJECT, WORKSPACE, huawei
from ioc_removal.sandbox import Sandbox


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_deleting_ids_tells_which_succeeded(sandbox: Sandbox) -> None:
    gone = "909494e3-558e-46b6-a9eb-07a8e18ca600"
    answer = huawei(sandbox, "DELETE", INDICATORS, {"batch_ids": [KNOWN, gone, KNOWN]})
    assert answer.status_code == 200
    assert answer.json() == {
        "code": "00000000",
        "message": "",
        "data": {"success_ids": [KNOWN], "error_ids": [gone]},
    }
    assert len(answer.headers["X-request-id"].split("-")) == 7
    rows = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    assert KNOWN not in [row["id"] for row in rows]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"batch_ids": "909494e3-558e-46b6-a9eb-07a8e18ca62f"},
        {"batch_ids": [1]},
        {"batch_ids": ["short"]},
        {"batch_ids": [f"{number:032}" for number in range(1000)]},
    ],
    ids=lambda document: str(document)[:40],
)
def test_a_wrong_batch_is_a_parameter_error(sandbox: Sandbox, document: Any) -> None:
    answer = huawei(sandbox, "DELETE", INDICATORS, document)
    assert answer.status_code == 400
    assert answer.json() == {"code": "SecMaster.20040001", "message": "Parameter error."}
    assert answer.headers["X-request-id"]


def test_the_documented_batch_limit_is_taken(sandbox: Sandbox) -> None:
    ids = [f"{number:032}" for number in range(999)]
    answer = huawei(sandbox, "DELETE", INDICATORS, {"batch_ids": ids})
    assert answer.json()["data"] == {"success_ids": [], "error_ids": ids}


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/json;charset=latin-1"])
def test_a_wrong_content_type_is_400(sandbox: Sandbox, media_type: str | None) -> None:
    headers = {"X-Auth-Token": "sandbox-iam-token", "Content-Type": media_type}
    sent = {name: value for name, value in headers.items() if value}
    answer = huawei(sandbox, "DELETE", INDICATORS, {"batch_ids": [KNOWN]}, sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "SecMaster.20040001")


def search(sandbox: Sandbox, **body: Any) -> dict[str, Any]:
    answer = huawei(sandbox, "POST", INDICATORS + "/search", {"offset": 0, "limit": 100, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def condition(*data: str) -> dict[str, Any]:
    return {"conditions": [{"name": "one", "data": list(data)}], "logics": ["one"]}


def test_a_value_can_have_several_ids(sandbox: Sandbox) -> None:
    found = search(sandbox, condition=condition("value", "=", "203.0.113.7"))
    assert found["total"] == 2
    assert len({row["id"] for row in found["data"]}) == 2
    assert {row["data_object"]["value"] for row in found["data"]} == {"203.0.113.7"}


def test_a_search_gives_at_most_a_hundred_rows_a_page(sandbox: Sandbox) -> None:
    total = len(sandbox.state()["secmaster"]["workspaces"][WORKSPACE])
    first = search(sandbox, limit=1000)
    second = search(sandbox, offset=100, limit=1000)
    third = search(sandbox, offset=total)
    assert [first["total"], len(first["data"]), first["page"]] == [total, 100, 1]
    assert [len(second["data"]), second["page"]] == [total - 100, 2]
    assert third["data"] == []
    assert len({row["id"] for row in first["data"] + second["data"]}) == total


def test_ids_are_found_and_missing_ones_left_out(sandbox: Sandbox) -> None:
    found = search(sandbox, ids=[KNOWN, "909494e3-558e-46b6-a9eb-07a8e18ca600"])
    assert [row["id"] for row in found["data"]] == [KNOWN]


def test_conditions_are_joined_by_their_logic(sandbox: Sandbox) -> None:
    two = [
        {"name": "white", "data": ["verdict", "=", "White"]},
        {"name": "domain", "data": ["indicator_type.indicator_type", "in", "Domain,URL"]},
    ]
    both = search(sandbox, condition={"conditions": two, "logics": ["white", "and", "domain"]})
    either = search(sandbox, condition={"conditions": two, "logics": ["white", "or", "domain"]})
    assert [row["data_object"]["value"] for row in both["data"]] == ["intranet.example.com"]
    assert either["total"] == 6
    assert search(sandbox, condition=condition("value", "contains", "malware"))["total"] == 2
    assert search(sandbox, condition=condition("status", "!=", "Open"))["total"] == 1
    since = "2026-01-20T00:00:00.000Z+0800"
    assert search(sandbox, from_date=since)["total"] == search(sandbox)["total"]
    assert search(sandbox, to_date=since)["total"] == 0
    assert search(sandbox, condition=condition("create_time", "<=", since))["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"offset": -1},
        {"limit": 0},
        {"limit": 1_000_000},
        {"offset": "0"},
        {"limit": None},
        {"ids": "one"},
        {"sort_by": "colour"},
        {"from_date": "yesterday"},
        {"condition": []},
        {"condition": condition("colour", "=", "x")},
        {"condition": condition("value", "~", "x")},
        {"condition": condition("value", "=", "x" * 101)},
        {"condition": condition("value", "=")},
        {"condition": {**condition("value", "=", "x"), "logics": ["two"]}},
        {"condition": {**condition("value", "=", "x"), "logics": ["one", "xor", "one"]}},
    ],
    ids=str,
)
def test_a_search_beyond_the_documented_limits_is_400(
    sandbox: Sandbox, body: dict[str, Any]
) -> None:
    document = {"offset": 0, "limit": 10, **body}
    answer = huawei(sandbox, "POST", INDICATORS + "/search", document)
    assert (answer.status_code, answer.json()["code"]) == (400, "SecMaster.20040001")


def test_a_search_is_checked_where_there_is_nothing_to_find() -> None:
    with Sandbox({"secmaster": {"workspaces": {WORKSPACE: {}}}}) as sandbox:
        assert search(sandbox, condition=condition("value", "=", "192.0.2.10"))["total"] == 0
        document = {"offset": 0, "limit": 10, "condition": condition("colour", "=", "x")}
        assert huawei(sandbox, "POST", INDICATORS + "/search", document).status_code == 400


def test_one_indicator_is_shown_with_every_documented_field(sandbox: Sandbox) -> None:
    document = huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}").json()
    assert document["code"] == 0
    row = document["data"]
    assert set(row) == {
        "id",
        "name",
        "data_object",
        "workspace_id",
        "project_id",
        "dataclass_ref",
        "create_time",
        "update_time",
    }
    assert set(row["data_object"]) == {
        *("indicator_type", "value", "update_time", "create_time", "environment", "data_source"),
        *("first_report_time", "is_deleted", "last_report_time", "granular_marking", "name", "id"),
        *("project_id", "revoked", "status", "verdict", "workspace_id", "confidence", "labels"),
        "defanged",
    }
    assert row["data_object"]["value"] == "192.0.2.10"


def test_what_secmaster_does_not_find(sandbox: Sandbox) -> None:
    missing = huawei(sandbox, "GET", INDICATORS + "/909494e3-558e-46b6-a9eb-07a8e18ca600")
    assert (missing.status_code, missing.json()["code"]) == (400, "SecMaster.20030005")
    workspace = huawei(sandbox, "GET", INDICATORS.replace(WORKSPACE, "x") + "/" + KNOWN)
    assert (workspace.status_code, workspace.json()["code"]) == (403, "SecMaster.20010001")
    project = huawei(sandbox, "GET", INDICATORS.replace(PROJECT, "f" * 32) + "/" + KNOWN)
    assert (project.status_code, project.json()["code"]) == (400, "SecMaster.20030002")
    path = huawei(sandbox, "GET", INDICATORS.replace("soc", "sock"))
    assert (path.status_code, path.json()["error_code"]) == (404, "APIGW.0101")
