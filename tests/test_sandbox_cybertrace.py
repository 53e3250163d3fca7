"""The stand-in for CyberTrace answers as the documents say, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.auth import HTTPBasicAuth

from asking import cybertrace
from ioc_removal.sandbox import Sandbox
from ioc_removal.sandbox.values import is_indicator

ANALYST = ("sandbox-analyst", "sandbox-password")


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_everything_deleted_is_the_documented_201(sandbox: Sandbox) -> None:
    rows = [{"indicator": "tux.example.com"}, {"indicator": "malicious.example.com"}]
    answer = cybertrace(sandbox, "DELETE", "1.1/suppliers/InternalTI/indicators", rows)
    text = '[{"status": "All indicators were successfully deleted from the database"}]'
    assert (answer.status_code, answer.reason, answer.text) == (201, "OK", text)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(text))
    assert answer.headers["Date"].endswith(" UTC")
    left = sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
    assert "192.0.2.10" in left
    assert not {"tux.example.com", "malicious.example.com"} & set(left)


def test_something_not_deleted_is_the_documented_202(sandbox: Sandbox) -> None:
    values = ["192.0.2.10", "bad.example.com", "bad2\\.example.com", "192.0.2.10"]
    rows = [{"indicator": value} for value in values]
    answer = cybertrace(sandbox, "DELETE", "1.3/suppliers/InternalTI/indicators", rows)
    assert (answer.status_code, answer.reason) == (202, "Partial success")
    [document] = answer.json()
    assert document["status"] == (
        "An error occurred while deleting some of the indicators from the database"
    )
    assert document["error_indicators"] == [
        {"indicator": "bad.example.com", "reason": "Indicator doesn't exist"},
        {"indicator": "bad2\\.example.com", "reason": "Invalid indicator format"},
        {"indicator": "192.0.2.10", "reason": "Indicator doesn't exist"},
    ]


def test_a_broken_supplier_is_the_documented_500_and_keeps_its_indicators() -> None:
    supplier = {"broken": True, "indicators": ["192.0.2.99"]}
    rows = [{"indicator": "192.0.2.99"}]
    with Sandbox({"cybertrace": {"suppliers": {"Broken": supplier}}}) as sandbox:
        answer = cybertrace(sandbox, "DELETE", "1.3/suppliers/Broken/indicators", rows)
        left = sandbox.state()["cybertrace"]["suppliers"]["Broken"]
    text = '[{"status": "An error occurred while deleting indicators from the database"}]'
    assert (answer.status_code, answer.reason, answer.text) == (500, "Internal Server Error", text)
    assert left == ["192.0.2.99"]


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("0cc175b9c0f1b6a831c399e269772661", True),
        ("86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8", True),
        ("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", True),
        ("192.0.2.10", True),
        ("2001:db8::bad:1", True),
        ("http://[2001:db8::1]:8080/x", True),
        ("example.com/testpage/*", True),
        ("https://c2.example.net/gate.php?id=7", True),
        ("тест.example", True),
        ("", False),
        ("word", False),
        ("bad example.com", False),
        ("abc123", False),
        ("http://", False),
    ],
)
def test_the_format_of_an_indicator(value: str, *, taken: bool) -> None:
    assert is_indicator(value) is taken


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_unmark_detections_works_on_false_positive(sandbox: Sandbox, version: str) -> None:
    rows = [
        {"indicator": "DC212B238A5A7C0A9DF7BF298546A154", "unmark_detections": False},
        {"indicator": "192.0.2.53", "unmark_detections": True},
    ]
    path = f"{version}/suppliers/FalsePositive/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows).status_code == 201
    assert sandbox.state()["cybertrace"]["unmarked"] == ["192.0.2.53"]


@pytest.mark.parametrize("place", ["1.1/suppliers/FalsePositive", "1.3/suppliers/InternalTI"])
def test_unmark_detections_is_refused_elsewhere(sandbox: Sandbox, place: str) -> None:
    rows = [{"indicator": "192.0.2.10", "unmark_detections": True}]
    before = sandbox.state()
    assert cybertrace(sandbox, "DELETE", place + "/indicators", rows).status_code == 400
    assert sandbox.state() == before


@pytest.mark.nested
@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[" * 100_000,
        {},
        [],
        ["192.0.2.10"],
        [{}],
        [{"indicator": 1}],
        [{"indicator": "192.0.2.10", "unmark_detection": True}],
        [{"indicator": "192.0.2.53", "unmark_detections": "yes"}],
    ],
    ids=str,
)
def test_a_malformed_body_is_400_and_deletes_nothing(sandbox: Sandbox, document: Any) -> None:
    before = sandbox.state()
    path = "1.3/suppliers/FalsePositive/indicators"
    answer = cybertrace(sandbox, "DELETE", path, document)
    assert answer.status_code == 400
    assert answer.json()[0]["status"].startswith("The request has an incorrect format")
    assert sandbox.state() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/json; charset=utf-8"}, 201),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "application/json; charset=latin-1"}, 400),
        ({"Accept": "text/html"}, 406),
        ({"Accept": "*/*"}, 406),
    ],
)
def test_the_documented_headers_are_asked_for(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    path = "1.3/suppliers/InternalTI/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows, **headers).status_code == status


def test_a_body_over_the_documented_maximum_is_refused(sandbox: Sandbox) -> None:
    rows = b'[{"indicator": "192.0.2.10"}]'
    path = "1.3/suppliers/InternalTI/indicators"
    before = sandbox.state()
    assert cybertrace(sandbox, "DELETE", path, rows.ljust(67108865)).status_code == 400
    assert sandbox.state() == before
    assert cybertrace(sandbox, "DELETE", path, rows.ljust(67108864)).status_code == 201


@pytest.mark.parametrize(
    "auth", [None, ("sandbox-operator", "wrong"), ("nobody", ""), ("a:b", "c")]
)
def test_wrong_credentials_are_401(sandbox: Sandbox, auth: tuple[str, str] | None) -> None:
    answer = cybertrace(sandbox, "GET", "1.3/suppliers", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic %%%", "Basic /w==", "Bearer x", "Basic dXNlcg=="]
)
def test_a_malformed_authorization_is_401(sandbox: Sandbox, value: str) -> None:
    answer = requests.get(
        sandbox.url + "/api/1.3/suppliers",
        headers={"Authorization": value, "Accept": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 401


def test_credentials_are_read_in_utf_8() -> None:
    user = {"name": "оператор", "password": "пароль", "role": "administrator"}
    with Sandbox({"cybertrace": {"users": [user]}}) as sandbox:
        answer = requests.get(
            sandbox.url + "/api/1.3/suppliers",
            auth=HTTPBasicAuth("оператор".encode(), "пароль".encode()),
            headers={"Accept": "application/json"},
            timeout=10,
        )
    assert answer.status_code == 200


def test_an_analyst_may_read_and_not_delete(sandbox: Sandbox) -> None:
    path = "1.3/suppliers/InternalTI/indicators"
    rows = [{"indicator": "192.0.2.10"}]
    assert cybertrace(sandbox, "GET", "1.3/suppliers", auth=ANALYST).status_code == 200
    assert cybertrace(sandbox, "DELETE", path, rows, auth=ANALYST).status_code == 403
    assert "192.0.2.10" in sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "8.0/suppliers", 404),
        ("POST", "1.0/login", 404),
        ("GET", "1.2/General/suppliers", 404),
        ("GET", "1.3/Nowhere/suppliers", 404),
        ("GET", "1.3", 404),
        ("GET", "", 404),
        ("GET", "1.3/suppliers/Nobody", 404),
        ("GET", "1.3/suppliers/Demo_Botnet_C2_URL_Data_Feed", 404),
        ("GET", "1.3/suppliers/InternalTI/indicators", 405),
        ("PATCH", "1.3/suppliers", 405),
        ("POST", "1.3/lookup", 404),
        ("GET", "1.3/General/lookup", 405),
        ("PUT", "1.3/suppliers/InternalTI", 501),
    ],
)
def test_other_paths_and_methods(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    assert cybertrace(sandbox, method, path).status_code == status


@pytest.mark.parametrize("name", ["Nobody", "Demo_Botnet_C2_URL_Data_Feed", "internalti"])
def test_deleting_from_a_supplier_that_rest_does_not_reach_is_404(
    sandbox: Sandbox, name: str
) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    path = f"1.3/suppliers/{name}/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows).status_code == 404


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.3/General"])
def test_suppliers_are_listed_in_every_version(sandbox: Sandbox, version: str) -> None:
    rows = cybertrace(sandbox, "GET", f"{version}/suppliers").json()
    assert {"name": "TriageFeed", "status": "enabled"} in rows
    assert {row["name"] for row in rows} >= {"InternalTI", "FalsePositive"}
    assert cybertrace(sandbox, "GET", f"{version}/suppliers/TriageFeed").json() == [
        {
            "name": "TriageFeed",
            "status": "enabled",
            "confidence": 70,
            "retention": 10080,
            "vendor": "Triage",
        }
    ]


def test_a_tenant_has_suppliers_of_its_own(sandbox: Sandbox) -> None:
    rows = [{"indicator": "192.0.2.10"}]
    path = "1.3/Branch/suppliers/InternalTI/indicators"
    assert cybertrace(sandbox, "DELETE", path, rows).status_code == 201
    state = sandbox.state()["cybertrace"]
    assert state["tenants"]["Branch"]["InternalTI"] == ["branch.example.org"]
    assert "192.0.2.10" in state["suppliers"]["InternalTI"]
    assert state["suppliers"] == state["tenants"]["General"]


def test_a_lost_segment_deletes_the_whole_supplier(sandbox: Sandbox) -> None:
    answer = cybertrace(sandbox, "DELETE", "1.3/suppliers/TriageFeed/")
    assert answer.status_code == 201
    assert "TriageFeed" not in sandbox.state()["cybertrace"]["suppliers"]
    assert cybertrace(sandbox, "DELETE", "1.3/suppliers/TriageFeed").status_code == 404
    assert cybertrace(sandbox, "DELETE", "1.3/suppliers/InternalTI").status_code == 400


def look_up(sandbox: Sandbox, *values: str, path: str = "1.2/lookup") -> list[dict[str, Any]]:
    answer = cybertrace(sandbox, "POST", path, [{"object": value} for value in values])
    assert answer.status_code == 200, answer.text
    return list(answer.json())


@pytest.mark.parametrize("path", ["1.0/lookup", "1.2/lookup", "1.3/General/lookup"])
@pytest.mark.parametrize(
    ("value", "category"),
    [
        ("192.0.2.10", "KL_InternalTI_IP"),
        ("2001:db8::bad:1", "KL_InternalTI_IP"),
        ("malware.example", "KL_InternalTI_URL"),
        ("https://c2.example.net/gate.php?id=7", "KL_InternalTI_URL"),
        ("0cc175b9c0f1b6a831c399e269772661", "KL_InternalTI_Hash_MD5"),
        (
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "KL_InternalTI_Hash_SHA256",
        ),
        ("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8", "KL_TriageFeed_Hash_SHA1"),
    ],
)
def test_a_lookup_tells_what_is_detected(
    sandbox: Sandbox, path: str, value: str, category: str
) -> None:
    supplier = category.split("_")[1]
    assert look_up(sandbox, value, "nowhere.example", path=path) == [
        {
            "object": value,
            "result": "detected",
            "categories": [
                {
                    "category": category,
                    "detected_indicator": value,
                    "context": {"supplier_name": supplier},
                }
            ],
        },
        {"object": "nowhere.example", "result": "not detected"},
    ]


def test_a_lookup_knows_false_positives_and_tenants() -> None:
    suppliers = {
        "InternalTI": {"indicators": ["192.0.2.1"]},
        "FalsePositive": {"indicators": ["192.0.2.1", "192.0.2.2", "192.0.2.3"]},
        "Mine": {"indicators": ["192.0.2.1", "192.0.2.2", "192.0.2.4"]},
        "Off": {"status": "disabled", "indicators": ["192.0.2.5"]},
    }
    tenants = {"Branch": {"InternalTI": {"indicators": ["192.0.2.9"]}}}
    values = [f"192.0.2.{number}" for number in (1, 2, 3, 4, 5, 9)]
    with Sandbox({"cybertrace": {"suppliers": suppliers, "tenants": tenants}}) as sandbox:
        rows = look_up(sandbox, *values)
        assert [row["result"] == "detected" for row in rows] == [
            *(True, False, False, True, False),
            False,
        ]
        assert [row["category"] for row in rows[0]["categories"]] == ["KL_InternalTI_IP"]
        branch = look_up(sandbox, *values, path="1.3/Branch/lookup")
        assert [row["result"] for row in branch] == ["not detected"] * 5 + ["detected"]


def test_an_analyst_may_look_up_and_nothing_changes(sandbox: Sandbox) -> None:
    before = sandbox.state()
    rows = [{"object": "192.0.2.10"}]
    answer = cybertrace(sandbox, "POST", "1.3/General/lookup", rows, auth=ANALYST)
    assert answer.json()[0]["result"] == "detected"
    assert sandbox.state() == before


@pytest.mark.parametrize(
    "document", [b"", {}, [], ["192.0.2.10"], [{}], [{"object": 1}], [{"object": "x", "y": 1}]]
)
def test_a_malformed_lookup_is_400(sandbox: Sandbox, document: Any) -> None:
    answer = cybertrace(sandbox, "POST", "1.1/lookup", document)
    assert answer.status_code == 400
    assert answer.json()[0]["status"].startswith("The request has an incorrect format: ")


def add(sandbox: Sandbox, path: str, *rows: Any) -> requests.Response:
    return cybertrace(sandbox, "PUT", f"{path}/indicators", list(rows))


def test_what_is_added_is_there_with_its_context_and_tags(sandbox: Sandbox) -> None:
    context, tags = {"threat": "X", "summary": "…"}, ["TAG1", "TAG2"]
    row = {"indicator": "new.example.com", "context": context, "tags": tags}
    answer = add(sandbox, "1.1/suppliers/InternalTI", row, {"indicator": "192.0.2.10"})
    text = "All indicators were successfully added to the database"
    assert (answer.status_code, answer.json()) == (201, [{"status": text}])
    state = sandbox.state()["cybertrace"]
    assert state["suppliers"]["InternalTI"][-1] == "new.example.com"
    assert state["suppliers"]["InternalTI"].count("192.0.2.10") == 1
    kept = {"new.example.com": {"context": context, "tags": tags}}
    assert state["details"]["General"] == {"InternalTI": kept}
    found = cybertrace(sandbox, "POST", "1.1/lookup", [{"object": "new.example.com"}]).json()
    [category] = found[0]["categories"]
    assert category["context"] == {**context, "supplier_name": "InternalTI"}


def test_an_update_leaves_what_it_does_not_name(sandbox: Sandbox) -> None:
    name = "new.example.com"
    row = {"indicator": name, "context": {"a": "b"}, "tags": ["TAG1"]}
    assert add(sandbox, "1.2/suppliers/TriageFeed", row).status_code == 201
    assert add(sandbox, "1.2/suppliers/TriageFeed", {"indicator": name}).status_code == 201
    details = sandbox.state()["cybertrace"]["details"]["General"]["TriageFeed"]
    assert details[name] == {"context": {"a": "b"}, "tags": ["TAG1"]}
    add(sandbox, "1.2/suppliers/TriageFeed", {"indicator": name, "tags": []})
    details = sandbox.state()["cybertrace"]["details"]["General"]["TriageFeed"]
    assert details[name] == {"context": {"a": "b"}, "tags": []}


def test_what_cannot_be_added_is_told_row_by_row(sandbox: Sandbox) -> None:
    rows = [
        {"indicator": "good.example.com"},
        {"indicator": "no indicator"},
        {"indicator": "tagged.example.com", "tags": ["NEW"]},
    ]
    answer = add(sandbox, "1.3/Branch/suppliers/InternalTI", *rows)
    assert (answer.status_code, answer.reason) == (202, "Partial success")
    [document] = answer.json()
    assert document["error_indicators"] == [
        {"indicator": "no indicator", "reason": "Invalid indicator format"},
        {"indicator": "tagged.example.com", "reason": "Tag doesn't exist"},
    ]
    state = sandbox.state()["cybertrace"]
    assert state["tenants"]["Branch"]["InternalTI"][-1] == "good.example.com"
    assert "good.example.com" not in state["suppliers"]["InternalTI"]


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("1.2/suppliers/InternalTI", []),
        ("1.2/suppliers/InternalTI", {}),
        ("1.2/suppliers/InternalTI", [{"indicator": 1}]),
        ("1.2/suppliers/InternalTI", [{"indicator": "a.example", "unknown": 1}]),
        ("1.2/suppliers/InternalTI", [{"indicator": "a.example", "context": {"a": 1}}]),
        ("1.2/suppliers/InternalTI", [{"indicator": "a.example", "tags": "TAG1"}]),
        ("1.2/suppliers/FalsePositive", [{"indicator": "a.example", "context": {"a": "b"}}]),
        ("1.0/suppliers/InternalTI", [{"indicator": "a.example", "tags": []}]),
    ],
    ids=str,
)
def test_a_wrong_body_adds_nothing(sandbox: Sandbox, path: str, document: Any) -> None:
    before = sandbox.state()["cybertrace"]
    answer = cybertrace(sandbox, "PUT", f"{path}/indicators", document)
    assert answer.status_code == 400
    assert sandbox.state()["cybertrace"] == before


def test_who_and_where_nothing_can_be_added() -> None:
    row = {"indicator": "192.0.2.99"}
    supplier = {"broken": True, "indicators": []}
    with Sandbox({"cybertrace": {"suppliers": {"Broken": supplier}}}) as sandbox:
        answer = add(sandbox, "1.3/suppliers/Broken", row)
        text = "An error occurred while adding indicators to the database"
        assert (answer.status_code, answer.json()) == (500, [{"status": text}])
        assert add(sandbox, "1.3/suppliers/Nobody", row).status_code == 404
        path = "1.3/suppliers/InternalTI/indicators"
        assert cybertrace(sandbox, "PUT", path, [row], auth=ANALYST).status_code == 403
        assert sandbox.state()["cybertrace"]["suppliers"]["Broken"] == []
