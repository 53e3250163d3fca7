"""Whatever a server answers to what adds or changes, each item is told, and no success made up."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering import (
    ALONE,
    FOUND,
    PARTLY,
    PLACE,
    POLICY,
    RULE,
    TOO_MANY,
    VALUES,
    VERSIONED,
    Given,
    bound,
    check_record,
)
from hostile import answers, examples
from ioc_removal.outcome import ABSENT, ADDED, FAILED, REFUSED, UNKNOWN
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from readings import says_done
from recorded import serving

CREATED = {"data": {"id": "id-9", "data_object": {"value": "a.example", "status": "Closed"}}}
DONE_WITH_ONE = {"data": {"id": "id-1", "data_object": {"value": "a.example", "status": "Closed"}}}
NOW = {
    "total": 1,
    "data": [{"id": "id-1", "data_object": {"value": "a.example", "status": "Open"}}],
}
NEW_RULE = {
    "name": "n",
    "type": "idc",
    "tags": ["AliCloud"],
    "action": {"category": "log"},
}
# Of each action: its arguments, documents near which its answers are, statuses that they have.
WRITING: Mapping[str, tuple[dict[str, Any], list[Any], list[int]]] = {
    "cybertrace-indicators-add": (
        {"supplier": "InternalTI", "indicators": VALUES},
        [[{"status": "Added"}], [PARTLY], {"status": "Added"}],
        [200, 201, 202, 400, 429, 500, 502],
    ),
    "secmaster-indicator-create": (
        {
            **PLACE,
            "data_object": {
                "name": "n",
                "value": "a.example",
                "verdict": "Black",
                "indicator_type": {"indicator_type": "Domain"},
            },
        },
        [CREATED, FOUND, {"total": 0, "data": []}, TOO_MANY],
        [200, 200, 200, 400, 429, 502],
    ),
    "secmaster-indicators-close": (
        {**PLACE, "batch_ids": ["id-1"]},
        [DONE_WITH_ONE, NOW, {"total": 0, "data": []}, TOO_MANY],
        [200, 200, 400, 502],
    ),
    "secmaster-indicator-status-set": (
        {**PLACE, "indicator_id": "id-1", "status": "Closed"},
        [DONE_WITH_ONE, NOW, {"total": 0, "data": []}],
        [200, 200, 400, 502],
    ),
    "waf-ip-reputation-rule-create": (
        {**POLICY, **NEW_RULE},
        [RULE, {"total": 1, "items": [RULE]}, {"total": 0, "items": []}, TOO_MANY],
        [200, 200, 200, 400, 404, 502],
    ),
    "waf-ip-reputation-rule-status-set": (
        {**POLICY, "rule_id": "r", "status": 0},
        [RULE, {"total": 1, "items": [RULE]}, {"total": 0, "items": []}],
        [200, 200, 404, 502],
    ),
}


@pytest.mark.parametrize("name", WRITING)
def test_what_adds_or_changes_has_an_outcome_an_item_and_makes_up_no_success(name: str) -> None:
    arguments, documents, statuses = WRITING[name]
    given_answers = Given()
    with serving(by=given_answers) as server:

        @examples(40)
        @given(st.lists(answers(documents, statuses), min_size=1, max_size=5))
        def holds(some: Sequence[bytes]) -> None:
            given_answers.of(some)
            server.requests.clear()
            action = bound(name, server.url, **VERSIONED.get(name.partition("-")[0], {}))
            prepared = action.prepare(arguments)
            [finished] = perform(action, prepared, NoRecord(), terms=ALONE)
            outcomes = finished.outcomes
            assert [outcome.indicator for outcome in outcomes] == list(prepared.items)
            assert not any("internal error" in str(outcome.reason) for outcome in outcomes)
            for outcome in outcomes:
                assert outcome.outcome in {action.definition.done, ABSENT, FAILED, UNKNOWN, REFUSED}
                if outcome.outcome == action.definition.done:
                    assert says_done(name, some, outcome)
                if outcome.outcome == ADDED and not name.startswith("cybertrace"):
                    assert outcome.id
            check_record(action, outcomes, [])

        holds()
