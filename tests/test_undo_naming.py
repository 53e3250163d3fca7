"""Which indicators of a run are undone, and when a run is refused to be undone at all."""

from collections.abc import Callable
from typing import Any

import pytest

from ioc_removal.batches import Batch, Prepared
from ioc_removal.errors import ArgumentError, SettingsError
from ioc_removal.operations.undo import undo_run
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.lease import lease
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import PLAYBOOK, begin_run
from undoing import INTEGRATION, REMOVALS, VALUES, Desk, arguments, desk, outcomes

__all__ = ["desk"]


def test_only_what_is_named_is_put_back(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    record, _ = desk.undo(run, "TUX.example.com")
    assert [row["value"] for row in record["outcomes"]] == ["tux.example.com"]
    record, _ = desk.undo(run)
    assert sorted(row["value"] for row in record["outcomes"]) == sorted({*VALUES} - {VALUES[1]})
    with pytest.raises(ArgumentError, match=r"nothing left to undo: .*put back already, by"):
        desk.undo(run)


def test_an_indicator_is_named_by_value_or_by_id(desk: Desk) -> None:
    ids = arguments(desk, "secmaster-indicators-delete")["batch_ids"]
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    [row] = desk.undo(run, ids[1])[0]["outcomes"]
    assert row["reason"] == f"in place of {ids[1]}"
    rows = desk.undo(run, "203.0.113.7")[0]["outcomes"]
    assert [row["value"] for row in rows] == ["203.0.113.7"] * 2


def test_what_cannot_be_named_is_refused_and_nothing_is_sent(desk: Desk) -> None:
    given_ = {"supplier": "InternalTI", "indicators": ["tux.example.com", "nowhere.example"]}
    run = desk.call("cybertrace-indicators-delete", given_)
    with pytest.raises(ArgumentError) as refused:
        desk.undo(run, "tux.example.com", "nowhere.example", "other.example")
    assert refused.value.problems == (
        f"--indicator nowhere.example: the run {run} has nothing to undo of it: "
        "its outcome is absent",
        f"--indicator other.example: the run {run} has nothing to undo of it: it is not in it",
    )
    assert desk.sent("PUT") == 0


def test_what_was_closed_is_named_by_its_value(desk: Desk) -> None:
    run = desk.call("secmaster-indicators-close", arguments(desk, "secmaster-indicators-close"))
    rows = desk.undo(run, "203.0.113.7")[0]["outcomes"]
    assert [(row["value"], row["outcome"]) for row in rows] == [("203.0.113.7", "changed")] * 2


@pytest.mark.parametrize(
    ("name", "effect"),
    [("cybertrace-false-positives-unmark", "disarms"), ("cybertrace-indicators-delete", "rearms")],
)
def test_an_undo_above_the_count_of_approval_is_refused(desk: Desk, name: str, effect: str) -> None:
    run = desk.call(name, REMOVALS[name])
    count = len(REMOVALS[name]["indicators"])
    desk.document["approval"] = {effect: count - 1}
    assert outcomes(desk.undo(run, dry_run=True)[0]) == {"planned": count}
    record, summary = desk.undo(run)
    assert outcomes(record) == {"refused": count}
    reasons = {row["reason"].partition(",")[0] for row in record["outcomes"]}
    assert reasons == {f"not approved: this would {effect[:-1]} {count} indicators"}
    for row in record["outcomes"]:
        assert "fewer at a time with --indicator VALUE (repeatable)" in row["reason"]
        assert f"or have approval.{effect} raised" in row["reason"]
    assert (exit_status(summary), desk.sent("PUT")) == (2, 0)
    desk.document["approval"] = {effect: count}
    assert outcomes(desk.undo(run)[0]) == {"added": count}


def test_the_settings_must_lead_to_where_the_run_was(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with Sandbox() as other:
        here, desk.document = desk.document, other.settings()
        with pytest.raises(SettingsError, match=f"the run {run} was on http"):
            desk.undo(run)
        assert not other.requests
    desk.document = {**here, "connections": {"other": here["connections"]["cybertrace"]}}
    with pytest.raises(SettingsError, match="--connection cybertrace=NAME"):
        desk.undo(run)
    settings_ = settings_from(desk.document, "test")
    with pytest.raises(ArgumentError, match="--connection cybertrace=nope: test has no such conn"):
        undo_run(desk.database, INTEGRATION, settings_, run, choose={"cybertrace": "nope"})
    record, _ = undo_run(desk.database, INTEGRATION, settings_, run, choose={"cybertrace": "other"})
    assert outcomes(record) == {"added": 3}


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (lambda _, __: "20", "several runs begin with|there is no run"),
        (lambda _, __: "nowhere", "there is no run 'nowhere'"),
        (
            lambda desk, given_: desk.call("cybertrace-indicators-delete", given_, dry_run=True),
            "is a dry run, it changed nothing: nothing to undo",
        ),
        (
            lambda desk, _: desk.call("cybertrace-suppliers-list", {}),
            "did nothing that can be undo",
        ),
    ],
)
def test_what_cannot_be_undone_is_told_in_a_line(
    desk: Desk, begin: Callable[[Desk, Any], str], said: str
) -> None:
    with pytest.raises(ArgumentError, match=said):
        desk.undo(begin(desk, REMOVALS["cybertrace-indicators-delete"]))
    assert desk.sent("PUT") == 0


def test_a_run_that_stopped_is_undone_as_far_as_it_is_known(desk: Desk) -> None:
    before, told = desk.state(), list[str]()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with desk.database.transaction() as connection:
        connection.execute(
            "INSERT INTO batches VALUES (?, 'call', 1, '[\"x.example\"]', 1, 0, 0)", (run,)
        )
    settings_ = settings_from(desk.document, "test")
    undo_run(desk.database, INTEGRATION, settings_, run, noted=told.append)
    assert told == [
        f"1 request of the run {run} has no outcome: nothing is undone of them",
        f"the run {run} stopped while cybertrace-indicators-delete was in flight, 1 indicator may "
        "have been removed: whether they are there tells only the system: a single call cannot go "
        "on",
    ]
    assert desk.state() == before
    with pytest.raises(ArgumentError, match="was in flight when it stopped"):
        desk.undo(run, "x.example")


def test_of_a_run_that_stopped_in_its_first_request_it_is_said_what_is_known(desk: Desk) -> None:
    run = begin_run(desk.database, PLAYBOOK, "p.yml", dry_run=False, details={})
    action = INTEGRATION.bind("cybertrace-indicators-delete", None)
    recorder = StoreRecorder(desk.database, run, "remove", action)
    batch = Batch(0, {}, VALUES)
    recorder.begin(Prepared({}, {}, 0, ()))
    recorder.plan([batch, Batch(1, {}, ("never-sent.example",))])
    recorder.intent(batch, {})
    with pytest.raises(ArgumentError) as said:
        desk.undo(run)
    assert str(said.value) == (
        f"the run {run} stopped while cybertrace-indicators-delete was in flight, "
        f"{len(VALUES)} indicators may have been removed: `ioc-removal resume {run}` first, it "
        "tells what became of them; then undo it"
    )


def test_a_run_that_is_alive_is_not_undone(desk: Desk) -> None:
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    with (
        lease(desk.database, run),
        pytest.raises(
            ArgumentError, match=f"the run {run} is alive: let it end, or `ioc-removal cancel "
        ),
    ):
        desk.undo(run)
