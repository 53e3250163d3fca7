"""Nothing is added twice, and what was added is known: with lost answers and late ones."""

from typing import Any

import pytest

from asking import KNOWN, POLICY, PROJECT, WORKSPACE
from asking import RULE as RULE_ID
from creating import (
    ADD,
    CREATE,
    INTEGRATION,
    NEW,
    RULE,
    bound,
    creations,
    each_creation,
    ids,
    outcomes,
    sandbox,
    strike,
)
from ioc_removal import settling
from ioc_removal.adding import MAY_COME, there
from ioc_removal.connection import Connection
from ioc_removal.outcome import ADDED, CHANGED, FAILED, REMOVED, UNKNOWN
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord

__all__ = ["sandbox"]


@each_creation
def test_what_is_created_has_its_new_id_and_can_be_undone(
    sandbox: Sandbox, name: str, arguments: dict[str, Any]
) -> None:
    before = sandbox.state()
    [added] = outcomes(sandbox, name, arguments)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert (added.maybe_ours, added.settled, added.attempts) == (False, False, 1)
    assert added.value in {NEW, "new-rule"}
    back = INTEGRATION.definition(str(INTEGRATION.definition(name).undo))
    target: dict[str, Any] = {
        n: arguments[n] for n in ("project_id", "workspace_id", "policy_id") if n in arguments
    }
    assert back.limits
    named = [added.id] if back.limits.argument == "batch_ids" else added.id
    [gone] = outcomes(sandbox, back.name, {**target, back.limits.argument: named})
    assert gone.outcome == REMOVED
    assert sandbox.state() == before


@each_creation
@pytest.mark.parametrize(
    "fault",
    [
        {"hang_up": "after"},
        {"status": 504, "acted": True},
        {"status": 500, "acted": True},
        {"status": 503, "acted": True},
        {"answer": "html", "acted": True},
        {"hang_up": "before", "acts_after": 0.3},
    ],
    ids=str,
)
def test_what_was_carried_out_without_an_answer_is_found_not_repeated(
    sandbox: Sandbox, name: str, arguments: dict[str, Any], fault: dict[str, Any]
) -> None:
    strike(sandbox, name, **fault)
    [added] = outcomes(sandbox, name, arguments)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert (added.maybe_ours, added.settled) == (True, True)
    assert creations(sandbox) == 1


@pytest.mark.usefixtures("looks_soon")
@each_creation
@pytest.mark.parametrize("fault", [{"hang_up": "before"}, {"status": 502}])
def test_what_was_not_carried_out_is_sent_once_more(
    sandbox: Sandbox, name: str, arguments: dict[str, Any], fault: dict[str, Any]
) -> None:
    strike(sandbox, name, **fault)
    [added] = outcomes(sandbox, name, arguments)
    assert (added.outcome, [added.id]) == (ADDED, ids(sandbox, name))
    assert (added.maybe_ours, added.attempts, added.reason) == (False, 2, None)
    assert creations(sandbox) == 2


@pytest.mark.usefixtures("looks_soon")
@each_creation
def test_a_system_that_never_answers_is_asked_twice_at_most(
    sandbox: Sandbox, name: str, arguments: dict[str, Any]
) -> None:
    strike(sandbox, name, status=502, times=99)
    [unknown] = outcomes(sandbox, name, arguments)
    assert (unknown.outcome, unknown.id, unknown.attempts) == (UNKNOWN, None, 2)
    assert (creations(sandbox), ids(sandbox, name)) == (2, [])


def test_what_was_there_before_is_not_taken_for_ours(sandbox: Sandbox) -> None:
    name = "secmaster-indicator-create"
    outcomes(sandbox, name, CREATE)
    [old] = ids(sandbox, name)
    strike(sandbox, name, hang_up="after")
    [added] = outcomes(sandbox, name, CREATE)
    assert (added.outcome, added.maybe_ours) == (ADDED, True)
    assert sorted(ids(sandbox, name)) == sorted([old, str(added.id)])


@each_creation
def test_a_try_that_is_carried_out_after_all_is_told(
    sandbox: Sandbox, name: str, arguments: dict[str, Any]
) -> None:
    strike(sandbox, name, status=502, acts_after=1.5)
    strike(sandbox, name, delay=1.5)
    [told] = outcomes(sandbox, name, arguments)
    there = ids(sandbox, name)
    if len(there) == 1:  # the second one was refused, as the first one was there
        assert (told.outcome, told.id) in {(UNKNOWN, None), (ADDED, there[0])}
        return
    assert told.outcome == ADDED
    [other] = [id_ for id_ in there if id_ != told.id]
    assert told.reason == f"an earlier try without an answer was carried out too: {other}"
    assert told.advice == "it is there twice: delete one of the two"


@each_creation
@pytest.mark.parametrize(
    "fault",
    [{"status": 504, "acts_after": 4}, {"status": 502, "delay": 4, "acts_after": 4}],
    ids=str,
)
def test_what_may_still_be_carried_out_is_not_sent_again(
    sandbox: Sandbox, name: str, arguments: dict[str, Any], fault: dict[str, Any]
) -> None:
    strike(sandbox, name, **fault)
    document = sandbox.settings()
    document["connections"][name.partition("-")[0]]["read_timeout"] = 0.5
    settings, system = settings_from(document, "test"), name.partition("-")[0]
    made = Connection(system, settings, INTEGRATION.systems[system])
    action = INTEGRATION.bind(name, made)
    [finished] = perform(action, action.prepare(arguments), NoRecord())
    [unknown] = finished.outcomes
    assert (unknown.outcome, unknown.id) == (UNKNOWN, None)
    assert "nothing new is there so far, but it may still be carried out" in str(unknown.reason)
    assert creations(sandbox) == 1


def test_a_tag_of_another_rule_is_told(sandbox: Sandbox) -> None:
    [failed] = outcomes(
        sandbox, "waf-ip-reputation-rule-create", {**RULE, "tags": ["VNET", "Google"]}
    )
    assert failed.outcome == FAILED
    assert "(name 'block-large') has Google" in str(failed.advice)
    assert not ids(sandbox, "waf")


@each_creation
def test_what_one_look_did_not_find_may_still_come_when_there_is_no_other(
    sandbox: Sandbox, name: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "LOOK_AGAIN", 999.0)  # longer than any request may take
    strike(sandbox, name, hang_up="before")
    action = bound(sandbox, name, read_timeout=999)
    [finished] = perform(action, action.prepare(arguments), NoRecord())
    [unknown] = finished.outcomes
    assert (unknown.outcome, creations(sandbox)) == (UNKNOWN, 1)
    assert str(unknown.reason).endswith(f"; and {MAY_COME}")


@pytest.mark.parametrize("odd", [["new-rule"], {"name": "new-rule"}, 5, None, True])
def test_a_rule_whose_name_is_no_text_may_be_the_one_that_was_created(odd: Any) -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "name": "new-rule"}, {"id": "2", "name": odd}]
    assert there(rows, ["new-rule"], "name") == {}
    assert there(rows[:1], ["new-rule"], "name") == {"new-rule": {"ids": ["1"]}}


@pytest.mark.parametrize("fault", [{"hang_up": "after"}, {"status": 504, "acted": True}])
def test_cybertrace_is_not_sent_twice_what_has_no_answer(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.misbehave(system="cybertrace", method="PUT", **fault)
    told = outcomes(sandbox, "cybertrace-indicators-add", ADD)
    assert [outcome.outcome for outcome in told] == [UNKNOWN, UNKNOWN]
    assert sum(row["method"] == "PUT" for row in sandbox.requests) == 1


def test_what_cybertrace_lost_is_put_back_with_context_and_tags(sandbox: Sandbox) -> None:
    values = {"supplier": "InternalTI", "indicators": ["192.0.2.10", "192.0.2.11"]}
    before = sandbox.state()["cybertrace"]["suppliers"]
    gone = outcomes(sandbox, "cybertrace-indicators-delete", values)
    assert [outcome.outcome for outcome in gone] == [REMOVED, REMOVED]
    more = {"context": {"192.0.2.10": {"threat": "X"}}, "tags": {"192.0.2.11": ["TAG1"]}}
    back = outcomes(sandbox, "cybertrace-indicators-add", {**values, **more})
    assert [outcome.outcome for outcome in back] == [ADDED, ADDED]
    state = sandbox.state()["cybertrace"]
    assert {name: sorted(there) for name, there in state["suppliers"].items()} == {
        name: sorted(there) for name, there in before.items()
    }
    assert state["details"]["General"]["InternalTI"] == {
        "192.0.2.10": {"context": {"threat": "X"}},
        "192.0.2.11": {"tags": ["TAG1"]},
    }


CHANGES = [
    pytest.param(
        "secmaster-indicators-close",
        {"project_id": PROJECT, "workspace_id": WORKSPACE, "batch_ids": [KNOWN]},
        id="close",
    ),
    pytest.param(
        "waf-ip-reputation-rule-status-set",
        {"project_id": PROJECT, "policy_id": POLICY, "rule_id": RULE_ID, "status": 0},
        id="switch off",
    ),
]


@pytest.mark.parametrize(("name", "arguments"), CHANGES)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"hang_up": "after"}, (CHANGED, True)),
        ({"hang_up": "before"}, (FAILED, False)),
        ({"hang_up": "before", "acts_after": 0.3}, (CHANGED, True)),
    ],
    ids=str,
)
def test_a_change_without_an_answer_is_settled_by_what_the_system_shows(
    sandbox: Sandbox,
    name: str,
    arguments: dict[str, Any],
    fault: dict[str, Any],
    expected: tuple[str, bool],
) -> None:
    sandbox.misbehave(system=name.partition("-")[0], method="PUT", **fault)
    [told] = outcomes(sandbox, name, arguments)
    assert (told.outcome, told.maybe_ours, told.settled) == (*expected, True)
    assert sum(row["method"] == "PUT" for row in sandbox.requests) == 1
