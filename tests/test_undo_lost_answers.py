"""What may have been put back already is looked up before it is sent again, or stays unknown."""

from pathlib import Path
from typing import Any

import pytest

from asking import KNOWN, POLICY, PROJECT, WORKSPACE, huawei
from ioc_removal.errors import ArgumentError
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.runs import get_run
from undoing import PLACE, REMOVALS, Desk, arguments, desk, outcomes

__all__ = ["desk"]


def test_what_stayed_unknown_is_sent_once_more_when_a_person_asks_for_it(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    first, _ = desk.undo(run)
    advice = {row["advice"] for row in first["outcomes"]}
    assert advice == {
        f"look there whether it is back, or let `ioc-removal undo {run} --send-again` send it once "
        "more: that adds it, or updates what is there"
    }
    desk.sandbox.behave()
    puts = desk.sent("PUT")
    assert {row["advice"] for row in desk.undo(run)[0]["outcomes"]} == advice
    assert outcomes(desk.undo(run, dry_run=True, send_again=True)[0]) == {"planned": 3}
    assert desk.sent("PUT") == puts
    record, summary = desk.undo(run, send_again=True)
    assert (outcomes(record), exit_status(summary)) == ({"added": 3}, 0)
    assert {row["reason"] for row in record["outcomes"]} == {
        f"the undo {first['run']} sent it, and its answer was lost; it was sent once more, as "
        "was asked"
    }
    assert (desk.state(), desk.sent("PUT")) == (before, puts + 1)
    assert get_run(desk.database, record["run"]).details["send_again"] is True
    with pytest.raises(ArgumentError, match="nothing left to undo: 3 are put back already"):
        desk.undo(run, send_again=True)


def test_what_is_sent_once_more_and_refused_stays_unknown(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    desk.undo(run)
    desk.sandbox.behave()
    desk.sandbox.misbehave(method="PUT", status=403)
    record, summary = desk.undo(run, send_again=True)
    assert (outcomes(record), exit_status(summary)) == ({"unknown": 3}, 3)
    assert "an earlier try may have been carried out; this one: 403" in str(
        record["outcomes"][0]["reason"]
    )


def test_a_lost_answer_of_cybertrace_stays_unknown_and_is_not_sent_twice(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    record, summary = desk.undo(run)
    assert outcomes(record) == {"unknown": 3}
    assert exit_status(summary) == 3
    first = record["run"]
    puts = desk.sent("PUT")
    desk.sandbox.behave()
    record, summary = desk.undo(run)
    assert outcomes(record) == {"unknown": 3}
    assert {row["reason"] for row in record["outcomes"]} == {
        f"the undo {first} sent it, and its answer was lost; nothing there can be read, so it is "
        "not sent twice"
    }
    assert {row["action"] for row in record["outcomes"]} == {"cybertrace-indicators-add"}
    assert (exit_status(summary), desk.sent("PUT")) == (3, puts)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("secmaster-indicators-delete", {"carries": "Sandbox"}),
        ("waf-ip-reputation-rule-delete", {"path": "ip-reputation"}),
    ],
)
def test_a_lost_answer_is_looked_up_before_anything_is_repeated(
    desk: Desk, name: str, fault: dict[str, Any]
) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    desk.sandbox.misbehave(method="POST", hang_up="after", **fault)
    record, _ = desk.undo(run)
    assert desk.state() == before
    [lost] = [row for row in record["outcomes"] if row.get("maybe_ours")]
    assert (lost["outcome"], bool(lost["id"])) == ("added", True)


def test_what_no_look_told_is_looked_up_by_a_later_undo(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
    desk.sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", times=9)
    searches = searches_before_a_creation(desk)
    desk.sandbox.misbehave(method="POST", path="search", skip=searches, status=403, times=9)
    record, _ = desk.undo(run)
    assert outcomes(record) == {"unknown": 1}
    creations, first = desk.sent("POST"), record["run"]
    desk.sandbox.behave()
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 1}
    assert record["outcomes"][0]["reason"] == (
        f"the undo {first} sent it, and its answer was lost; one is new since"
    )
    assert desk.sent("POST") == creations
    assert desk.state() == before


def searches_before_a_creation(desk: Desk) -> int:
    """Count the searches by which an undo of one indicator begins."""
    with Sandbox() as other:
        here, desk.document, desk.sandbox = (desk.document, desk.sandbox), other.settings(), other
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
        seen = len(other.requests)
        desk.undo(run)
        desk.document, desk.sandbox = here
        targets = [row["target"].rpartition("/")[2] for row in other.requests[seen:]]
    return targets.index("indicators")


def test_a_conflict_of_tags_is_told_and_can_be_tried_again(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("waf-ip-reputation-rule-delete", REMOVALS["waf-ip-reputation-rule-delete"])
    rules = f"/v1/{PROJECT}/waf/policy/{POLICY}/ip-reputation"
    other = {"name": "other", "type": "idc", "tags": ["Amazon"], "action": {"category": "log"}}
    made = huawei(desk.sandbox, "POST", rules, other)
    assert made.status_code == 200
    record, summary = desk.undo(run)
    [row] = record["outcomes"]
    assert row["outcome"] == "failed"
    assert "not_restored" not in row
    assert exit_status(summary) == 1
    assert huawei(desk.sandbox, "DELETE", f"{rules}/{made.json()['id']}").status_code == 200
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_could_not_be_switched_off_is_switched_off_by_a_later_undo(desk: Desk) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    for tries in range(2):
        record, summary = desk.undo(run)
        assert outcomes(record) == {"failed": 1} | ({} if tries else {"added": 1})
        assert record["counts"] == {"failed": 1}
        failed = record["outcomes"][-1]
        assert failed["advice"].endswith(
            f"the rule is in force now, although it was off: `ioc-removal undo {run}` tries that "
            f"again, or `ioc-removal call waf-ip-reputation-rule-status-set --arg policy_id="
            f"{POLICY} --arg project_id={PROJECT} --arg status=0 --arg rule_id={failed['id']}`"
        )
        assert exit_status(summary) == 1
    desk.sandbox.behave()
    assert outcomes(desk.undo(run, dry_run=True)[0]) == {"planned": 1}
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert desk.sent("POST") == 1
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="nothing left to undo: 1 is put back already"):
        desk.undo(run)


def test_what_is_there_is_read_once_for_all_that_go_to_one_place(tmp_path: Path) -> None:
    seed = default_seed()
    rows = [{"value": f"host{number}.example", "type": "Domain"} for number in range(250)]
    seed["secmaster"]["workspaces"] = {WORKSPACE: {"indicators": rows}}
    with Sandbox(seed) as sandbox:
        desk = Desk(sandbox, tmp_path)
        before = desk.state()
        found = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        ids = [row["id"] for row in found[:20]]
        run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": ids})
        seen = len(sandbox.requests)
        sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", skip=7)
        desk.undo(run)
        assert desk.state() == before
        targets = [row["target"].rpartition("/")[2] for row in sandbox.requests[seen:]]
        alone = targets[: targets.index("indicators")]
        assert alone == ["search"] * 4  # the first page, then each of three
        assert targets.count("indicators") == 20
        assert targets.count("search") <= 4 + 6  # of the one whose answer was lost


@pytest.mark.usefixtures("looks_soon")
def test_what_another_row_got_is_not_new_for_its_twin(desk: Desk) -> None:
    """Of two indicators of one value one creation is lost: the id of the other is no proof."""
    before = desk.state()
    rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    twins = [row["id"] for row in rows if row["data_object"]["value"] == "203.0.113.7"]
    assert len(twins) == 2
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": twins})
    desk.sandbox.misbehave(method="POST", carries="Sandbox", hang_up="before", times=2)
    searches = searches_before_a_creation(desk)
    desk.sandbox.misbehave(method="POST", path="search", skip=searches, status=403, times=99)
    first, _ = desk.undo(run, twins[0])
    assert outcomes(first) == {"unknown": 1}
    desk.sandbox.behave()
    assert outcomes(desk.undo(run, twins[1])[0]) == {"added": 1}
    [row] = desk.undo(run)[0]["outcomes"]
    assert row["outcome"] == "added", row
    assert desk.state() == before
