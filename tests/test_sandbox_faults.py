"""The sandbox misbehaves when told to, over real sockets, and its state stays the truth."""

import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from asking import (
    INDICATORS,
    KNOWN,
    RULE,
    RULES,
    TOKEN,
    WORKSPACE,
    cybertrace,
    huawei,
    raw,
)
from ioc_removal.errors import ArgumentError
from ioc_removal.sandbox import Sandbox, read_faults
from ioc_removal.sandbox.fault_rules import ANSWERING, CHOOSING, DELIVERING
from ioc_removal.sandbox.ready import READY
from ioc_removal.sandbox.shape import FAULT

EXAMPLE = Path(__file__).parents[1] / "examples" / "sandbox-faults.yml"
GET_RULES = f"GET {RULES} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {TOKEN['X-Auth-Token']}\r\n\r\n"
INTERNAL = "1.3/suppliers/InternalTI/indicators"
OTHER = "909494e3-558e-46b6-a9eb-07a8e18ca6ff"


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
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


def test_some_requests_pass_first(sandbox: Sandbox) -> None:
    sandbox.misbehave(status=503, skip=2, times=2)
    assert [huawei(sandbox, "GET", RULES).status_code for _ in range(5)] == [
        *(200, 200, 503, 503),
        200,
    ]


def test_chance_draws_the_same_again(sandbox: Sandbox) -> None:
    def draws(**fault: Any) -> list[int]:
        sandbox.reset()
        sandbox.misbehave(status=503, **fault)
        return [huawei(sandbox, "GET", RULES).status_code for _ in range(60)]

    one = draws(chance=0.5)
    assert {200, 503} == set(one)
    assert draws(chance=0.5) == one
    assert draws(chance=0.5, random=7) != one
    assert draws(chance=0.5, times=2).count(503) == 2
    assert set(draws(chance=1)) == {503}


def test_a_value_spoils_each_request_that_carries_it(sandbox: Sandbox) -> None:
    for value in ("192.0.2.10", KNOWN, RULE):
        sandbox.misbehave(method="DELETE", carries=value, status=400, chance=1)
    assert delete_values(sandbox, "malware.example", "192.0.2.10").status_code == 400
    assert delete_values(sandbox, "192.0.2.10").status_code == 400
    assert delete_values(sandbox, "malware.example", "192.0.2.1").status_code == 202
    assert delete_ids(sandbox, OTHER, KNOWN).status_code == 400
    assert delete_ids(sandbox, OTHER).status_code == 200
    assert huawei(sandbox, "DELETE", f"{RULES}/{RULE}").status_code == 400
    assert huawei(sandbox, "DELETE", f"{RULES}/{RULE}x").status_code == 404


def test_faults_are_listed_and_cleared(sandbox: Sandbox) -> None:
    sandbox.misbehave(system="waf", status=503, times=3)
    sandbox.misbehave(chance=0.5, delay=0)
    huawei(sandbox, "GET", RULES)
    url = sandbox.url + "/sandbox/faults"
    assert (
        requests.get(url, timeout=10).json()
        == sandbox.faults
        == [
            {
                "number": 1,
                "struck": 1,
                "left": 2,
                "fault": {"system": "waf", "status": 503, "times": 3},
            },
            {"number": 2, "struck": 0, "left": None, "fault": {"chance": 0.5, "delay": 0}},
        ]
    )
    assert requests.delete(url, timeout=10).ok
    assert requests.get(url, timeout=10).json() == []
    assert huawei(sandbox, "GET", RULES).ok
    assert sandbox.misbehave(status=503) == 3


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"system": "waf"},
        {"system": "other", "status": 500},
        {"colour": "red"},
        {"method": "delete", "status": 500},
        {"path": 1, "status": 500},
        {"status": 99},
        {"status": "500"},
        {"status": True},
        {"times": "one", "status": 500},
        {"times": 0, "status": 500},
        {"skip": -1, "status": 500},
        {"chance": 0, "status": 500},
        {"chance": 2, "status": 500},
        {"random": 1, "status": 500},
        {"answer": "nonsense"},
        {"answer": "html", "body": "x"},
        {"answer": "no-reasons", "system": "waf"},
        {"answer": "no-reasons", "acted": False},
        {"answer": "no-reasons", "status": 200},
        {"answer": "no-reasons", "method": "GET"},
        {"answer": "endless", "cut": 1},
        {"body": "x"},
        {"body": "x", "status": 204},
        {"acted": True, "delay": 1},
        {"headers": {"A": "b\r\nc"}},
        {"headers": {"": "b"}},
        {"headers": {"content-length": "1"}},
        {"headers": ["A"]},
        {"expire_tokens": False},
        {"acts_after": -1, "status": 504},
        {"acts_after": 1},
        {"acts_after": 1, "delay": 1},
        {"acts_after": 1, "status": 504, "acted": True},
        {"acts_after": 1, "hang_up": "after"},
        {"acts_after": 1, "answer": "no-reasons"},
        {"delay": "long"},
        {"delay": -1},
        {"delay": float("nan")},
        {"delay": float("inf")},
        {"hang_up": "later"},
        {"reset": "later"},
        {"reset": "after", "hang_up": "after"},
        {"hang_up": "after", "status": 500},
        {"reset": "after", "cut": 1},
        {"cut": -1},
        {"content_length": 1.5},
        {"drip_headers": -1},
        {"drip_body": "slow"},
    ],
    ids=str,
)
def test_a_fault_that_means_nothing_is_refused(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^fault(\.|: )") as refused:
        sandbox.misbehave(**fault)
    assert "\n" not in str(refused.value)
    if fault.get("delay") not in (float("inf"),) and fault.get("delay") == fault.get("delay"):
        answer = requests.post(sandbox.url + "/sandbox/faults", json=fault, timeout=10)
        assert (answer.status_code, answer.json()["error"]) == (400, str(refused.value))
    with pytest.raises(ArgumentError, match=r"^seed\.faults\[0\](\.|: )"):
        Sandbox({"faults": [fault]})
    assert not sandbox.faults


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense"])
def test_the_control_endpoint_takes_one_object(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(sandbox.url + "/sandbox/faults", data=body, timeout=10)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "the body must be a JSON object, one fault"},
    )


def test_a_fault_has_a_body_that_can_be_sent(sandbox: Sandbox) -> None:
    for body in (date(2026, 1, 1), {1, 2}, {"a": b"b"}):
        with pytest.raises(ArgumentError, match=r"^fault\.body: must be text or JSON"):
            sandbox.misbehave(status=200, body=body)
    sandbox.misbehave(status=200, body={"done": [True, None]})
    assert huawei(sandbox, "GET", RULES).json() == {"done": [True, None]}
    sandbox.misbehave(status=500, headers={"content-type": "text/plain", "X-Other": "1"})
    answer = huawei(sandbox, "GET", RULES)
    assert (answer.headers["Content-Type"], answer.headers["X-Other"]) == ("text/plain", "1")


def test_a_file_of_faults_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "faults.yml"
    file.write_text("- {status: 500}\n- {status: 1}\n", "utf-8")
    with pytest.raises(ArgumentError, match=r"faults\.yml\[1\]\.status: must be between"):
        read_faults(str(file))
    file.write_text("status: 500", "utf-8")
    with pytest.raises(ArgumentError, match="must hold a list, as examples"):
        read_faults(str(file))
    file.write_text("[", "utf-8")
    with pytest.raises(ArgumentError, match=r"faults\.yml: "):
        read_faults(str(file))


def test_the_example_shows_every_key_and_every_answer() -> None:
    faults = read_faults(str(EXAMPLE))
    assert {key for fault in faults for key in fault} == set(FAULT)
    assert {fault["answer"] for fault in faults if "answer" in fault} == set(READY)
    assert set(FAULT) > {*CHOOSING, *ANSWERING, *DELIVERING}
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line.startswith("- ")]
    assert len(lines) == len(faults)


def test_with_every_fault_at_once_the_state_stays_the_truth() -> None:
    faults = [
        {key: 0 if key == "delay" else value for key, value in fault.items() if key != "acts_after"}
        for fault in read_faults(str(EXAMPLE))
        if fault.get("answer") != "endless"
    ]
    with Sandbox({"faults": faults}) as sandbox:
        before = held(sandbox)["secmaster"]["workspaces"][WORKSPACE]
        ids = [row["id"] for row in before]
        for one in ids[:80]:
            try:
                requests.delete(
                    sandbox.url + INDICATORS,
                    json={"batch_ids": [one]},
                    headers=TOKEN,
                    timeout=0.5,
                    allow_redirects=False,
                )
            except requests.RequestException:
                continue
        sandbox.stop()
        done = {
            row["body"]["batch_ids"][0]
            for row in sandbox.requests
            if row["acted"] and row["system_status"] == 200
        }
        assert 0 < len(done) < 80
        assert set(first_ids(sandbox, 999)) == set(ids) - done
        assert any(row["fault"] and row["acted"] for row in sandbox.requests)
