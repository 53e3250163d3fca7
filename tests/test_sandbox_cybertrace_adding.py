"""The stand-in for CyberTrace adds and updates as the documents say, over real HTTP."""

from typing import Any

import pytest
import requests

from asking import ANALYST, cybertrace, sandbox
from ioc_removal.sandbox import Sandbox

__all__ = ["sandbox"]


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
