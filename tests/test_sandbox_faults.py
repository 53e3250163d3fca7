"""The sandbox misbehaves when told to, over real sockets: answers are lost, late or refusals."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from asking import KNOWN, RULE, RULES, TOKEN, huawei, raw
from ioc_removal.sandbox import Sandbox
from misbehaving import GET_RULES, delete_ids, first_ids, held, sandbox

__all__ = ["sandbox"]


def test_an_answer_can_be_replaced(sandbox: Sandbox) -> None:
    sandbox.misbehave(system="waf", method="GET", status=429, times=2, headers={"Retry-After": "1"})
    sandbox.misbehave(path="ip-reputation", status=503)
    sandbox.misbehave(system="waf", status=200, body="not JSON")
    sandbox.misbehave(system="cybertrace", status=425)
    first, _, third, fourth, fifth = [huawei(sandbox, "GET", RULES) for _ in range(5)]
    assert (first.status_code, first.headers["Retry-After"]) == (429, "1")
    assert first.json()["error_code"] == "APIGW.0308"
    assert (third.status_code, third.headers["Content-Type"]) == (503, "text/html")
    assert (fourth.status_code, fourth.text) == (200, "not JSON")
    assert fifth.json()["total"] == 4
    early = requests.get(sandbox.url + "/api/1.3/suppliers", timeout=10)
    assert (early.status_code, early.json()) == (425, [{"status": "Too Early"}])
    rows = sandbox.requests
    assert [row["status"] for row in rows] == [429, 429, 503, 200, 200, 425]
    assert [row["fault"] for row in rows] == [1, 1, 2, 3, None, 4]
    assert [row["acted"] for row in rows] == [False, False, False, False, True, False]


@pytest.mark.parametrize("how", ["hang_up", "reset"])
@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_an_answer_can_be_lost(sandbox: Sandbox, how: str, when: str, *, done: bool) -> None:
    fault = {"method": "DELETE", how: when}
    assert requests.post(sandbox.url + "/sandbox/faults", json=fault, timeout=10).json() == {
        "number": 1
    }
    before = held(sandbox)
    with pytest.raises(requests.ConnectionError):
        huawei(sandbox, "DELETE", f"{RULES}/{RULE}")
    assert (held(sandbox) != before) is done
    row = sandbox.requests[-1]
    assert (row["status"], row["acted"], row["system_status"], row["fault"]) == (
        None,
        done,
        200 if done else None,
        1,
    )
    assert huawei(sandbox, "DELETE", f"{RULES}/{RULE}").status_code == (404 if done else 200)


def test_a_hang_up_is_an_end_and_a_reset_is_none(sandbox: Sandbox) -> None:
    sandbox.misbehave(hang_up="after")
    sandbox.misbehave(reset="after")
    port = urlsplit(sandbox.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(GET_RULES.encode())
        assert connection.recv(1) == b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(GET_RULES.encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_an_answer_can_be_late(sandbox: Sandbox) -> None:
    sandbox.misbehave(delay=60)
    sandbox.misbehave(delay=60, hang_up="before")
    for _ in range(2):
        with pytest.raises(requests.ReadTimeout):
            requests.get(sandbox.url + RULES, headers=TOKEN, timeout=0.5)
    assert huawei(sandbox, "GET", RULES).ok
    assert [row["acted"] for row in sandbox.requests] == [True, False, True]


@pytest.mark.parametrize("fault", [{"status": 502}, {"answer": "html"}, {"answer": "no-content"}])
@pytest.mark.parametrize("acted", [False, True])
def test_a_refusal_can_hide_that_the_system_acted(
    sandbox: Sandbox, fault: dict[str, Any], *, acted: bool
) -> None:
    before = held(sandbox)
    sandbox.misbehave(**fault, acted=acted)
    answer = delete_ids(sandbox)
    expected = {"html": 200, "no-content": 204}.get(fault.get("answer", ""), 502)
    assert answer.status_code == expected
    assert (held(sandbox) != before) is acted
    row = sandbox.requests[0]
    assert (row["status"], row["acted"], row["system_status"]) == (
        expected,
        acted,
        200 if acted else None,
    )


@pytest.mark.parametrize("fault", [{"status": 504}, {"hang_up": "before"}, {"answer": "empty"}])
def test_a_system_can_act_after_it_has_answered(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.misbehave(**fault, acts_after=1)
    sandbox.misbehave(**fault, acts_after=60)
    for one in (KNOWN, first_ids(sandbox, 2)[1]):
        if "hang_up" in fault:
            with pytest.raises(requests.ConnectionError):
                delete_ids(sandbox, one)
        else:
            delete_ids(sandbox, one)
    assert KNOWN in first_ids(sandbox, 9)
    assert sandbox.requests[0]["acted"] is False
    while not sandbox.requests[0]["acted"]:
        pass
    assert KNOWN not in first_ids(sandbox, 9)
    assert sandbox.requests[0]["system_status"] == 200
    assert sandbox.requests[1]["acted"] is False


@pytest.mark.parametrize(
    ("name", "status", "start"),
    [
        ("html", 200, b"<html>"),
        ("empty", 200, b""),
        ("no-content", 204, b""),
        ("invalid-json", 200, b'{"code"'),
        ("deep", 200, b"[[[["),
        ("throttled", 429, b'{"error_msg": "The throttling threshold has been reached'),
        ("initialising", 425, b"<html>"),
        ("key-locked", 401, b'{"error_msg": "Incorrect IAM authentication information: AK access'),
        ("signature-expired", 401, b'{"error_msg": "Incorrect IAM authentication information: ca'),
    ],
)
def test_a_ready_answer_leaves_the_connection_in_order(
    sandbox: Sandbox, name: str, status: int, start: bytes
) -> None:
    sandbox.misbehave(answer=name)
    before = held(sandbox)
    with requests.Session() as session:
        struck = session.delete(f"{sandbox.url}{RULES}/{RULE}", headers=TOKEN, timeout=10)
        assert struck.status_code == status
        assert struck.content.startswith(start)
        assert bool(struck.content) is bool(start)
        assert held(sandbox) == before
        assert session.get(sandbox.url + RULES, headers=TOKEN, timeout=10).json()["total"] == 4


def test_a_204_has_neither_body_nor_length(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="no-content")
    said = raw(sandbox, GET_RULES.encode())
    assert said.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-Length" not in said
    assert said.endswith(b"\r\n\r\n")


def test_a_redirect_leads_to_another_host_that_listens(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="redirect", method="DELETE")
    before = held(sandbox)
    url = f"{sandbox.url}{RULES}/{RULE}"
    answer = requests.delete(url, headers=TOKEN, timeout=10, allow_redirects=False)
    location = answer.headers["Location"]
    assert (answer.status_code, location) == (
        307,
        f"//localhost:{urlsplit(sandbox.url).port}{RULES}/{RULE}",
    )
    assert held(sandbox) == before
    sandbox.misbehave(answer="redirect", method="DELETE")
    assert requests.delete(url, headers=TOKEN, timeout=10).status_code == 200
    assert [row["headers"]["Host"].partition(":")[0] for row in sandbox.requests[1:]] == [
        "127.0.0.1",
        "localhost",
    ]


def test_an_expired_token_is_worded_by_each_system(sandbox: Sandbox) -> None:
    sandbox.misbehave(answer="token-expired", times=2)
    secmaster = delete_ids(sandbox)
    waf = huawei(sandbox, "DELETE", f"{RULES}/{RULE}")
    assert (secmaster.status_code, secmaster.json()["error_code"]) == (401, "APIGW.0301")
    assert "token expires, expires_at: 20" in secmaster.json()["error_msg"]
    assert (waf.status_code, waf.json()) == (
        400,
        {"error_code": "WAF.00012001", "error_msg": "invalid.token"},
    )


@pytest.mark.parametrize(
    ("status", "system", "key"),
    [(401, "waf", "error_code"), (403, "waf", "error_code"), (401, "iam", "error")],
)
def test_a_status_has_the_words_of_its_system(
    sandbox: Sandbox, status: int, system: str, key: str
) -> None:
    sandbox.misbehave(system=system, status=status)
    path = RULES if system == "waf" else "/v3/auth/tokens"
    answer = requests.request("GET", sandbox.url + path, headers=TOKEN, timeout=10)
    assert answer.status_code == status
    assert key in answer.json()
