"""An action before it sends: what it refuses, and what a part of a batch holds."""

from typing import Any

import pytest

from ioc_removal.action import Action
from ioc_removal.batches import Batch
from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from

INTEGRATION = load_integration()
DELETE = "cybertrace-indicators-delete"
SEARCH = "secmaster-indicators-search"
FIND = "waf-ip-reputation-rules-find"
RULE_DELETE = "waf-ip-reputation-rule-delete"
HALF = "half\ud800.example"
POLICY = "6d392034d94c4e8a95a78c98127453b6"
TARGET = {"supplier": "InternalTI"}


def bound(sandbox: Sandbox, name: str) -> Action:
    system = INTEGRATION.systems[INTEGRATION.definition(name).system]
    settings = settings_from(sandbox.settings(), "the sandbox")
    return INTEGRATION.bind(name, Connection(settings.pick(system.name), settings, system))


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        (DELETE, {"supplier": "InternalTI", "indicators": ["192.0.2.1", HALF]}, "indicators[1]"),
        (DELETE, {"supplier": "InternalTI", "indicators": [*map(str, range(10_001)), "\udfff"]},
         "indicators[10001]"),
        (DELETE, {"supplier": HALF, "indicators": ["192.0.2.1"]}, "supplier"),
        (SEARCH, {"values": [HALF]}, "values[0]"),
        (FIND, {"rules": [{"policy_id": POLICY, "names": ["plain", HALF]}]}, "rules[0].names[1]"),
    ],
)  # fmt: skip
def test_half_of_a_surrogate_pair_is_refused_and_nothing_is_sent(
    name: str, arguments: dict[str, Any], field: str
) -> None:
    with Sandbox() as sandbox:
        with pytest.raises(ArgumentError) as refused:
            bound(sandbox, name).prepare(arguments)
        message = f"{field}: holds half of a surrogate pair, which cannot be sent"
        assert refused.value.problems[0] == message
        assert not sandbox.requests


def test_a_whole_character_beyond_the_first_plane_is_sent_as_it_is() -> None:
    with Sandbox() as sandbox:
        prepared = bound(sandbox, DELETE).prepare({**TARGET, "indicators": ["\U0001f600.example"]})
        assert [batch.items for batch in prepared] == [("\U0001f600.example",)]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (DELETE, {"supplier": "InternalTI", "indicators": ["192.0.2.1"]}),
        (RULE_DELETE, {"policy_id": POLICY, "rule_id": "11842c5779204842bfe51c3e8b7981ca"}),
    ],
)
def test_no_items_of_a_batch_are_nothing_to_send(name: str, arguments: dict[str, Any]) -> None:
    with Sandbox() as sandbox:
        action = bound(sandbox, name)
        [batch] = action.prepare(arguments)
        nothing = action.part(batch, [])
        assert nothing == Batch(batch.number, {})
        assert action.send(nothing, TARGET) == []
        assert not sandbox.requests
