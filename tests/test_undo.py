"""`undo` brings back what a run removed, once, and says what it cannot bring back."""

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asking import KNOWN, POLICY, WORKSPACE
from ioc_removal.errors import ArgumentError
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.runs import get_run
from ioc_removal.trust.guards import Guards
from undoing import INTEGRATION, PLACE, REMOVALS, SHUT_OFF, Desk, arguments, desk, outcomes

__all__ = ["desk"]


@pytest.mark.parametrize("name", REMOVALS)
def test_undo_brings_the_state_back(desk: Desk, name: str) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    gone = desk.state()
    assert gone != before
    record, summary = desk.undo(run)
    assert desk.state() == before
    assert record["result"] == "succeeded"
    assert exit_status(summary) == 0
    assert outcomes(record).keys() <= {"added", "changed"}
    assert all(row.get("not_restored") for row in record["outcomes"] if row["outcome"] == "added")
    again, _ = desk.undo(record["run"])
    assert desk.state() == gone
    assert again["result"] == "succeeded"
    desk.undo(again["run"])
    assert desk.state() == before


@pytest.mark.parametrize("name", REMOVALS)
def test_a_dry_run_lists_what_would_be_put_back(desk: Desk, name: str) -> None:
    run = desk.call(name, arguments(desk, name))
    gone, sent = desk.state(), desk.sent("PUT", "POST", "DELETE")
    record, _ = desk.undo(run, dry_run=True)
    assert outcomes(record).keys() == {"planned"}
    follow = INTEGRATION.definition(name).undo_then
    assert all(row["not_restored"] for row in record["outcomes"] if row["action"] != follow)
    assert sum(row["action"] == follow for row in record["outcomes"]) == bool(follow)
    assert (desk.state(), desk.sent("PUT", "POST", "DELETE")) == (gone, sent)
    assert desk.undo(run)[0]["result"] == "succeeded"


@pytest.mark.parametrize(
    ("name", "sums"),
    [("secmaster-indicators-delete", 13), ("waf-ip-reputation-rule-delete", 1)],
)
def test_the_sums_are_of_the_rows_that_were_put_back(desk: Desk, name: str, sums: int) -> None:
    """Two indicators of one value are two, a rule that is also switched off is one."""
    run = desk.call(name, arguments(desk, name))
    assert get_run(desk.database, run).details["counts"] == {"removed": sums}
    assert desk.undo(run, dry_run=True)[0]["counts"] == {"planned": sums}
    assert desk.undo(run)[0]["counts"] == {"added": sums}


def test_a_lookup_brings_the_context_back(desk: Desk) -> None:
    desk.document["connections"]["cybertrace"]["api_version"] = "1.2"
    added = desk.call(
        "cybertrace-indicators-add",
        {
            "supplier": "InternalTI",
            "indicators": ["a.example", "b.example"],
            "context": {"a.example": {"threat": "X"}, "b.example": {"threat": "Y"}},
        },
    )
    assert get_run(desk.database, added).result == "succeeded"
    given_ = {"supplier": "InternalTI", "indicators": ["a.example", "b.example"]}
    run = desk.call("cybertrace-indicators-delete", given_, lookup=True)
    desk.undo(run)
    put = [row for row in desk.sandbox.requests if row["method"] == "PUT"]
    assert put[-1]["body"] == put[0]["body"]


def test_without_a_snapshot_nothing_is_put_back_and_that_is_said(desk: Desk) -> None:
    ids = {**PLACE, "batch_ids": [KNOWN]}
    run = desk.call("secmaster-indicators-delete", ids, snapshot=False)
    record, summary = desk.undo(run)
    [row] = record["outcomes"]
    assert row["outcome"] == "refused"
    assert row["reason"] == "it cannot be put back: no snapshot tells what it was"
    assert row["action"] == "secmaster-indicator-create"
    assert exit_status(summary) == 2


def test_what_may_be_ours_is_put_back(desk: Desk) -> None:
    before = desk.state()
    desk.sandbox.misbehave(method="DELETE", hang_up="after", times=1)
    ids = {**PLACE, "batch_ids": [KNOWN]}
    run = desk.call("secmaster-indicators-delete", ids)
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 1}
    assert desk.state() == before


def test_what_is_put_back_is_verified(desk: Desk) -> None:
    for name in ("secmaster-indicators-close", "waf-ip-reputation-rule-delete"):
        run = desk.call(name, arguments(desk, name))
        record, _ = desk.undo(run, verify=True)
        assert all(row["verified"] for row in record["outcomes"]), record["outcomes"]


def test_two_undos_at_once_put_each_row_back_once(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    start, found, refused = Barrier(4), list[Any](), list[str]()

    def undo() -> None:
        start.wait(10)
        try:
            found.extend(desk.undo(run)[0]["outcomes"])
        except ArgumentError as error:
            refused.append(str(error))

    threads = [Thread(target=undo) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 13
    assert {row["outcome"] for row in found} == {"added"}
    assert desk.state() == before


def test_a_rule_goes_back_to_its_enterprise_project(desk: Desk) -> None:
    before = desk.state()
    project = "5a1b2c3d-0000-4000-8000-000000000001"
    given_ = {"policy_id": POLICY, "rule_id": f"{SHUT_OFF[:-1]}e", "enterprise_project_id": project}
    run = desk.call("waf-ip-reputation-rule-delete", given_)
    assert desk.state() != before
    record, _ = desk.undo(run, "shop")
    assert outcomes(record) == {"added": 1}
    assert desk.state() == before


def test_a_rule_that_was_created_goes_where_tags_have_to_be_named(desk: Desk) -> None:
    before = desk.state()
    made = {"name": "block-hw", "action": {"category": "block"}, "policy_id": POLICY}
    given_ = {**made, "type": "idc", "tags": ["HW", "Dr.Peng"]}
    run = desk.call("waf-ip-reputation-rule-create", given_)
    assert desk.state() != before
    guards = {"expect_tags": True}
    record, _ = desk.undo(run, guards=Guards(guards))
    assert outcomes(record) == {"removed": 1}
    assert desk.state() == before
    again, _ = desk.undo(record["run"], guards=Guards(guards))
    assert outcomes(again) == {"added": 1}
    [rule] = [row for row in rules_of(desk) if row["name"] == "block-hw"]
    assert sorted(rule["tags"]) == ["Dr.Peng", "HW"]
    third, _ = desk.undo(again["run"], guards=Guards(guards))
    assert outcomes(third) == {"removed": 1}
    assert desk.state() == before


def rules_of(desk: Desk) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = desk.sandbox.state()["waf"]["policies"][POLICY]
    return rules


def test_each_server_gets_back_what_it_lost(tmp_path: Path) -> None:
    with Sandbox() as one, Sandbox() as other:
        desk = Desk(one, tmp_path)
        before = one.state()["cybertrace"], other.state()["cybertrace"]
        own = desk.document["connections"]["cybertrace"]
        del own["url"]
        own["nodes"] = [one.url, other.url]
        other.misbehave(method="DELETE", status=403)
        run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
        other.behave()
        assert one.state()["cybertrace"]["suppliers"] != before[0]["suppliers"]
        record, _ = desk.undo(run)
        assert outcomes(record) == {"added": 3}
        assert {row["node"] for row in record["outcomes"]} == {one.url.partition("//")[2]}
        assert not [row for row in other.requests if row["method"] == "PUT"]
        for state, was in ((one.state(), before[0]), (other.state(), before[1])):
            suppliers = {k: sorted(v) for k, v in state["cybertrace"]["suppliers"].items()}
            assert suppliers == {k: sorted(v) for k, v in was["suppliers"].items()}


NAMES = st.sampled_from([f"h{number}.example" for number in range(6)])
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["InternalTI", "FalsePositive", "TriageFeed"]),
        st.lists(NAMES, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    there=st.dictionaries(
        st.sampled_from(["InternalTI", "FalsePositive", "TriageFeed"]), st.sets(NAMES)
    ),
    calls=CALLS,
)
def test_whatever_was_removed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, there: Any, calls: Any
) -> None:
    suppliers = {name: {"indicators": sorted(values)} for name, values in there.items()}
    for name in ("InternalTI", "FalsePositive", "TriageFeed"):
        suppliers.setdefault(name, {"indicators": []})
    with Sandbox({"cybertrace": {"suppliers": suppliers}}) as sandbox:
        desk = Desk(sandbox, tmp_path_factory.mktemp("undo"))
        states, runs = [desk.state()], list[str]()
        for supplier, values in calls:
            given_ = {"supplier": supplier, "indicators": values}
            runs.append(desk.call("cybertrace-indicators-delete", given_))
            states.append(desk.state())
        for run in reversed(runs):
            states.pop()
            try:
                record, _ = desk.undo(run)
                assert record["result"] == "succeeded"
            except ArgumentError as error:
                assert "did nothing that can be undone" in str(error)  # noqa: PT017  # either way
            assert desk.state() == states[-1]


@settings(max_examples=10, deadline=None)
@given(
    ids=st.sets(st.integers(0, 19), min_size=1), lost=st.integers(0, 8), items=st.integers(1, 30)
)
def test_whatever_answers_are_lost_each_indicator_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, ids: set[int], lost: int, items: int
) -> None:
    with Sandbox() as sandbox:
        desk = Desk(sandbox, tmp_path_factory.mktemp("undo"))
        desk.document["connections"]["secmaster"]["limits"] = {"items": items}
        before = desk.state()
        rows = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        given_ = {**PLACE, "batch_ids": [rows[at]["id"] for at in ids]}
        run = desk.call("secmaster-indicators-delete", given_)
        if lost:
            sandbox.misbehave(method="POST", carries="Sandbox", hang_up="after", times=lost)
        record, _ = desk.undo(run)
        assert outcomes(record) == {"added": len(ids)}
        assert desk.state() == before


def test_what_a_run_named_twice_is_put_back_once(desk: Desk) -> None:
    """The second removal of a run finds it gone, and cannot tell by whom."""
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    again = {"call": "'again'", "outcome": "'absent'", "maybe_ours": "1"}
    with desk.database.transaction() as connection:
        for table in ("calls", "batches", "alike"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(again.get(name, name) for name in names)
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM {table}")
    record, _ = desk.undo(run)
    assert outcomes(record) == {"added": 3}
    assert desk.sent("PUT") == 1
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="nothing left to undo: 6 are put back already"):
        desk.undo(run)
