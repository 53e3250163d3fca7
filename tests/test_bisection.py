"""A value that makes its batch fail stands alone in the end, within the bound of requests."""

from collections.abc import Callable, Collection
from math import ceil, log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.outcome import ABSENT, FAILED, REFUSED, REMOVED, UNKNOWN, Outcome
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from recorded import Recorded, Reply, Server, reply, serving

INTEGRATION = load_integration()
DELETED = [{"status": "All indicators were successfully deleted from the database"}]
MALFORMED = [{"status": "The request has an incorrect format"}]
FAILURE = [{"status": "An error occurred while deleting indicators from the database"}]
HTML = b"<html>500 Internal Server Error</html>"


def cybertrace(server: Server, **limits: int) -> Action:
    own = {
        "system": "cybertrace",
        "url": server.url,
        "api_version": "1.3",
        "auth": {"type": "basic", "username": "user", "password": "password"},
        "limits": limits,
    }
    settings = settings_from({"connections": {"cybertrace": own}}, "test")
    connection = Connection("cybertrace", settings, INTEGRATION.systems["cybertrace"])
    return INTEGRATION.bind("cybertrace-indicators-delete", connection)


def removed(action: Action, items: list[str]) -> list[Outcome]:
    prepared = action.prepare({"supplier": "InternalTI", "indicators": items})
    return [one for part in perform(action, prepared, NoRecord()) for one in part.outcomes]


def poisoned(poison: Collection[str], refusal: Reply) -> Callable[[Recorded], Reply]:
    """Refuse every body that holds a poison value."""

    def answer(request: Recorded) -> Reply:
        sent = {row["indicator"] for row in request.json}
        return refusal if sent & set(poison) else reply(201, DELETED)

    return answer


def bound(items: int) -> int:
    return 2 * ceil(log2(items)) + 8


@pytest.mark.parametrize("refusal", [reply(400, MALFORMED), reply(500, FAILURE)])
@pytest.mark.parametrize("place", [0, 1, 499, 500, 998, 999])
def test_one_poison_value_among_a_thousand_is_isolated(refusal: Reply, place: int) -> None:
    items = [f"host-{number}.example" for number in range(1000)]
    with serving(by=poisoned([items[place]], refusal)) as server:
        outcomes = removed(cybertrace(server), items)
    assert [one.value for one in outcomes] == items
    assert [one.value for one in outcomes if one.outcome == FAILED] == [items[place]]
    assert sum(one.outcome == REMOVED for one in outcomes) == 999
    assert len(server.requests) <= bound(1000)


@profile(deadline=None, max_examples=60)
@given(
    size=st.integers(2, 200),
    poison=st.sets(st.integers(0, 199), max_size=12),
    status=st.sampled_from([400, 500]),
)
def test_whatever_is_poison_every_outcome_is_true_within_the_bound(
    size: int, poison: set[int], status: int
) -> None:
    items = [f"host-{number}.example" for number in range(size)]
    bad = {items[number] for number in poison if number < size}
    gone: set[str] = set()

    def answer(request: Recorded) -> Reply:
        sent = {row["indicator"] for row in request.json}
        if sent & bad:
            return reply(status, FAILURE)
        gone.update(sent)
        return reply(201, DELETED)

    with serving(by=answer) as server:
        outcomes = removed(cybertrace(server), items)
    assert [one.value for one in outcomes] == items
    assert {one.value for one in outcomes if one.outcome == REMOVED} == gone
    assert {one.outcome for one in outcomes} <= {REMOVED, FAILED}
    assert len(server.requests) <= bound(size)
    assert not bad & gone
    for one in outcomes:
        carried = sum(one.value in {row["indicator"] for row in r.json} for r in server.requests)
        assert one.attempts == carried


def test_what_the_bound_does_not_isolate_says_so() -> None:
    items = [f"host-{number}.example" for number in range(256)]
    with serving(by=lambda _: reply(400, MALFORMED)) as server:
        outcomes = removed(cybertrace(server), items)
    assert len(server.requests) == bound(256)
    assert {one.outcome for one in outcomes} == {FAILED}
    assert any("refused together with" in str(one.reason) for one in outcomes)
    assert all(one.advice and "CyberTrace" in one.advice for one in outcomes)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 406, 413, 418])
def test_what_no_value_can_cause_is_not_halved(status: int) -> None:
    with serving(by=lambda _: reply(status, MALFORMED)) as server:
        outcomes = removed(cybertrace(server), ["a.example", "b.example", "c.example"])
    assert len(server.requests) == 1
    assert {one.outcome for one in outcomes} == {FAILED}


def test_an_unclear_failure_of_all_leaves_doubt_on_the_halves() -> None:
    """The whole may have been carried out before it failed: what is absent then may be ours."""
    said: dict[str, Any] = {"indicator": "a.example", "reason": "Indicator doesn't exist"}

    def answer(request: Recorded) -> Reply:
        sent = [row["indicator"] for row in request.json]
        if len(sent) > 1:
            return Reply(500, "Internal Server Error", body=HTML)
        if sent == ["a.example"]:
            return reply(202, [{"status": "Some failed", "error_indicators": [said]}])
        return reply(400, MALFORMED)

    with serving(by=answer) as server:
        first, second = removed(cybertrace(server), ["a.example", "b.example"])
    assert (first.outcome, first.maybe_ours, first.attempts) == (ABSENT, True, 3)
    assert (second.outcome, second.attempts) == (UNKNOWN, 3)
    assert "an earlier try may have been carried out" in str(second.reason)
    assert len(server.requests) == 4


def test_a_closed_connection_ends_the_halving() -> None:
    def answer(request: Recorded) -> Reply:
        return reply(400, MALFORMED) if len(request.json) > 2 else reply(401, {})

    with serving(by=answer) as server:
        outcomes = removed(cybertrace(server), [f"{number}.example" for number in range(8)])
    assert sum(len(request.json) <= 2 for request in server.requests) == 1
    assert sorted(one.outcome for one in outcomes) == [FAILED] * 2 + [REFUSED] * 6
