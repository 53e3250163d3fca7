"""A run that asks a person waits without a process, and goes on once with what was answered."""

import json
from getpass import getuser

import pytest

from approving import ANSWER, EXAMPLE, MARKED, TWO_ASKS, Desk, desk
from ioc_removal.loader import read
from ioc_removal.schema import Schema

__all__ = ["desk"]


def test_a_run_that_asks_waits_without_a_process_and_goes_on_when_approved(desk: Desk) -> None:
    run = desk.ask("--ticket", "INC-1")
    shown = desk.do("show", run).json
    assert shown["status"] == "waiting"
    assert list(Schema(read("schemas/result.json")).problems(shown)) == []
    assert shown["waiting"]["question"].startswith("Unmark 2 false positives?")
    assert (shown["waiting"]["route"], shown["waiting"]["approvers"]) == (
        "soc-leads",
        ["anna", "bob"],
    )
    assert desk.do("runs").json[0]["status"] == "waiting"
    [row] = desk.do("approvals").json
    assert (row["run"], row["requester"], row["ticket"]) == (run, "carl", "INC-1")
    assert row["approvers"] == ["anna", "bob"]

    undecided = desk.do("resume", run)
    assert (undecided.status, undecided.json["status"]) == (4, "waiting")
    assert desk.do("resume").status == 2  # nothing can go on

    approved = desk.do("approve", run, "--actor", "anna", "--reason", "looked at it", *ANSWER)
    assert approved.status == 0
    assert approved.json["next"] == f"ioc-removal resume {run}"
    assert (approved.json["actor"], approved.json["user"]) == ("anna", getuser())
    assert desk.sent() == []

    reads = len(desk.sent("GET"))
    ended = desk.do("resume")
    assert ended.status == 0, ended.err
    assert ended.json["counts"] == {"removed": 2}
    assert ended.json["output"]["decision"] == "approved"
    assert desk.marked() == set()
    assert (len(desk.sent()), len(desk.sent("GET"))) == (1, reads), "something was read again"
    again = desk.do("resume", run)
    assert (again.status, len(desk.sent())) == (2, 1)
    assert desk.do("approvals").json == []
    kinds = [json.loads(facts) for kind, facts in desk.rows("SELECT kind, facts FROM links")
             if kind == "approval"]  # fmt: skip
    assert [next(iter(facts)) for facts in kinds] == ["asked", "ask", "ask"]
    assert desk.do("journal", "verify").status == 0
    assert kinds[1]["by"] == {
        "actor": "anna", "user": getuser(), "ticket": None, "reason": "looked at it",
    }  # fmt: skip


def test_what_is_to_be_decided_is_told_with_the_commands(desk: Desk) -> None:
    run = desk.ask("--ticket", "INC-1", "--reason", "a false alarm")
    desk.format = []
    told = desk.do("approvals").out
    for line in (
        f"run {run} waits until",
        "wanted by  carl",
        "ticket     INC-1",
        "reason     a false alarm",
        "question   Unmark 2 false positives?",
        f"yes        `ioc-removal approve {run} --answer unmark_detections=…`",
        f"no         `ioc-removal reject {run} --reason TEXT`",
    ):
        assert line in told
    said = desk.do("approve", run, "--actor", "anna", *ANSWER).out
    assert said.startswith("approved by anna")
    assert f"next       `ioc-removal resume {run}` goes on" in said
    assert f"run {run}: approved by anna at" in desk.do("approvals").out


def test_the_example_takes_one_value_or_a_file(desk: Desk) -> None:
    one = desk.do("run", str(EXAMPLE), "--input", f"indicators={MARKED[0]}", "--actor", "carl")
    assert one.json["waiting"]["question"].startswith("Unmark 1 false positive?")
    (desk.folder / "f.txt").write_text("\n".join(MARKED))
    file = desk.do("run", str(EXAMPLE), "--indicators", "f.txt", "--input", "minutes=5")
    assert file.json["waiting"]["question"].startswith("Unmark 2 false positives?")
    for run in (one.json["run"], file.json["run"]):
        desk.do("approve", run, "--actor", "anna", *ANSWER)
        assert desk.do("resume", run).status == 0
    assert desk.marked() == set()


@pytest.mark.parametrize("given", ["indicators:=7", "indicators:=[[]]", "minutes=soon"])
def test_a_wrong_type_is_refused_before_anybody_is_asked(desk: Desk, given: str) -> None:
    right = ("--input", f"indicators={MARKED[0]}")[: 2 * given.startswith("minutes")]
    ended = desk.do("run", str(EXAMPLE), *right, "--input", given)
    assert (ended.status, "type" in ended.err) == (2, True), ended.err
    assert desk.do("approvals").json == []
    assert desk.sandbox.requests == []


def test_a_no_removes_nothing_and_needs_a_reason(desk: Desk) -> None:
    run = desk.ask()
    silent = desk.do("reject", run, "--actor", "anna")
    assert (silent.status, "--reason" in silent.err) == (2, True)
    rejected = desk.do("reject", run, "--actor", "anna", "--reason", "still in use")
    assert (rejected.status, rejected.json["decision"]) == (0, "rejected")
    ended = desk.do("resume", run)
    assert ended.status == 2
    assert ended.json["output"]["decision"] == "rejected"
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))


def test_silence_is_a_no(desk: Desk) -> None:
    run = desk.ask()
    desk.expire(run)
    [row] = desk.do("approvals").json
    assert row["decision"] == "expired"
    late = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert (late.status, "expired at 2020-01-02" in late.err) == (2, True)
    ended = desk.do("resume")
    assert ended.status == 2
    assert ended.json["output"]["decision"] == "nobody answered in time"
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))


@pytest.mark.parametrize("how", ["reject", "expire"])
def test_a_no_holds_where_the_playbook_forgets_it(desk: Desk, how: str) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "bob").status == 0
    assert desk.do("resume", run).status == 4
    if how == "reject":
        desk.do("reject", run, "--actor", "bob", "--reason", "no more")
    else:
        desk.expire(run)
    ended = desk.do("resume", run)
    outcomes = {row["value"]: row["outcome"] for row in ended.json["outcomes"]}
    assert outcomes == {"192.0.2.10": "removed", "malware.example": "refused"}
    reason = ended.json["outcomes"][1]["reason"]
    assert reason.startswith(
        "not approved: " + ("rejected by bob" if how == "reject" else "nobody")
    )
    assert (ended.status, len(desk.sent())) == (1, 1)
    assert "malware.example" in desk.supplier("InternalTI")


def test_two_asks_and_nothing_is_read_or_sent_twice(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    reads = desk.sent("GET")
    assert desk.sent() == []
    desk.do("approve", run, "--actor", "anna")
    second = desk.do("resume", run)
    assert (second.status, second.json["waiting"]["ask"], len(desk.sent())) == (4, "second", 1)
    desk.do("approve", run, "--actor", "bob")
    ended = desk.do("resume", run)
    assert ended.status == 0, ended.err
    assert ended.json["output"]["seen"] == ["succeeded", "succeeded"]
    assert ended.json["counts"] == {"removed": 2}
    assert (len(desk.sent()), desk.sent("GET")) == (2, reads)


def test_a_read_that_failed_before_the_question_is_not_tried_again_after_it(desk: Desk) -> None:
    text = """
version: 1.0
output: [seen: "{{ ctx().seen }}"]
tasks:
  suppliers:
    action: ioc_removal.cybertrace-suppliers-list
    retry: {count: 1, delay: 1}
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ task_status('suppliers') }}"]
        do: ask
  ask: {action: core.ask}
"""
    desk.sandbox.misbehave(method="GET", status=400, times=9)
    run = desk.do("run", desk.playbook(text), "--actor", "carl").json["run"]
    reads = desk.sent("GET")
    assert len(reads) == 2
    desk.sandbox.behave()
    desk.do("approve", run, "--actor", "anna")
    ended = desk.do("resume", run)
    assert ended.json["output"]["seen"] == "failed"
    assert desk.sent("GET") == reads


def test_a_sub_playbook_may_ask_but_not_for_each_item(desk: Desk) -> None:
    desk.playbook(TWO_ASKS, "asking")
    outer = "version: 1.0\ntasks:\n  a:\n    action: ioc_removal.asking\n"
    run = desk.do("run", desk.playbook(outer), "--actor", "carl").json["run"]
    assert desk.do("show", run).json["waiting"]["ask"] == "a/first"
    for _ in range(2):
        desk.do("approve", run, "--actor", "anna")
        ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    items = desk.playbook(f"{outer}    with: x in {{{{ [1] }}}}\n", "q")
    refused = desk.do("run", items)
    assert (refused.status, "line 3: tasks.a.with: the playbook asking asks" in refused.err) == (
        2,
        True,
    )


def test_a_dry_run_takes_the_answer_for_a_yes(desk: Desk) -> None:
    inputs = ("--input", f"indicators:={json.dumps(MARKED)}")
    ended = desk.do("run", str(EXAMPLE), *inputs, "--dry-run")
    assert (ended.status, ended.json["counts"]) == (0, {"planned": 2})
    assert desk.rows("SELECT 1 FROM approvals") == []


def test_times_that_cannot_be_true_are_refused_and_nothing_is_lost(desk: Desk) -> None:
    run = desk.ask()
    before = desk.rows("SELECT asked, expires FROM approvals")
    desk.redate(run, asked="2090-01-01T00:00:00.000Z", expires="2090-01-02T00:00:00.000Z")
    for words in (("approve", run, "--actor", "anna", *ANSWER), ("resume", run)):
        refused = desk.do(*words)
        assert (refused.status, "set the clock right" in refused.err) == (2, True)
    desk.redate(run, asked=before[0][0], expires=before[0][1])
    desk.do("approve", run, "--actor", "anna", *ANSWER)
    desk.redate(run, decided="2020-01-01T00:00:00.000Z")
    refused = desk.do("resume", run)
    assert (refused.status, "the decision is dated 2020-01-01" in refused.err) == (2, True)
    assert desk.do("show", run).json["status"] == "waiting"
    assert desk.sent() == []


def test_an_approval_that_nobody_uses_expires_too(desk: Desk) -> None:
    run = desk.ask()
    desk.do("approve", run, "--actor", "anna", *ANSWER)
    desk.expire(run)
    desk.redate(run, decided="2020-01-01T05:00:00.000Z")
    ended = desk.do("resume", run)
    assert (ended.status, desk.sent()) == (2, [])
    assert ended.json["output"]["decision"] == "nobody answered in time"
    assert desk.rows("SELECT decision FROM approvals") == [("expired",)]
