"""Whatever a server answers to a read, there are rows that can be told, or a named error."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answering import (
    FOUND,
    INDICATOR,
    NOT_PERMITTED,
    PLACE,
    POLICY,
    RULE,
    SUPPLIERS,
    TOO_MANY,
    VALUES,
    VERSIONED,
    Given,
    bound,
    check_error,
    check_record,
    database,
)
from hostile import answers, examples
from ioc_removal.errors import PluginError
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import CALL, begin_run
from ioc_removal.trust.perform import perform
from recorded import serving

__all__ = ["database"]

LOOKED_UP = [{"object": "a.example", "result": "InternalTI", "categories": [{"category": "x"}]}]
# Of each action: its arguments, documents near which its answers are, statuses that they have.
READS: Mapping[str, tuple[dict[str, Any], list[Any], list[int]]] = {
    "cybertrace-suppliers-list": ({}, [SUPPLIERS, {"name": "InternalTI"}], [200, 404, 425]),
    "cybertrace-indicators-lookup": ({"indicators": VALUES}, [LOOKED_UP], [200, 400]),
    "secmaster-indicators-search": (
        {**PLACE, "values": ["a.example"]},
        [FOUND, {**FOUND, "total": 300}, NOT_PERMITTED],
        [200, 400, 403],
    ),
    "secmaster-indicator-get": (
        {**PLACE, "indicator_id": "id-1"},
        [{"code": 0, "message": "", "data": INDICATOR}, NOT_PERMITTED],
        [200, 400, 404],
    ),
    "waf-ip-reputation-rules-list": (POLICY, [{"total": 1, "items": [RULE]}, TOO_MANY], [200, 400]),
    "waf-ip-reputation-rules-find": (
        {"project_id": "p", "rules": [{"policy_id": "o", "tags": ["AliCloud"]}]},
        [{"total": 1, "items": [RULE]}],
        [200],
    ),
    "waf-ip-reputation-rule-get": ({**POLICY, "rule_id": "r"}, [RULE, TOO_MANY], [200, 404]),
    "waf-policies-list": (
        {"project_id": "p"},
        [{"total": 1, "items": [{"id": "o", "name": "n"}]}, TOO_MANY],
        [200, 401],
    ),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_has_rows_or_a_named_error(name: str, database: Database) -> None:
    arguments, documents, statuses = READS[name]
    given_answers = Given()
    with serving(by=given_answers) as server:

        @examples(12)
        @given(st.lists(answers(documents, statuses), min_size=1, max_size=3))
        def holds(some: Sequence[bytes]) -> None:
            given_answers.of(some)
            action = bound(name, server.url, **VERSIONED.get(name.partition("-")[0], {}))
            run = begin_run(database, CALL, name, dry_run=False, details={})
            recorder = StoreRecorder(database, run, "call", action)
            prepared = action.prepare(arguments)
            recorder.begin(prepared)
            try:
                finished = list(perform(action, prepared, recorder))
            except PluginError as error:
                check_error(error)
            else:
                rows = [row for part in finished for row in part.outputs]
                check_record(action, [], rows)

        holds()
