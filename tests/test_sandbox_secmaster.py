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


OWNER = {"domain_id": "domain", "region_id": "region", "project_id": PROJECT}
FIELDS: dict[str, Any] = {
    "name": "demo",
    "value": "new.example.com",
    "verdict": "Black",
    "granular_marking": "2",
    "defanged": False,
    "confidence": 80,
    "first_report_time": "2021-01-30T23:00:00Z+0800",
    "last_report_time": "2023-10-24T17:23:55.120Z+0800",
    "indicator_type": {"indicator_type": "Domain", "id": "type"},
    "environment": {"vendor_type": "vendor", **OWNER},
    "data_source": {"source_type": 1, "product_name": "p", "product_feature": "f", **OWNER},
    "workspace_id": WORKSPACE,
}


def test_what_is_created_is_stored_in_the_form_of_the_answers(sandbox: Sandbox) -> None:
    answer = huawei(sandbox, "POST", INDICATORS, {"data_object": FIELDS})
    assert answer.status_code == 200
    document = answer.json()
    row = document["data"]
    assert (document["code"], row["name"], row["workspace_id"]) == ("00000000", "demo", WORKSPACE)
    shown = row["data_object"]
    assert shown["first_report_time"] == "2021-01-30T23:00:00.000+08:00"
    assert shown["last_report_time"] == "2023-10-24T17:23:55.120+08:00"
    assert shown["granular_marking"] == 2
    assert (shown["status"], shown["is_deleted"], shown["revoked"]) == ("Open", False, False)
    assert shown["indicator_type"]["category"] == "Domain"
    assert shown["id"] == row["id"] != KNOWN
    assert row["create_time"].endswith("+08:00")
    assert huawei(sandbox, "GET", f"{INDICATORS}/{row['id']}").json()["data"] == row
    assert search(sandbox, ids=[row["id"]])["data"] == [row]
    again = huawei(sandbox, "POST", INDICATORS, {"data_object": {**FIELDS, "id": row["id"]}})
    assert again.json()["data"]["id"] != row["id"]
    assert search(sandbox, condition=condition("value", "=", "new.example.com"))["total"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        *(({name: None}, name) for name in FIELDS),
        ({"value": "x" * 129}, "value"),
        ({"verdict": "black"}, "verdict"),
        ({"granular_marking": 1}, "granular_marking"),
        ({"confidence": 100}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"defanged": "false"}, "defanged"),
        ({"first_report_time": "2021-01-30T23:00:00.000+08:00"}, "first_report_time"),
        ({"labels": ""}, "labels"),
        ({"status": "open"}, "status"),
        ({"unknown": 1}, "unknown"),
        ({"indicator_type": {"unknown": "x"}}, "indicator_type.unknown"),
        ({"environment": []}, "environment"),
        ({"workspace_id": "another"}, "workspace_id"),
    ],
    ids=str,
)
def test_a_wrong_field_creates_nothing(
    sandbox: Sandbox, change: dict[str, Any], field: str
) -> None:
    fields = {name: value for name, value in {**FIELDS, **change}.items() if value is not None}
    if field in {"confidence", "last_report_time"} and field not in fields:
        assert huawei(sandbox, "POST", INDICATORS, {"data_object": fields}).status_code == 200
        return  # it is not mandatory
    before = sandbox.state()["secmaster"]
    answer = huawei(sandbox, "POST", INDICATORS, {"data_object": fields})
    said = {"code": "SecMaster.20040001", "message": f"Parameter error. {field}"}
    assert (answer.status_code, answer.json()) == (400, said)
    assert sandbox.state()["secmaster"] == before


@pytest.mark.parametrize("document", [None, [], {}, {"data_object": []}, {"data_object": {}}])
def test_a_body_without_an_indicator_changes_nothing(sandbox: Sandbox, document: Any) -> None:
    for method, path in (("POST", INDICATORS), ("PUT", f"{INDICATORS}/{KNOWN}")):
        answer = huawei(sandbox, method, path, document)
        assert (answer.status_code, answer.json()["code"]) == (400, "SecMaster.20040001")


def test_a_status_is_set(sandbox: Sandbox) -> None:
    before = huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}").json()["data"]
    body = {"data_object": {"status": "Closed"}}
    row = huawei(sandbox, "PUT", f"{INDICATORS}/{KNOWN}", body).json()["data"]
    assert row["data_object"]["status"] == "Closed"
    assert row["update_time"] != before["update_time"]
    same = {**before["data_object"], "status": "Closed", "update_time": row["update_time"]}
    assert (row["id"], row["data_object"]) == (KNOWN, same)
    assert huawei(sandbox, "GET", f"{INDICATORS}/{KNOWN}").json()["data"] == row
    wrong = huawei(sandbox, "PUT", f"{INDICATORS}/{KNOWN}", {"data_object": {"status": "Shut"}})
    assert wrong.json()["message"] == "Parameter error. status"
    missing = huawei(sandbox, "PUT", f"{INDICATORS}/{'f' * 32}", body)
    assert (missing.status_code, missing.json()["code"]) == (400, "SecMaster.20030005")
