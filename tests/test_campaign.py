"""Deletions and undos under seeded random faults: no outcome is belied by the sandbox's state."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campaign import undo_drive, undo_judge
from campaign.campaign import UNDOS, Found, campaign, shrunk
from campaign.drive import run
from campaign.judge import judged
from campaign.schedule import CYBERTRACE, SECMASTER, WAF, Schedule, random_schedule
from campaign.undo_schedule import CREATES, Item, Step, UndoSchedule, random_undos
from ioc_removal.integration import load_integration
from ioc_removal.outcome import ABSENT, ADDED, CHANGED, FAILED, REFUSED, REMOVED, UNKNOWN
from ioc_removal.store.database import Database
from ioc_removal.store.runs import CALL, ENDED, INTERRUPTED, RUNNING, begin_run, get_run

INTEGRATION = load_integration()
SCHEDULES, UNDO_SCHEDULES = 200, 40  # `make campaign` does many


def readable(found: Found) -> Iterator[str]:
    for schedule, wrong in found.wrong[:3]:
        yield from (f"make campaign SEED={schedule.seed} SCHEDULES=1", *wrong[:3])
        smaller, wrong = shrunk(schedule)
        yield from ("or, smaller:", *wrong[:3], smaller.shown())
    yield from (f"make campaign SEED={seed} SCHEDULES=1 may not end" for seed in found.hung)
    yield found.line()


def test_no_outcome_is_belied_by_the_truth() -> None:
    found = campaign(range(1, SCHEDULES + 1))
    assert not found.wrong + found.hung, "\n".join(readable(found))
    assert found.schedules == SCHEDULES
    assert all(found.counts[name] for name in (REMOVED, ABSENT, FAILED, REFUSED, UNKNOWN))


def test_no_outcome_of_an_undo_is_belied_by_the_truth() -> None:
    """Whatever is lost and whoever dies, what the program advises leads to the state before."""
    found = campaign(range(1, UNDO_SCHEDULES + 1), UNDOS)
    assert not found.wrong + found.hung, "\n".join(readable(found))
    assert found.schedules == UNDO_SCHEDULES
    counted = (ADDED, CHANGED, REMOVED, FAILED, UNKNOWN, "died", "settled", "sent again")
    assert all(found.counts[name] for name in counted)


def test_a_seed_always_makes_the_same_schedule() -> None:
    assert random_schedule(7) == random_schedule(7) != random_schedule(8)
    assert random_undos(7) == random_undos(7) != random_undos(8)


def plain(**changes: Any) -> Schedule:
    ids = tuple(f"{number:032x}" for number in range(16, 48))
    limits = {"items": 40, "in_flight": 1}
    schedule = Schedule(0, SECMASTER, ids, ids[::2], {}, "aksk", limits, total=30.0, faults=((),))
    return replace(schedule, **changes)


def outcomes(schedule: Schedule) -> dict[str, str]:
    ran = run(schedule, INTEGRATION)
    verdict = judged(schedule, ran, INTEGRATION)
    assert not verdict.wrong
    return {outcome.indicator: outcome.outcome for outcome in ran.outcomes}


@pytest.mark.parametrize("poison", [0, 13, 31])
@pytest.mark.parametrize("status", [400, 500])
def test_one_poison_value_never_spoils_another(poison: int, status: int) -> None:
    schedule = plain(there=plain().items)
    bad = schedule.items[poison]
    rule = {"method": "DELETE", "carries": bad, "status": status, "chance": 1}
    by_id = outcomes(replace(schedule, faults=((rule,),)))
    assert by_id.pop(bad) == "failed"
    assert set(by_id.values()) == {"removed"}


def test_what_a_system_does_after_its_answer_is_found_by_a_second_look() -> None:
    late = {"method": "DELETE", "hang_up": "before", "acts_after": 0.1}
    assert set(outcomes(plain(faults=((late,),))).values()) == {"absent"}


def test_what_only_a_first_look_found_undone_is_unknown() -> None:
    """What a second look might have told is not claimed where that one is not answered."""
    lost = {"method": "DELETE", "hang_up": "before"}
    looks = {"method": "POST", "skip": 2, "status": 500, "times": 99}  # after those that are right
    one = plain(items=plain().items[:1], there=plain().items[:1], faults=((lost, looks),))
    assert set(outcomes(one).values()) == {"unknown"}
    assert set(outcomes(replace(one, faults=((lost,),))).values()) == {"failed"}


# The judge itself: what would be wrong is found.
LIES = [
    ({"method": "DELETE", "status": 200, "body": {"code": "0", "data": {"success_ids": "all"}}},
     "removed, and it is still there"),
    ({"method": "DELETE", "status": 400, "acted": True}, "failed, and it is gone"),
    ({"method": "POST", "status": 200, "body": {"code": "0", "total": 0, "data": []}, "times": 9},
     "absent, and it is still there"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "said"), LIES)
def test_the_judge_finds_what_a_lying_system_brings_about(lie: dict[str, Any], said: str) -> None:
    schedule = plain(items=plain().items[:1], there=plain().items[:1])
    if isinstance(lie.get("body"), dict) and "success_ids" in str(lie["body"]):
        lie["body"]["data"] = {"success_ids": list(schedule.items), "error_ids": []}
    rules = [lie]
    if lie["method"] == "POST":
        rules.append({"method": "DELETE", "hang_up": "before"})
    lying = replace(schedule, faults=(tuple(rules),))
    wrong = judged(lying, run(lying, INTEGRATION), INTEGRATION).wrong
    assert said in wrong[0]


NOTHING = {"code": "00000000", "total": 0, "data": []}
LIES_OF_ADDITIONS = [
    (CYBERTRACE[0], ({"method": "PUT", "status": 201, "body": [{"status": "All were added"}]},),
     "h.example is there 0 times, and 1 were said"),
    (CYBERTRACE[0], ({"method": "PUT", "status": 403, "acted": True},),
     "h.example is there 1 times, and 0 were said"),
    (SECMASTER, ({"method": "POST", "carries": CREATES, "hang_up": "after"},
                 {"method": "POST", "path": "/search", "status": 200, "body": NOTHING, "times": 9}),
     "h.example is there 2 times, and 1 were said"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "lies", "said"), LIES_OF_ADDITIONS)
def test_the_judge_finds_what_a_system_that_lies_of_additions_brings_about(
    action: str, lies: tuple[dict[str, Any], ...], said: str
) -> None:
    given = {"supplier": "InternalTI"} if action == CYBERTRACE[0] else {}
    schedule = undos(action, ("h.example",), Step(faults=lies), arguments=given)
    assert any(said in line for line in wrong_of(schedule)), wrong_of(schedule)


def undos(action: str, values: tuple[str, ...], *steps: Step, **changes: Any) -> UndoSchedule:
    """Return a schedule of undos of some values; a rule is off."""
    items = tuple(Item(f"{number:032x}", value, off=True) for number, value in enumerate(values, 1))
    schedule = UndoSchedule(0, action, items, {}, {"items": 40, "in_flight": 1}, steps)
    return replace(schedule, **changes)


def wrong_of(schedule: UndoSchedule) -> list[str]:
    undone = undo_drive.carried_out(schedule, INTEGRATION)
    return undo_judge.judged(schedule, undone, INTEGRATION).wrong


LOST = {"method": "POST", "carries": CREATES, "hang_up": "after"}
SEARCH = {"method": "POST", "path": "/search"}


def test_the_judge_finds_that_a_later_undo_created_again_what_was_unknown() -> None:
    unread = {**SEARCH, "status": 500, "skip": 1, "times": 9}
    lie = {**SEARCH, "status": 200, "body": NOTHING, "times": 9}
    schedule = undos(SECMASTER, ("h.example",), Step(faults=(LOST, unread)), Step(faults=(lie,)))
    assert any("h.example is there 2 times, and 1 were" in line for line in wrong_of(schedule))


def test_what_has_no_answer_in_time_is_judged_by_itself_once_more() -> None:
    """A busy machine may bring that about: what is belied then is repeated, alone."""
    slow = {"method": "POST", "carries": CREATES, "delay": 0.8}
    lie = {**SEARCH, "status": 200, "body": NOTHING, "times": 9}
    schedule = undos(SECMASTER, ("h.example",), Step(faults=(slow, lie)), Step(faults=(lie,)))
    verdict = undo_judge.judged(
        schedule, undo_drive.carried_out(schedule, INTEGRATION), INTEGRATION
    )
    assert not verdict.wrong
    assert any("h.example is there 2 times" in line for line in verdict.doubted)


def test_what_stays_unknown_may_be_there_though_its_twin_was_put_back_again() -> None:
    unread = {**SEARCH, "content_length": -1}
    last = Step("last")
    values = ("twin.example", "twin.example")
    schedule = undos(SECMASTER, values, Step(faults=(LOST, unread)), last, last)
    assert not wrong_of(schedule)


@pytest.mark.parametrize("dies", range(7, 12))
def test_what_failed_before_a_death_may_be_done_by_another_undo_since(dies: int) -> None:
    refused = ({"method": "PUT", "status": 451},)
    dying = Step("last", refused, dies=dies, kept=True, resumed=False)
    schedule = undos(WAF, ("rule-0", "rule-1"), Step(), Step("last"), dying)
    assert not wrong_of(schedule)


@pytest.mark.parametrize("dies", range(4, 9))
@pytest.mark.parametrize("of", ["run", "last"])
def test_a_rule_that_a_death_left_in_force_and_was_taken_away_since_comes_back_off(
    of: str, dies: int
) -> None:
    dying = Step(dies=dies, kept=True, resumed=False)
    schedule = undos(WAF, ("rule-0",), dying, Step("last"), Step(of))
    assert not wrong_of(schedule)


@pytest.mark.parametrize("way", ["transaction", "beside"])
@pytest.mark.parametrize("kept", [True, False])
def test_a_process_that_died_keeps_nothing_more(way: str, tmp_path: Path, *, kept: bool) -> None:
    store = undo_drive.Dying(tmp_path / "store.db")
    run = begin_run(store, CALL, SECMASTER, dry_run=False, details={})

    def die_with(status: str) -> None:
        with pytest.raises(undo_drive.DiedError), getattr(store, way)() as statements:
            statements.execute("UPDATE runs SET status = ? WHERE run = ?", (status, run))

    store.die(1, kept=kept)
    die_with(INTERRUPTED)
    die_with(ENDED)
    status = get_run(Database(tmp_path / "store.db"), run).status
    assert status == (INTERRUPTED if kept else RUNNING)
