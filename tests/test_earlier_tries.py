"""What came of a request is told with what came of the tries before it; found by the campaign."""

from dataclasses import replace
from typing import Any

import pytest

from campaign.campaign import wrong_with
from campaign.drive import Ran, run
from campaign.judge import judged
from campaign.schedule import CYBERTRACE, SECMASTER, WAF, Schedule
from ioc_removal.integration import load_integration
from ioc_removal.outcome import FAILED, REFUSED, UNKNOWN, Outcome, after_a_lost_try

INTEGRATION = load_integration()
HOSTS = tuple(f"h{number}.example.com" for number in range(8))
IDS = tuple(f"{number:031x}0" for number in range(16, 24))


def schedule(action: str, *rules: dict[str, Any], **changes: Any) -> Schedule:
    items = HOSTS if action in CYBERTRACE else IDS
    own = Schedule(
        0,
        action,
        items,
        items,
        {"supplier": "InternalTI"} if action == CYBERTRACE[0] else {},
        "basic" if action in CYBERTRACE else "aksk",
        {"items": 2, "in_flight": 4},
        total=1.8,
        faults=(rules,),
        api_version="1.1" if action in CYBERTRACE else None,
    )
    return replace(own, **changes)


def carried_out(own: Schedule) -> Ran:
    ran = run(own, INTEGRATION)
    verdict = judged(own, ran, INTEGRATION)
    assert not verdict.wrong
    assert not verdict.doubted or not wrong_with(own, INTEGRATION)
    return ran


def refusals(ran: Ran) -> int:
    return sum(row["system_status"] == 401 for row in ran.nodes[0].requests)


@pytest.mark.parametrize(
    "lost", [{"answer": "html"}, {"hang_up": "before"}, {"status": 503}, {"status": 500}]
)
def test_a_version_that_nobody_tells_leaves_the_deletion_unsent(lost: dict[str, Any]) -> None:
    rule = {"method": "GET", "chance": 1, **lost}
    few = {"items": HOSTS[:2], "there": HOSTS[:2]}
    ran = carried_out(schedule(CYBERTRACE[0], rule, api_version=None, **few))
    assert {o.outcome for o in ran.outcomes} == {FAILED}
    assert {o.attempts for o in ran.outcomes} == {0}


@pytest.mark.parametrize("action", CYBERTRACE)
def test_a_wrong_password_is_sent_once_to_ask_for_the_version(action: str) -> None:
    unmark = {"unmark_detections": True} if action == CYBERTRACE[1] else {}
    own = schedule(action, auth="wrong", api_version=None)
    ran = carried_out(replace(own, arguments={**own.arguments, **unmark}))
    assert refusals(ran) == 1
    assert {o.outcome for o in ran.outcomes} == {REFUSED}


@pytest.mark.parametrize("answer", [{"status": 406}, {"status": 200, "body": {"done": True}}])
def test_an_answer_of_somebody_else_accepts_no_password(answer: dict[str, Any]) -> None:
    ran = carried_out(schedule(CYBERTRACE[0], answer, auth="wrong"))
    assert refusals(ran) == 1


def test_logins_without_an_answer_do_not_lock_a_user() -> None:
    rule = {"system": "iam", "hang_up": "after", "chance": 1}
    ran = carried_out(schedule(SECMASTER, rule, auth="wrong password", total=20.0))
    assert len(ran.nodes[0].requests) == 3
    # The batch that asked for the token failed, or met the connection closed by another one's try.
    assert {o.outcome for o in ran.outcomes} <= {FAILED, REFUSED}


@pytest.mark.parametrize("at_once", [1, 4])
def test_answers_that_are_lost_do_not_lock_a_key(at_once: int) -> None:
    rule = {"hang_up": "after", "chance": 1}
    limits = {"items": 2, "in_flight": at_once}
    ran = carried_out(schedule(SECMASTER, rule, auth="wrong aksk", limits=limits))
    assert refusals(ran) <= 5
    found = {outcome.outcome for outcome in ran.outcomes}
    assert {REFUSED} <= found <= {UNKNOWN, REFUSED}
    assert UNKNOWN in found or at_once > 1  # of several, all may still look before they remove


def test_a_token_that_expired_after_a_gateways_error_does_not_hide_it() -> None:
    rules = (
        {"system": "waf", "method": "DELETE", "status": 502, "acted": True},
        {"system": "waf", "method": "DELETE", "expire_tokens": True},
        {"system": "iam", "skip": 1, "status": 401, "chance": 1},
    )
    own = schedule(WAF, *rules, auth="iam_password", items=IDS[:1], there=IDS[:1])
    [outcome] = carried_out(own).outcomes
    assert (outcome.outcome, outcome.attempts) == (UNKNOWN, 2)
    assert "no token from Huawei Cloud IAM" in str(outcome.advice)


def test_a_login_that_fails_is_no_attempt_to_remove() -> None:
    rule = {"system": "iam", "status": 503, "chance": 1}
    few = {"items": IDS[:2], "there": IDS[:2], "total": 0.9}
    ran = carried_out(schedule(SECMASTER, rule, auth="iam_password", **few))
    assert {(o.outcome, o.attempts) for o in ran.outcomes} == {(FAILED, 0)}


def test_a_failure_after_a_lost_try_claims_nothing() -> None:
    row = Outcome(FAILED, {}, value="a", reason="Invalid indicator format", http_status=202)
    assert after_a_lost_try(row).outcome == UNKNOWN
