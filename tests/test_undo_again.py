"""What was put back and taken away since is put back once more, as it was at first."""

from typing import Any

import pytest

from asking import KNOWN
from ioc_removal.errors import ArgumentError
from ioc_removal.store.verification import Verification
from undoing import PLACE, REMOVALS, VALUES, Desk, arguments, desk, outcomes

__all__ = ["desk"]


@pytest.mark.parametrize("name", REMOVALS)
def test_what_was_put_back_and_taken_away_since_is_put_back_again(desk: Desk, name: str) -> None:
    before = desk.state()
    run = desk.call(name, arguments(desk, name))
    first = desk.undo(run)[0]["run"]
    since = desk.undo(first)[0]["run"]
    assert desk.state() != before
    record, _ = desk.undo(run)
    assert (desk.state(), record["result"], record["undo"]) == (before, "succeeded", run)
    [note] = {note for note in desk.notes if "put back by" in note}
    assert note.endswith(
        f"put back by the undo {first}, which the undo {since} undid: once more now"
    )
    puts = desk.sent("PUT", "POST")
    for one in (run, since):
        with pytest.raises(ArgumentError, match=f"put back already, by the undo {record['run']}"):
            desk.undo(one)
    assert (desk.state(), desk.sent("PUT", "POST")) == (before, puts)
    desk.undo(record["run"])
    assert desk.state() != before
    desk.undo(since)
    assert desk.state() == before
    assert Verification(desk.database).verify().intact


def test_of_what_was_put_back_only_what_was_taken_away_since_is_put_back_again(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("cybertrace-indicators-delete", REMOVALS["cybertrace-indicators-delete"])
    first, _ = desk.undo(run)
    desk.undo(first["run"], VALUES[1])
    with pytest.raises(ArgumentError, match=f"put back already, by the undo {first['run']}$"):
        desk.undo(run, VALUES[0])
    assert [row["value"] for row in desk.undo(run, dry_run=True)[0]["outcomes"]] == [VALUES[1]]
    assert [row["value"] for row in desk.undo(run)[0]["outcomes"]] == [VALUES[1]]
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (
            {"hang_up": "after"},
            "the undo {0} undid that is not known: `ioc-removal undo {1}` first",
        ),
        ({"status": 403}, "put back already, by the undo {1}"),
    ],
)
def test_an_undo_that_may_be_undone_or_is_not_is_told(
    desk: Desk, meanwhile: dict[str, Any], said: str
) -> None:
    run = desk.call("secmaster-indicators-delete", {**PLACE, "batch_ids": [KNOWN]})
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="DELETE", times=9, **meanwhile)
    desk.sandbox.misbehave(method="POST", path="search", skip=1, status=403, times=9)
    since = desk.undo(first)[0]["run"]
    desk.sandbox.behave()
    with pytest.raises(ArgumentError) as refused:
        desk.undo(run)
    assert str(refused.value).endswith(said.format(since, first))


def test_what_another_run_took_away_is_not_put_back_again(desk: Desk) -> None:
    name = "cybertrace-indicators-delete"
    run = desk.call(name, REMOVALS[name])
    first = desk.undo(run)[0]["run"]
    other = desk.call(name, REMOVALS[name])
    since, _ = desk.undo(first)
    assert outcomes(since) == {"absent": 3}
    with pytest.raises(ArgumentError, match=f"gone since, as the undo {since['run']} found"):
        desk.undo(run)
    assert outcomes(desk.undo(other)[0]) == {"added": 3}


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_was_switched_off_later_and_taken_away_since_comes_back(desk: Desk) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]["run"]
    desk.undo(run)
    desk.sandbox.behave()
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert outcomes(desk.undo(first)[0]) == {"removed": 1}
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


def test_what_could_not_be_read_when_an_undo_was_undone_is_known_from_before(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-delete", arguments(desk, "secmaster-indicators-delete"))
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="POST", path="search", status=403, times=99)
    since, _ = desk.undo(first)
    assert outcomes(since) == {"removed": 13}
    assert not any("snapshot" in row for row in since["outcomes"])
    desk.sandbox.behave()
    assert outcomes(desk.undo(since["run"], "192.0.2.10")[0]) == {"added": 1}
    assert outcomes(desk.undo(run)[0]) == {"added": 12}
    assert desk.state() == before


def test_a_context_that_was_looked_up_comes_back_however_often(desk: Desk) -> None:
    desk.document["connections"]["cybertrace"]["api_version"] = "1.2"
    given_ = {"supplier": "InternalTI", "indicators": ["a.example"]}
    context = {"a.example": {"threat": "X"}}
    desk.call("cybertrace-indicators-add", {**given_, "context": context})
    run = desk.call("cybertrace-indicators-delete", given_, lookup=True)
    desk.undo(desk.undo(desk.undo(run)[0]["run"])[0]["run"])
    put = [row["body"] for row in desk.sandbox.requests if row["method"] == "PUT"]
    assert put[0] == put[1] == put[2] == [{"indicator": "a.example", "context": {"threat": "X"}}]


@pytest.mark.usefixtures("looks_soon")
def test_what_an_earlier_try_changed_is_not_taken_for_what_was_there_before(desk: Desk) -> None:
    before = desk.state()
    run = desk.call("secmaster-indicators-close", {**PLACE, "batch_ids": [KNOWN]})
    first = desk.undo(run)[0]["run"]
    desk.sandbox.misbehave(method="PUT", hang_up="after")
    desk.sandbox.misbehave(method="POST", path="search", status=500, times=99)
    assert outcomes(desk.undo(first)[0]) == {"unknown": 1}
    desk.sandbox.behave()
    [row] = desk.undo(first)[0]["outcomes"]
    assert (row["outcome"], "snapshot" in row) == ("changed", False)
    assert "an earlier try may have changed it before it was read" in row["advice"]
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
@pytest.mark.parametrize("undos", [1, 2, 3])
def test_a_rule_that_was_never_switched_off_again_comes_back_as_it_was_at_first(
    desk: Desk, undos: int
) -> None:
    before = desk.state()
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]["run"]
    for _ in range(1, undos):
        assert outcomes(desk.undo(run)[0]) == {"failed": 1}
    desk.sandbox.behave()
    since, _ = desk.undo(first)
    assert since["outcomes"][0]["snapshot"]["status"] == 1
    assert outcomes(desk.undo(run)[0]) == {"added": 1, "changed": 1}
    assert desk.state() == before


@pytest.mark.usefixtures("looks_soon")
def test_a_rule_that_was_switched_on_after_a_later_undo_switched_it_off_comes_back_on(
    desk: Desk,
) -> None:
    name = "waf-ip-reputation-rule-delete"
    run = desk.call(name, REMOVALS[name])
    desk.sandbox.misbehave(method="PUT", path="status", status=500, times=99)
    first = desk.undo(run)[0]
    desk.sandbox.behave()
    assert outcomes(desk.undo(run)[0]) == {"changed": 1}
    place = {k: v for k, v in REMOVALS[name].items() if k != "rule_id"}
    given_ = {**place, "rule_id": first["outcomes"][0]["id"], "status": 1}
    desk.call("waf-ip-reputation-rule-status-set", given_)
    on = desk.state()
    desk.undo(first["run"])
    assert outcomes(desk.undo(run)[0]) == {"added": 1}
    assert desk.state() == on
