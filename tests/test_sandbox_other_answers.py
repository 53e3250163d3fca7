"""The sandbox acts and tells it in other words, or sends a body that is cut, slow or endless."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from asking import KNOWN, RULE, RULES, TOKEN, huawei, raw
from ioc_removal.sandbox import Sandbox
from misbehaving import GET_RULES, OTHER, delete_ids, delete_values, first_ids, sandbox

__all__ = ["sandbox"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (
            "no-reasons",
            [{"indicator": "https://Nowhere.example/"}, {"indicator": "bad2\\.example"}],
        ),
        (
            "other-spelling",
            [
                {"indicator": "https://Nowhere.example/", "reason": "INDICATOR DOESN’T EXIST."},
                {"indicator": "bad2\\.example", "reason": "INVALID INDICATOR FORMAT."},
            ],
        ),
        (
            "other-values",
            [
                {"indicator": "nOWHERE.EXAMPLE", "reason": "Indicator doesn't exist"},
                {"indicator": "BAD2\\.EXAMPLE", "reason": "Invalid indicator format"},
            ],
        ),
    ],
)
def test_cybertrace_deletes_and_tells_it_in_other_words(
    sandbox: Sandbox, name: str, rows: list[dict[str, str]]
) -> None:
    sandbox.misbehave(answer=name)
    answer = delete_values(sandbox, "192.0.2.10", "https://Nowhere.example/", "bad2\\.example")
    assert answer.status_code == 202
    assert answer.json()[0]["error_indicators"] == rows
    assert "192.0.2.10" not in sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]


def test_cybertrace_sends_the_illegal_escape_of_its_documents(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="illegal-escape")
    answer = delete_values(sandbox, "192.0.2.10", "bad2\\.example.com")
    assert b'"indicator": "bad2\\.example.com"' in answer.content
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_what_finds_nothing_to_alter_has_not_struck(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="no-reasons")
    assert delete_values(sandbox, "192.0.2.10").status_code == 201
    assert "192.0.2.10" not in sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
    assert delete_values(sandbox, "nowhere.example").json()[0]["error_indicators"] == [
        {"indicator": "nowhere.example"}
    ]
    assert [row["fault"] for row in sandbox.requests] == [None, 1]


@pytest.mark.parametrize(
    ("name", "success", "error"),
    [
        ("null-error-ids", [0, 1, 2], [None]),
        ("left-out", [1], []),
        ("both-lists", [0, 1, 2, OTHER], [0, 1, 2, OTHER]),
    ],
)
def test_secmaster_deletes_and_tells_it_in_other_words(
    sandbox: Sandbox, name: str, success: list[Any], error: list[Any]
) -> None:
    ids = first_ids(sandbox, 3)
    sandbox.misbehave(answer=name)
    data = delete_ids(sandbox, *ids, OTHER).json()["data"]
    assert data == {
        "success_ids": [ids[one] if isinstance(one, int) else one for one in success],
        "error_ids": [ids[one] if isinstance(one, int) else one for one in error],
    }
    assert not set(ids) & set(first_ids(sandbox, 999))


def test_a_good_answer_can_name_something_else(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="code-only")
    sandbox.misbehave(answer="other-rule")
    secmaster = delete_ids(sandbox)
    assert (secmaster.status_code, secmaster.json().keys()) == (200, {"code", "message"})
    rule = huawei(sandbox, "DELETE", f"{RULES}/{RULE}")
    assert (rule.status_code, rule.json()["id"]) == (200, "0" * 32)
    assert KNOWN not in first_ids(sandbox, 999)
    assert huawei(sandbox, "DELETE", f"{RULES}/{RULE}").status_code == 404


def test_a_body_can_break_off(sandbox: Sandbox) -> None:
    sandbox.misbehave(cut=20)
    said = raw(sandbox, GET_RULES.encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert len(body) == 20
    assert int(head.partition(b"Content-Length: ")[2].split()[0]) > 20
    sandbox.misbehave(cut=0)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        huawei(sandbox, "GET", RULES)


def test_a_length_can_be_too_short_or_too_long(sandbox: Sandbox) -> None:
    whole = huawei(sandbox, "GET", RULES).content
    sandbox.misbehave(content_length=-7)
    assert huawei(sandbox, "GET", RULES).content == whole[:-7]
    sandbox.misbehave(content_length=7)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        requests.get(sandbox.url + RULES, headers=TOKEN, timeout=0.5)
    sandbox.misbehave(content_length=-1_000_000)
    assert huawei(sandbox, "GET", RULES).content == b""


@pytest.mark.parametrize("part", ["drip_headers", "drip_body"])
def test_an_answer_can_come_byte_by_byte(sandbox: Sandbox, part: str) -> None:
    whole = huawei(sandbox, "GET", RULES)
    sandbox.misbehave(**{part: 0.0001})
    slow = huawei(sandbox, "GET", RULES)
    assert (slow.status_code, slow.content) == (200, whole.content)
    sandbox.misbehave(**{part: 60})
    port = urlsplit(sandbox.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(GET_RULES.encode())
        said = connection.recv(65536)
        assert said == b"H" if part == "drip_headers" else said.startswith(b"HTTP/1.1 200 OK\r\n")
        assert huawei(sandbox, "GET", RULES).ok  # nobody else waits


def test_a_body_can_have_no_end(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="endless")
    with requests.get(sandbox.url + RULES, headers=TOKEN, timeout=10, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert len(answer.raw.read(300_000)) == 300_000
        assert huawei(sandbox, "GET", RULES).ok


def test_a_stopped_sandbox_ends_what_is_on_its_way() -> None:
    with Sandbox() as sandbox:
        sandbox.misbehave(drip_headers=60)
        sandbox.misbehave(delay=60)
        port = urlsplit(sandbox.url).port or 0
        connections = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(2)]
        for connection in connections:
            connection.sendall(GET_RULES.encode())
        while len(sandbox.requests) < 2:
            pass
        sandbox.stop()
        for connection in connections:
            with connection:
                while connection.recv(65536):
                    pass


def test_the_systems_own_answer_can_be_mislabelled(sandbox: Sandbox) -> None:
    sandbox.misbehave(headers={"Content-Type": "text/plain"})
    answer = huawei(sandbox, "GET", RULES)
    assert (answer.headers["Content-Type"], answer.json()["total"]) == ("text/plain", 4)
