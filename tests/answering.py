"""Gives an action the answers of an example, and checks that what it makes of them can be told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.outcome import Outcome, summary_of
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.record import error_row, record
from ioc_removal.trust.terms import Terms
from recorded import NOTHING_LEFT, Recorded, Reply

ALONE = Terms(snapshot=False)  # what the action itself asks, and nothing before it
INTEGRATION = load_integration()
RESULT = Schema(read("schemas/result.json"))
LONGEST_LINE = 2_000  # characters
PLACE = {"project_id": "p", "workspace_id": "w"}
POLICY = {"project_id": "p", "policy_id": "o"}
VALUES = ["a.example", "http://b.example/x"]
TOO_MANY = {"error_code": "APIGW.0308", "error_msg": "limit:6,time:1 minute", "request_id": "r"}
NOT_PERMITTED = {"code": "SecMaster.20010001", "message": "no permission"}
INDICATOR = {"id": "id-1", "name": "n", "data_object": {"value": "a.example", "verdict": "Black"}}
FOUND = {"code": "0", "message": "", "total": 1, "data": [INDICATOR]}
RULE = {
    "id": "r",
    "policyid": "o",
    "name": "n",
    "timestamp": 1,
    "description": "",
    "status": 0,
    "type": "idc",
    "tags": ["AliCloud"],
    "action": {"category": "log"},
}
PARTLY = {
    "status": "Deleted",
    "error_indicators": [{"indicator": "a.example", "reason": "Indicator doesn't exist"}],
}
SUPPLIERS = [{"name": "InternalTI", "status": "enabled"}]
AUTHS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace": {"type": "basic", "username": "user", "password": "made-up"},
    "secmaster": {"type": "iam_token", "token": "made-up-token"},
    "waf": {"type": "aksk", "access_key": "AKEXAMPLE", "secret_key": "made-up-key"},
}
VERSIONED: Mapping[str, Mapping[str, Any]] = {"cybertrace": {"api_version": "1.2"}}


class Given:
    """Answers requests with what an example gives; the last answer is given again."""

    def __init__(self) -> None:
        self.answers: Sequence[bytes] = ()
        self.place = 0

    def of(self, answers: Sequence[bytes]) -> None:
        self.answers, self.place = answers, 0

    def __call__(self, _: Recorded) -> Reply:
        if not self.answers:
            return NOTHING_LEFT
        place, self.place = min(self.place, len(self.answers) - 1), self.place + 1
        return Reply(raw=self.answers[place])


def bound(name: str, url: str, **own: Any) -> Action:
    system = INTEGRATION.definition(name).system
    whole = {"system": system, "url": url, "auth": AUTHS[system], "total_timeout": 0.3, **own}
    settings = settings_from({"connections": {"test": whole}}, "test")
    return INTEGRATION.bind(name, Connection("test", settings, INTEGRATION.systems[system]))


def check_line(text: str) -> None:
    assert text
    assert len(text) < LONGEST_LINE
    assert text.isprintable(), ascii(text)


def check_error(error: PluginError) -> None:
    check_line(str(error))
    row = error_row(error)
    json.dumps(row, allow_nan=False).encode()
    assert list(RESULT.problems(record("action", "a", None, summary_of([]), errors=[row]))) == []


def check_record(action: Action, outcomes: Sequence[Outcome], outputs: Sequence[Any]) -> None:
    name = action.definition.name
    rows = [{**outcome.row(), "action": name} for outcome in outcomes]
    kept = record("action", name, "run", summary_of(outcomes), outcomes=rows, outputs=outputs)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    json.dumps(kept, ensure_ascii=False).encode()
    assert list(RESULT.problems(kept)) == []
    for row in rows:
        for key in ("reason", "advice", "request_id"):
            if key in row:
                check_line(row[key])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "store.db")
    yield database
    database.close()
