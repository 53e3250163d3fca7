"""Whatever a server answers, each item has one outcome, no "removed" is made up, nothing hangs."""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import answers, examples
from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.outcome import (
    ABSENT,
    ADDED,
    FAILED,
    OUTCOMES,
    REFUSED,
    REMOVED,
    UNKNOWN,
    Outcome,
    summary_of,
)
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import CALL, begin_run
from ioc_removal.trust.perform import perform
from ioc_removal.trust.record import error_row, record
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import NOTHING_LEFT, Recorded, Reply, serving

ALONE = Terms(snapshot=False)  # what the action itself asks, and nothing before it
INTEGRATION = load_integration()
RESULT = Schema(read("schemas/result.json"))
LONGEST_LINE = 2_000  # characters
PLACE = {"project_id": "p", "workspace_id": "w"}
POLICY = {"project_id": "p", "policy_id": "o"}
VALUES = ["a.example", "http://b.example/x"]
IDS = ["id-1", "id-2", "id-3"]
TOO_MANY = {"error_code": "APIGW.0308", "error_msg": "limit:6,time:1 minute", "request_id": "r"}
NOT_PERMITTED = {"code": "SecMaster.20010001", "message": "no permission"}
NO_LOGIN = {"error": {"code": 401, "message": "The username or password is wrong.", "title": ""}}
TOKEN = {"token": {"expires_at": "2099-01-04T09:05:22.701000Z", "project": {"id": "p"}}}
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
LOOKED_UP = [{"object": "a.example", "result": "InternalTI", "categories": [{"category": "x"}]}]
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
# What adds or changes, as above.
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


def says_done(name: str, some: Sequence[bytes], outcome: Outcome) -> bool:
    """Tell whether one of some answers, read in any way, shows what was added or set."""
    if name.startswith("cybertrace"):
        return says_removed(name, some, outcome.indicator)
    shown = [
        part
        for answer in some
        for status, document in _readings(answer)
        if 200 <= status < 300
        for part in parts(document)
    ]
    if outcome.outcome == ADDED:
        words = {outcome.indicator.casefold()}
        return any(
            part.get("id") == outcome.id
            and words & {str(part.get("name")).casefold(), str(_value_of(part)).casefold()}
            for part in shown
        )
    wanted = {"Closed"} if name.startswith("secmaster") else {0}
    return any(
        part.get("id") == outcome.id and {part.get("status"), _status_of(part)} & wanted
        for part in shown
        if isinstance(part.get("status"), str | int | None)
    )


def parts(document: Any) -> Iterator[Mapping[str, Any]]:
    """Walk the objects of a document."""
    if isinstance(document, dict):
        yield document
        for inner in document.values():
            yield from parts(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from parts(inner)


def _value_of(part: Mapping[str, Any]) -> Any:
    fields = part.get("data_object")
    return fields.get("value") if isinstance(fields, dict) else None


def _status_of(part: Mapping[str, Any]) -> str | None:
    fields = part.get("data_object")
    status = fields.get("status") if isinstance(fields, dict) else None
    return status if isinstance(status, str) else None


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


def says_removed(name: str, some: Sequence[bytes], item: str) -> bool:
    """Tell whether one of some answers, read in any way, says that an item was removed."""
    judge = {"cybertrace": _cybertrace, "secmaster": _secmaster, "waf": _waf}[
        name.partition("-")[0]
    ]
    return any(
        judge(status, document, item) for answer in some for status, document in _readings(answer)
    )


def _cybertrace(status: int, document: Any, item: str) -> bool:
    said = document[0] if isinstance(document, list) and len(document) == 1 else document
    if not isinstance(said, dict) or not 200 <= status < 300 or status == 204:
        return False
    word, rows = said.get("status"), said.get("error_indicators") or []
    if not isinstance(word, str) or not word.strip() or not isinstance(rows, list):
        return False
    if not rows:
        return status in {200, 201} and "error" not in word.lower()
    others = [value for value in VALUES if value != item]
    names = [row.get("indicator") if isinstance(row, dict) else None for row in rows]
    return all(
        isinstance(said, str) and any(_alike(said, other) for other in others) for said in names
    )


def _alike(said: str, value: str) -> bool:
    return value.split("//")[-1].rstrip("/") in said.casefold()


def _secmaster(status: int, document: Any, item: str) -> bool:
    data = document.get("data") if isinstance(document, dict) else None
    if status != 200 or not isinstance(data, dict):
        return False
    return item in (data.get("success_ids") or ()) and item not in (data.get("error_ids") or ())


def _waf(status: int, document: Any, item: str) -> bool:
    return (
        status == 200
        and isinstance(document, dict)
        and (document.get("id"), document.get("policyid")) == (item, POLICY["policy_id"])
    )


def _readings(answer: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the status and the document of an answer, in each way in which it can be read."""
    rest = answer
    while True:
        head, end, rest = _split(rest)
        words = head.split(b"\n")[0].split()
        if not end or len(words) < 2 or not words[1].isdigit():
            return
        status = int(words[1])
        if status != 100:
            break
    for body in _bodies(rest):
        for text in (
            body.decode("utf-8", "replace"),
            body.decode("utf-8", "replace").replace("\\q", "\\\\q"),
        ):
            try:
                yield status, json.loads(text)
            except (ValueError, RecursionError):
                continue


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    found = [(data.find(end), end) for end in (b"\r\n\r\n", b"\n\n") if end in data]
    return data.partition(min(found)[1]) if found else (data, b"", b"")


def _bodies(rest: bytes) -> Iterator[bytes]:
    """Yield what a body can be: all of it, its start, its chunks; as it is or decompressed."""
    framed = {rest, *(rest[:-cut] for cut in range(1, 4)), _unchunked(rest)}
    for one in framed:
        yield one
        for bits in (31, 15, -15):
            try:
                once = zlib.decompressobj(bits).decompress(one)
                yield once
                yield zlib.decompressobj(31).decompress(once)
            except zlib.error:
                continue


def _unchunked(rest: bytes) -> bytes:
    body = b""
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            break
        if size <= 0:
            break
        body, rest = body + rest[:size], rest[size + 2 :]
    return body
