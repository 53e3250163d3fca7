"""A process that waits for an approval goes on by itself; one that was killed is gone on with."""

import signal
import time
from typing import Any

import pytest

from approving import ANSWER, LONGEST, TWO_ASKS, UNMARK, Desk, desk, end_of, waiting

__all__ = ["desk"]


def test_with_wait_it_goes_on_by_itself(desk: Desk) -> None:
    process, run = waiting(desk)
    alive = desk.do("resume", run)
    assert (alive.status, "is alive" in alive.err) == (2, True)
    approved = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert "next" not in approved.json
    ended = end_of(process)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert f"run {run} waits until" in ended.err
    assert "anna or bob" in ended.err


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_waits_may_go(desk: Desk, kill: signal.Signals) -> None:
    process, run = waiting(desk)
    process.send_signal(kill)
    gone = end_of(process)
    if kill == signal.SIGINT:
        assert (gone.status, "the run waits on" in gone.err) == (130, True)
    assert desk.do("show", run).json["status"] == "waiting"
    approved = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert approved.json["next"] == f"ioc-removal resume {run}"
    reads = desk.sent("GET")
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert (len(desk.sent()), desk.sent("GET")) == (1, reads)


@pytest.mark.parametrize("words", [("resume",), ("resume", "--wait")])
def test_resume_waits_too(desk: Desk, words: tuple[str, ...]) -> None:
    run = desk.ask()
    process = desk.start("resume", run, *words[1:])
    if len(words) == 1:
        assert end_of(process).status == 4
        return
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    assert end_of(process).json["counts"] == {"removed": 2}


def test_a_process_that_dies_before_the_store_knows_that_it_waits(desk: Desk) -> None:
    run = desk.ask()
    desk.change("UPDATE runs SET status = 'running', details = json_remove(details, '$.turn')"
                " WHERE run = ?", run)  # fmt: skip
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert len(desk.sent()) == 1


def test_killed_after_the_approval_it_goes_on_and_sends_nothing_twice(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    desk.do("approve", run, "--actor", "anna")
    desk.sandbox.misbehave(method="DELETE", delay=0.3)
    process = desk.start("resume", run)
    end = time.monotonic() + LONGEST
    while not desk.sent() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    reads = desk.sent("GET")
    desk.do("resume", run)
    desk.do("approve", run, "--actor", "anna")
    ended = desk.do("resume", run)
    assert ended.status == 0, ended.err
    assert sum(ended.json["counts"].values()) == 2
    assert set(ended.json["counts"]) <= {"removed", "absent"}
    assert (len(desk.sent()) <= 3, desk.sent("GET")) == (True, reads)


def test_it_waits_for_its_plan_and_goes_on_by_itself(desk: Desk) -> None:
    desk.settings["approval"] |= {"rearms": 1}
    process = desk.start(*UNMARK, "--wait")
    end = time.monotonic() + LONGEST
    row: list[dict[str, Any]] = []
    while not row and time.monotonic() < end:
        row = desk.do("approvals").json
    assert desk.do("approve", row[0]["run"], "--actor", "anna").status == 0
    assert end_of(process).json["counts"] == {"removed": 2}
