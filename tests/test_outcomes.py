"""The numbers add up, and no answer can say what only this plugin may say."""

from collections import Counter
from itertools import combinations_with_replacement, product

import pytest

from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.outcome import (
    ABSENT,
    ADDED,
    DONE,
    FAILED,
    OUTCOMES,
    PLANNED,
    REFUSED,
    REMOVED,
    UNKNOWN,
    Outcome,
    Summary,
    exit_status,
    ordered,
    summary_of,
    worst,
)
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from recorded import reply, serving

TARGET = {"supplier": "InternalTI"}


def test_the_worst_of_a_value_is_reported() -> None:
    assert OUTCOMES[:6] == (UNKNOWN, FAILED, REFUSED, PLANNED, REMOVED, ADDED)
    for one, other in product(OUTCOMES, OUTCOMES):
        assert worst([one, other]) == worst([other, one])
        assert OUTCOMES.index(worst([one, other])) == min(map(OUTCOMES.index, (one, other)))


@pytest.mark.parametrize("names", [*combinations_with_replacement(OUTCOMES, 3)])
def test_counts_add_up_and_the_result_follows_from_them(names: tuple[str, ...]) -> None:
    counts = ordered(Counter(names))
    assert sum(counts.values()) == len(names)
    assert 0 not in counts.values()
    done = [name for name in names if name in DONE | {PLANNED}]
    expected = "succeeded" if len(done) == 3 else "partial" if done else "failed"
    assert Summary(counts).result == expected
    status = exit_status(Summary(counts, sent=True))
    assert (status == 0) == (expected == "succeeded")
    assert (status == 3) == (UNKNOWN in names)


def test_exit_statuses() -> None:
    assert exit_status(Summary({})) == 0
    assert exit_status(Summary({REFUSED: 1})) == 2
    assert exit_status(Summary({REFUSED: 1}, sent=True)) == 1
    assert exit_status(Summary({FAILED: 1}, unreachable=True)) == 3
    assert exit_status(Summary({REMOVED: 1}, sent=True)) == 0
    assert exit_status(Summary(), ["ArgumentError"]) == 2
    assert exit_status(Summary(), ["SettingsError"]) == 2
    assert exit_status(Summary(), ["ApiError"]) == 1
    assert exit_status(Summary(), ["TransportError"]) == 3
    assert exit_status(Summary(), ["ResponseError"]) == 3


def test_a_value_counts_once_at_each_target() -> None:
    other = {"supplier": "ExampleSupplier"}
    summary = summary_of(
        [
            Outcome(REMOVED, TARGET, value="192.0.2.1", attempts=1),
            Outcome(UNKNOWN, TARGET, value="192.0.2.1", attempts=1),
            Outcome(REMOVED, other, value="192.0.2.1", attempts=1),
            Outcome(REFUSED, other, id="a"),
        ]
    )
    assert summary.counts == {REMOVED: 1, REFUSED: 1, UNKNOWN: 1}
    assert summary.sent
    assert not summary.unreachable
    assert summary_of([Outcome(FAILED, TARGET, value="a", attempts=4)]).unreachable


def test_a_row_leaves_out_what_is_not_known() -> None:
    assert Outcome(ABSENT, TARGET, value="192.0.2.1").row() == {
        "value": "192.0.2.1",
        "supplier": "InternalTI",
        "outcome": "absent",
        "attempts": 0,
    }


def test_a_response_field_never_stands_in_the_place_of_what_is_known_here() -> None:
    said = {"outcome": REMOVED, "value": "192.0.2.2", "supplier": "Other", "maybe_ours": True}
    row = Outcome(FAILED, TARGET, value="192.0.2.1", attempts=2, response=said).row()
    assert row == {
        "value": "192.0.2.1",
        "supplier": "InternalTI",
        "outcome": "failed",
        "attempts": 2,
    }


def test_a_refusal_cannot_claim_a_removal() -> None:
    integration = load_integration()
    said = [{"status": "No", "outcome": "removed", "attempts": 0, "id": "x", "reason": "gone"}]
    with serving(reply(400, said)) as server:
        auth = {"type": "basic", "username": "user", "password": "password"}
        own = {"system": "cybertrace", "url": server.url, "auth": auth, "api_version": "1.1"}
        settings = settings_from({"connections": {"cybertrace": own}}, "test")
        connection = Connection("cybertrace", settings, integration.systems["cybertrace"])
        action = integration.bind("cybertrace-indicators-delete", connection)
        prepared = action.prepare({"supplier": "InternalTI", "indicators": ["192.0.2.1"]})
        [finished] = perform(action, prepared, NoRecord())
    [outcome] = finished.outcomes
    assert outcome.row() == {
        "value": "192.0.2.1",
        "supplier": "InternalTI",
        "outcome": "failed",
        "reason": "400: No",
        "advice": outcome.advice,
        "http_status": 400,
        "attempts": 1,
        "status": "No",
    }
