"""Which requests a fault of the sandbox strikes, what is no fault, and its state stays true."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from asking import INDICATORS, KNOWN, RULE, RULES, TOKEN, WORKSPACE, huawei
from ioc_removal.errors import ArgumentError
from ioc_removal.sandbox import Sandbox, read_faults
from ioc_removal.sandbox.fault_rules import ANSWERING, CHOOSING, DELIVERING
from ioc_removal.sandbox.ready import READY
from ioc_removal.sandbox.shape import FAULT
from misbehaving import OTHER, delete_ids, delete_values, first_ids, held, sandbox

__all__ = ["sandbox"]

EXAMPLE = Path(__file__).parents[1] / "examples" / "sandbox-faults.yml"


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
