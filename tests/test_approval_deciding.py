"""Who may decide what a run asks; and of decisions at once, or a killed one, one counts or none."""

import signal
import time
from getpass import getuser

import pytest

from approving import ANSWER, LONGEST, TWO_ASKS, Desk, desk, end_of
from ioc_removal.store.runs import requester_of

__all__ = ["desk"]


def test_who_wants_it_may_not_approve_it(desk: Desk) -> None:
    desk.settings["approval"]["approvers"] += ["carl", "Carl ", getuser()]
    run = desk.ask()
    for words in (("--actor", "carl"), ("--actor", "Carl "), ()):
        refused = desk.do("approve", run, *words, *ANSWER)
        assert (refused.status, "four_eyes" in refused.err) == (2, True), words
    assert desk.do("approvals").json[0]["approvers"] == ["anna", "bob"]
    desk.settings["approval"]["four_eyes"] = False
    late = desk.do("approve", run, "--actor", "carl", *ANSWER)
    assert (late.status, "when the run" in late.err) == (2, True)
    assert desk.do("approve", desk.ask(), "--actor", "carl", *ANSWER).status == 0


@pytest.mark.parametrize("given", [True, None])
def test_another_name_of_the_same_user_may_not_approve_it(desk: Desk, given: bool | None) -> None:
    desk.settings["approval"] = {"approvers": ["anna"], "four_eyes": given}
    if given is None:
        del desk.settings["approval"]["four_eyes"]
    run = desk.ask()
    for words in (("approve", run, *ANSWER), ("reject", run, "--reason", "x")):
        refused = desk.do(*words, "--actor", "anna")
        assert refused.status == 2
        assert "anna is declared by --actor, and the user of the operating" in refused.err
        assert "`four_eyes: actors`" in refused.err
    assert desk.do("approvals").json[0].get("decision") is None
    desk.settings["approval"]["four_eyes"] = "actors"
    assert desk.do("approve", run, *ANSWER, "--actor", "anna").status == 0
    desk.settings["approval"]["four_eyes"] = "users"
    assert "four_eyes" in desk.do("approvals").err


def test_the_user_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = requester_of().user
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert requester_of().user == before != "mallory"


def test_only_those_who_are_named_may_decide(desk: Desk) -> None:
    asks = TWO_ASKS.replace("first:\n    action: core.ask", "first:\n    action: core.ask\n"
                            "    input: {users: [bob, eve]}")  # fmt: skip
    run = desk.do("run", desk.playbook(asks), "--actor", "carl").json["run"]
    assert desk.do("approvals").json[0]["approvers"] == ["bob"]
    for actor, why in (
        ("eve", "eve may not decide: approval.approvers"),
        ("anna", "asks bob, eve"),
    ):
        for words in (("approve", run), ("reject", run, "--reason", "x")):
            refused = desk.do(*words, "--actor", actor)
            assert (refused.status, why in refused.err) == (2, True)
    del desk.settings["approval"]
    nobody = desk.do("approve", run, "--actor", "bob")
    assert (nobody.status, nobody.json["errors"][0]["error"]) == (2, "SettingsError")
    assert "approval.approvers of settings.yml" in nobody.err
    assert desk.rows("SELECT decision FROM approvals") == [(None,)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--plan", "0123456789"), "asks without a plan"),
        ((), "--answer unmark_detections=… is missing"),
        (("--answer", "unmark_detections=maybe"), "neither true nor false"),
        (("--answer", "unmark_detection=true"), "this is not asked"),
        (("--answer", "unmark_detections"), "write NAME=VALUE"),
        (("--answer", "continue=false", *ANSWER), "this is not asked"),
    ],
)
def test_a_wrong_answer_decides_nothing(desk: Desk, words: tuple[str, ...], why: str) -> None:
    run = desk.ask()
    refused = desk.do("approve", run, "--actor", "anna", *words)
    assert (refused.status, why in refused.err) == (2, True), refused.err
    assert desk.rows("SELECT decision FROM approvals") == [(None,)]
    assert desk.do("approve", "2").status == 2
    assert desk.do("reject", "nothing", "--reason", "x").status == 2


def test_of_two_decisions_at_once_one_counts(desk: Desk) -> None:
    run = desk.ask()
    both = [
        desk.start("approve", run, "--actor", "anna", *ANSWER),
        desk.start("reject", run, "--actor", "bob", "--reason", "no"),
    ]
    ended = [end_of(process) for process in both]
    assert sorted(one.status for one in ended) == [0, 2]
    [first], [second] = ([one for one in ended if one.status == status] for status in (0, 2))
    said = f"decided already: {first.json['decision']} by {first.json['actor']} (user "
    assert said in second.err
    assert len(desk.rows("SELECT 1 FROM links WHERE kind = 'approval'")) == 2


def test_a_decision_that_is_killed_counts_whole_or_not_at_all(desk: Desk) -> None:
    run = desk.ask()
    for hundredths in range(10, 110, 10):
        process = desk.start("approve", run, "--actor", "anna", *ANSWER)
        time.sleep(hundredths / 100)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=LONGEST)
    last = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert last.status == 0 or "decided already: approved by anna" in last.err
    assert desk.do("journal", "verify").status == 0
    assert len(desk.rows("SELECT 1 FROM links WHERE kind = 'approval'")) == 2
    assert desk.do("resume").json["counts"] == {"removed": 2}


def test_an_approver_who_was_listed_later_may_not_decide(desk: Desk) -> None:
    run = desk.ask()
    desk.settings["approval"]["approvers"] = ["dora", "anna"]
    refused = desk.do("approve", run, "--actor", "dora", *ANSWER)
    assert refused.status == 2
    assert "dora may not decide this: when the run" in refused.err
    [row] = desk.do("approvals").json
    assert row["approvers"] == ["anna"]
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
