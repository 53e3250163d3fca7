"""In which parts a call goes to a handler, and which values none of them may have."""

from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.outcome import REMOVED
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from performed import INTEGRATION, VALUES, Memory, Stored, arguments, bound, deleted, sent
from recorded import serving


def test_batches_are_cut_by_items_and_keep_the_order() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url, items=10)
        finished = list(perform(action, action.prepare(arguments(VALUES)), NoRecord()))
    assert sent(server.requests) == [VALUES[:10], VALUES[10:20], VALUES[20:]]
    assert [f.batch.number for f in finished] == [0, 1, 2]
    assert [o.value for f in finished for o in f.outcomes] == VALUES
    assert all(o.outcome == REMOVED for f in finished for o in f.outcomes)


def test_batches_are_cut_by_the_bytes_that_are_sent() -> None:
    values = [f"https://example.com/{'я' * 90}{number}" for number in range(20)]
    with serving(by=deleted) as server:
        action = bound(server.url, bytes=4096)
        list(perform(action, action.prepare(arguments(values)), NoRecord()))
    assert [value for part in sent(server.requests) for value in part] == values
    assert len(server.requests) > 1
    assert all(len(request.body) <= 4096 for request in server.requests)


def test_a_definition_says_how_much_goes_at_once() -> None:
    action = bound("http://127.0.0.1:9")
    batches = list(action.prepare(arguments([f"h{n}.example.com" for n in range(2_500)])))
    assert [len(batch.items) for batch in batches] == [1000, 1000, 500]


def test_a_documented_ceiling_is_no_matter_of_settings() -> None:
    own = {
        "system": "secmaster",
        "url": "http://127.0.0.1:9",
        "auth": {"type": "iam_token", "token": "made-up"},
        "limits": {"items": 5000},
    }
    settings = settings_from({"connections": {"test": own}}, "test")
    connection = Connection("test", settings, INTEGRATION.systems["secmaster"])
    action = INTEGRATION.bind("secmaster-indicators-delete", connection)
    ids = [f"id-{number}" for number in range(1500)]
    given = {"project_id": "p", "workspace_id": "w", "batch_ids": ids}
    assert [len(batch.items) for batch in action.prepare(given)] == [999, 501]


def test_values_are_trimmed_and_duplicates_are_counted() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url)
        prepared = action.prepare(
            arguments([" a.example", "b.example\t", "a.example", "A.example"])
        )
        [finished] = perform(action, prepared, NoRecord())
    assert sent(server.requests) == [["a.example", "b.example", "A.example"]]
    assert prepared.duplicates == 1
    assert len(finished.outcomes) == 3


@pytest.mark.parametrize("wrong", ["", " ", "a\nb", 7, None])
def test_nothing_is_sent_when_one_of_many_is_wrong(wrong: Any) -> None:
    values: list[Any] = [f"host-{number}.example.com" for number in range(30_000)]
    values[12_345] = wrong
    with serving(by=deleted) as server:
        action = bound(server.url)
        with pytest.raises(ArgumentError) as refused:
            list(perform(action, action.prepare(arguments(values)), NoRecord()))
    assert not server.requests
    assert str(refused.value).startswith("indicators[12345]: must be a text")


def test_a_message_lists_some_mistakes_of_many() -> None:
    with pytest.raises(ArgumentError) as refused:
        bound("http://127.0.0.1:9").prepare(arguments([""] * 1 + [" "] * 1 + [1, 2, 3, 4, 5, 6]))
    assert len(refused.value.problems) == 6
    assert refused.value.problems[-1] == "and more"


def test_a_set_is_walked_to_check_and_to_cut() -> None:
    stored = Stored(VALUES)
    with serving(by=deleted) as server:
        action = bound(server.url, items=10)
        prepared = action.prepare(arguments(stored))
        assert stored.walked == 1
        finished = list(perform(action, prepared, NoRecord()))
    assert stored.walked == 2
    assert sent(server.requests) == [VALUES[:10], VALUES[10:20], VALUES[20:]]
    assert [o.value for f in finished for o in f.outcomes] == VALUES


def test_no_batches_are_nothing_and_not_everything() -> None:
    with serving() as server:
        action = bound(server.url, items=10)
        assert not list(perform(action, action.prepare(arguments(VALUES)), Memory(), batches=[]))
    assert not server.requests


def test_batches_are_cut_as_they_are_needed() -> None:
    stored = Stored([f"host-{number}.example.com" for number in range(1000)])
    with serving(by=deleted) as server:
        action = bound(server.url, items=1)
        walk = perform(action, action.prepare(arguments(stored)), NoRecord())
        next(walk)
        walk.close()
    assert len(server.requests) < 10


def test_an_odd_path_value_is_refused_before_any_intent() -> None:
    own = {
        "system": "waf",
        "url": "http://127.0.0.1:9",
        "auth": {"type": "iam_token", "token": "made-up"},
    }
    settings = settings_from({"connections": {"test": own}}, "test")
    connection = Connection("test", settings, INTEGRATION.systems["waf"])
    action = INTEGRATION.bind("waf-ip-reputation-rule-delete", connection)
    with pytest.raises(ArgumentError, match=r"rule_id: '\.\.' cannot be one segment"):
        action.prepare({"project_id": "p", "policy_id": "q", "rule_id": ".."})
