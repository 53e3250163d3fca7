"""Whatever a server answers, each item has one outcome, no "removed" is made up, nothing hangs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering import (
    ALONE,
    FOUND,
    NOT_PERMITTED,
    PARTLY,
    PLACE,
    POLICY,
    RULE,
    SUPPLIERS,
    TOO_MANY,
    VALUES,
    VERSIONED,
    Given,
    bound,
    check_record,
    database,
)
from hostile import answers, examples
from ioc_removal.outcome import FAILED, OUTCOMES, REFUSED, REMOVED, UNKNOWN
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import CALL, begin_run
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from readings import says_removed
from recorded import NOTHING_LEFT, Recorded, Reply, serving

__all__ = ["database"]

IDS = ["id-1", "id-2", "id-3"]
NO_LOGIN = {"error": {"code": 401, "message": "The username or password is wrong.", "title": ""}}
TOKEN = {"token": {"expires_at": "2099-01-04T09:05:22.701000Z", "project": {"id": "p"}}}
BOTH = {"data": {"success_ids": ["id-1", "id-2", "id-3"], "error_ids": ["id-1", None]}}
DELETED = {"code": "0", "message": "", "data": {"success_ids": ["id-1", "id-2"], "error_ids": []}}
# Of each action: its arguments, documents near which its answers are, statuses that they have.
REMOVALS: Mapping[str, tuple[dict[str, Any], list[Any], list[int]]] = {
    "cybertrace-indicators-delete": (
        {"supplier": "InternalTI", "indicators": VALUES},
        [[{"status": "Deleted"}], [PARTLY], {"status": "Deleted"}, {"status": "error"}],
        [200, 201, 202, 400, 404, 500],
    ),
    "cybertrace-false-positives-unmark": (
        {"indicators": VALUES, "unmark_detections": True},
        [[{"status": "Deleted"}], [PARTLY]],
        [200, 201, 202, 401, 425],
    ),
    "secmaster-indicators-delete": (
        {**PLACE, "batch_ids": IDS},
        [DELETED, BOTH, FOUND, TOO_MANY, NOT_PERMITTED],
        [200, 200, 400, 403, 429, 502],
    ),
    "waf-ip-reputation-rule-delete": (
        {**POLICY, "rule_id": "r"},
        [
            RULE,
            {**RULE, "id": "s"},
            {**RULE, "policyid": "p"},
            {"total": 0, "items": []},
            {"total": 1, "items": [RULE]},
            TOO_MANY,
        ],
        [200, 200, 400, 404, 500],
    ),
}


@pytest.mark.parametrize("name", REMOVALS)
def test_a_removal_has_an_outcome_an_item_and_makes_up_no_success(
    name: str, database: Database
) -> None:
    arguments, documents, statuses = REMOVALS[name]
    given_answers = Given()
    with serving(by=given_answers) as server:

        @examples(40)
        @given(st.lists(answers(documents, statuses), min_size=1, max_size=3))
        def holds(some: Sequence[bytes]) -> None:
            given_answers.of(some)
            action = bound(name, server.url, **VERSIONED.get(name.partition("-")[0], {}))
            run = begin_run(database, CALL, name, dry_run=False, details={})
            prepared = action.prepare(arguments)
            recorder = StoreRecorder(database, run, "call", action)
            recorder.begin(prepared)
            [finished] = perform(action, prepared, recorder)
            outcomes = finished.outcomes
            assert [outcome.indicator for outcome in outcomes] == list(prepared.items)
            assert all(outcome.outcome in OUTCOMES for outcome in outcomes)
            assert not any("internal error" in str(outcome.reason) for outcome in outcomes), (
                outcomes
            )
            for outcome in outcomes:
                if outcome.outcome == REMOVED:
                    assert says_removed(name, some, outcome.indicator)
            check_record(action, outcomes, [])
            assert recorder.known(finished.batch).finished == finished

        holds()


@pytest.mark.parametrize("kind", ["login", "version"])
def test_what_comes_before_a_removal_claims_nothing(kind: str) -> None:
    """Whatever IAM or the question for the version is answered, the removal was not sent."""
    name = "secmaster-indicators-delete" if kind == "login" else "cybertrace-indicators-delete"
    documents = [TOKEN, NO_LOGIN] if kind == "login" else [SUPPLIERS]
    password = {"type": "iam_password", "username": "u", "password": "made-up", "domain": "d"}
    given_answers = Given()

    def answer(request: Recorded) -> Reply:
        return NOTHING_LEFT if request.method == "DELETE" else given_answers(request)

    with serving(by=answer) as server:

        @examples(25)
        @given(
            st.lists(
                answers(documents, [201, 404, 401], b"X-Subject-Token: made-up-token"),
                min_size=1,
                max_size=3,
            )
        )
        def holds(some: Sequence[bytes]) -> None:
            given_answers.of(some)
            server.requests.clear()
            own: dict[str, Any] = {}
            if kind == "login":
                own["auth"] = {**password, "project": "p", "iam_url": server.url}
                own["auth"]["token_cache"] = False
            action = bound(name, server.url, **own)
            prepared = action.prepare(REMOVALS[name][0])
            [finished] = perform(action, prepared, NoRecord(), terms=ALONE)
            asked = [request for request in server.requests if request.method == "DELETE"]
            for outcome in finished.outcomes:
                assert outcome.outcome in {FAILED, UNKNOWN if asked else REFUSED}
            check_record(action, finished.outcomes, [])

        holds()
