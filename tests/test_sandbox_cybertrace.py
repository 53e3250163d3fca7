"""The stand-in for CyberTrace deletes as the documents say, over real HTTP."""

from typing import Any

import pytest

from asking import cybertrace, sandbox
from ioc_removal.sandbox import Sandbox
from ioc_removal.sandbox.values import is_indicator

__all__ = ["sandbox"]


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
