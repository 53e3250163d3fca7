"""Above the count of approval a run waits with its plan; a single call or an undo is refused."""

import json

import pytest

from approving import MARKED, UNMARK, Desk, desk, planned
from ioc_removal.loader import read
from ioc_removal.schema import Schema

__all__ = ["desk"]


def test_a_call_above_the_count_is_refused_and_says_what_to_do(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    delete = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
    values = ("--arg", "indicators=192.0.2.10", "--arg", "indicators=malware.example")
    ended = desk.do(*delete, *values)
    assert (ended.status, ended.json["counts"], desk.sent()) == (2, {"refused": 2}, [])
    reason = ended.json["outcomes"][0]["reason"]
    assert "would disarm 2 indicators, more than 1 (approval.disarms of the settings)" in reason
    assert "a single call asks nobody, `ioc-removal run` does" in reason
    assert desk.do(*delete, *values, "--dry-run").json["counts"] == {"planned": 2}
    assert desk.do(*delete, *values[:2]).json["counts"] == {"removed": 1}
    unmark = desk.do(
        "call", "cybertrace-false-positives-unmark", "--arg", "unmark_detections:=false",
        "--arg", f"indicators:={json.dumps(MARKED)}",
    )  # fmt: skip
    assert (unmark.status, len(desk.sent())) == (2, 1)
    assert "would rearm 2 indicators, more than 1 (approval.rearms" in unmark.out


def test_a_call_counts_what_the_system_shows_to_rearm(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 2, "rearms": 1}
    values = json.dumps(["malware.example", *MARKED])
    found = desk.do("call", "secmaster-indicators-search", "--arg", f"values:={values}")
    ids = {row["value"]: row["id"] for row in found.json["outputs"]}
    given = ("--arg", f"batch_ids:={json.dumps([*ids.values()])}")
    ended = desk.do("call", "secmaster-indicators-delete", *given)
    assert (ended.status, ended.json["counts"]) == (2, {"refused": 3})
    assert "this would disarm 3 indicators, more than 2 (approval.disarms" in ended.out
    desk.settings["approval"]["disarms"] = 3
    ended = desk.do("call", "secmaster-indicators-delete", *given)
    assert (ended.status, ended.json["counts"]) == (1, {"removed": 2, "refused": 1}), ended.err
    [kept] = [row for row in ended.json["outcomes"] if row["outcome"] == "refused"]
    assert kept["id"] == ids[MARKED[1]]
    assert "this would rearm 2 indicators, more than 1 (approval.rearms" in kept["reason"]


def test_above_the_count_a_run_waits_with_its_plan(desk: Desk) -> None:
    run, plan = planned(desk)
    [row] = desk.do("approvals").json
    assert (row["plan"], row["effects"], row["approvers"]) == (plan, {"rearms": 2}, ["anna", "bob"])
    assert desk.do("plan", plan[:12]).json["effects"] == {"rearms": 2}
    for wrong in (plan[:7], "0" * 64, plan[:-1] + "x"):
        refused = desk.do("approve", run, "--actor", "anna", "--plan", wrong)
        assert (refused.status, f"asks for the plan {plan}" in refused.err) == (2, True)
    approved = desk.do("approve", run, "--actor", "anna", "--plan", plan[:8].upper())
    assert (approved.status, approved.json["plan"]) == (0, plan)
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2}), ended.err
    assert (desk.marked(), len(desk.sent())) == (set(), 1)
    assert ended.json["plan"]["sha256"] == plan


def test_below_the_count_it_does_not_wait(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 0, "rearms": 2}
    ended = desk.do(*UNMARK)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2}), ended.err
    del desk.settings["approval"]
    ended = desk.do("run", "remove-iocs-after-triage", "--input", "indicators=192.0.2.10")
    assert ended.status == 0
    assert "plan" not in ended.json


@pytest.mark.parametrize("how", ["reject", "expire"])
def test_without_approval_of_its_plan_all_is_refused(desk: Desk, how: str) -> None:
    run, _ = planned(desk)
    if how == "reject":
        desk.do("reject", run, "--actor", "bob", "--reason", "not these")
    else:
        desk.expire(run)
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"], ended.json["status"]) == (
        2,
        {"refused": 2},
        "ended",
    )
    why = "rejected by bob" if how == "reject" else "nobody approved it until"
    assert all(why in row["reason"] for row in ended.json["outcomes"])
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))
    assert desk.do("journal", "verify").status == 0


def test_a_no_to_a_plan_is_told_from_the_plan_alone(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 1}
    (desk.folder / "f.txt").write_text(
        "192.0.2.10\nmalware.example\n192.0.2.10\nnot one\nabsent.example.org\n"
    )
    words = ("run", "remove-iocs-after-triage", "--indicators", "f.txt", "--actor", "carl")
    run = desk.do(*words).json["run"]
    desk.do("reject", run, "--actor", "anna", "--reason", "in use")
    before = len(desk.sandbox.requests)
    ended = desk.do("resume", run)
    assert (ended.status, len(desk.sandbox.requests)) == (2, before)
    assert ended.json["counts"] == {"refused": 5, "absent": 1}
    found = [row for row in ended.json["outcomes"] if row["action"].startswith("secmaster")]
    assert sorted((row["value"], row["outcome"], "id" in row) for row in found) == [
        ("192.0.2.10", "refused", True),
        ("absent.example.org", "absent", False),
        ("malware.example", "refused", True),
    ]
    assert list(Schema(read("schemas/result.json")).problems(ended.json)) == []
    sums = {"read": 5, "used": 3, "duplicates": 1, "unused": 1, "types": {"domain": 2, "ipv4": 1}}
    assert ended.json["input"] == sums  # as a run that was not planned first shows them
    [unused] = desk.do("show", run, "--unused").json
    assert unused["text"] == "not one"


def test_an_approval_does_not_count_for_another_plan(desk: Desk) -> None:
    run, plan = planned(desk)
    desk.do("approve", run, "--actor", "anna", "--plan", plan)
    desk.change("UPDATE approvals SET plan = ?", "0" * 64)
    refused = desk.do("resume", run)
    assert (refused.status, "does not count" in refused.err) == (2, True), refused.err
    desk.change("UPDATE approvals SET plan = ?", plan)
    connection = desk.settings["connections"]["cybertrace"]
    before = connection["url"]
    connection["url"] = before.replace("127.0.0.1", "localhost")
    refused = desk.do("resume", run)
    assert refused.status == 2
    assert (desk.sent(), desk.do("show", run).json["status"]) == ([], "waiting")
    connection["url"] = before
    assert desk.do("resume", run).json["counts"] == {"removed": 2}


def test_a_plan_that_is_applied_later_needs_its_approval_too(desk: Desk) -> None:
    made = desk.do(*UNMARK, "--dry-run").json["plan"]
    desk.settings["approval"] |= {"rearms": 1}
    ended = desk.do("run", "--plan", made["plan"], "--actor", "carl")
    assert (ended.status, ended.json["waiting"]["plan"]) == (4, made["sha256"])
    desk.do("approve", ended.json["run"], "--actor", "anna")
    assert desk.do("resume").json["counts"] == {"removed": 2}


def test_what_the_store_says_decides_not_what_the_playbook_does(desk: Desk) -> None:
    run, _ = planned(desk)
    desk.change("UPDATE runs SET status = 'running'")  # as if nobody had to be asked
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"], desk.sent()) == (2, {"refused": 2}, [])
    assert "rearm 2 indicators, more than 1 (approval.rearms" in ended.out


def test_an_undo_above_the_count_is_refused_too(desk: Desk) -> None:
    indicators = f"indicators:={json.dumps(['192.0.2.10', 'malware.example'])}"
    delete = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
    run = desk.do(*delete, "--arg", indicators).json["run"]
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    ended = desk.do("undo", run)
    assert (ended.status, ended.json["counts"], desk.sent("PUT")) == (2, {"refused": 2}, [])
    assert "an undo asks nobody: put back fewer at a time with --indicator VALUE" in ended.out
    assert desk.do("undo", run, "--indicator", "192.0.2.10").json["counts"] == {"added": 1}
    del desk.settings["approval"]["rearms"], desk.settings["approval"]["disarms"]
    assert desk.do("undo", run).json["counts"] == {"added": 1}
    assert {"192.0.2.10", "malware.example"} <= set(desk.supplier("InternalTI"))
