"""What is kept of an indicator before it is removed, and what is read back afterwards."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from asking import KNOWN, POLICY, PROJECT, RULE, WORKSPACE
from ioc_removal.action import Action
from ioc_removal.batches import Batch
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.outcome import FAILED, PLANNED, REMOVED, UNKNOWN, Outcome
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Finished, Known, NoRecord, Recorder
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Reply, reply, serving

INTEGRATION = load_integration()
VALUES = {"supplier": "InternalTI", "indicators": ["tux.example.com", "nowhere.example"]}
RULE_OF = {"project_id": PROJECT, "policy_id": POLICY, "rule_id": RULE}
IDS = {"project_id": PROJECT, "workspace_id": WORKSPACE, "batch_ids": [KNOWN]}
READS = ("POST", "GET")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def bound(sandbox: Sandbox, name: str, **own: Any) -> Action:
    settings = sandbox.settings()
    system = name.partition("-")[0]
    settings["connections"][system].update(own)
    made = Connection(system, settings_from(settings, "test"), INTEGRATION.systems[system])
    return INTEGRATION.bind(name, made)


def outcomes(
    action: Action, arguments: Mapping[str, Any], recorder: Recorder | None = None, **terms: Any
) -> list[Outcome]:
    prepared = action.prepare(arguments)
    done = perform(action, prepared, recorder or NoRecord(), terms=Terms(**terms))
    return [outcome for finished in done for outcome in finished.outcomes]


def asked(sandbox: Sandbox) -> list[str]:
    return [row["method"] for row in sandbox.requests]


class Memory(NoRecord):
    """Keeps the snapshots of intents; knows what an earlier process kept."""

    def __init__(self, known: Known | None = None) -> None:
        self._known = known or Known()
        self.intents: list[Mapping[str, Any]] = []

    def known(self, batch: Batch) -> Known:  # noqa: ARG002
        return self._known

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:  # noqa: ARG002
        self.intents.append(dict(snapshots))

    def finish(self, finished: Finished) -> None:
        assert finished.outcomes


def test_an_indicator_is_kept_as_it_came_before_it_is_deleted(sandbox: Sandbox) -> None:
    [row] = [r for r in sandbox.state()["secmaster"]["workspaces"][WORKSPACE] if r["id"] == KNOWN]
    memory = Memory()
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, memory)
    assert outcome.outcome == REMOVED
    assert outcome.snapshot == row
    assert outcome.row()["snapshot"] == row
    assert memory.intents == [{KNOWN: row}]
    assert asked(sandbox) == ["POST", "DELETE"]


def test_fields_that_no_document_names_survive(sandbox: Sandbox) -> None:
    raw = {"id": KNOWN, "expire_time": "x", "data_object": {"value": "v", "category": {"a": [1]}}}
    page = {"code": "00000000", "total": 1, "data": [raw]}

    def answer(request: Recorded) -> Reply:
        if request.method == "POST":
            return reply(200, page)
        return reply(200, {"data": {"success_ids": [KNOWN], "error_ids": []}})

    with serving(by=answer) as server:
        action = bound(sandbox, "secmaster-indicators-delete", url=server.url)
        [outcome] = outcomes(action, IDS)
    assert outcome.snapshot == raw


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ({"total": 1, "data": [{"name": "n"}]}, "data[0]: 'id' is missing"),
        ({"total": 1, "data": [{"id": 7}]}, "data[0].id: 7 is not of type string"),
        ({"total": 1, "data": ["n"]}, "data[0]: 'n' is not of type object"),
        ({"total": 1, "data": {"id": KNOWN}}, "data: an object is not of type array"),
        ({"total": "1", "data": [{"id": KNOWN}]}, "total: '1' is not of type integer or null"),
        ({"total": 1}, "'data' is missing"),
    ],
)
def test_what_is_around_the_rows_is_read_as_documented(
    sandbox: Sandbox, page: Any, why: str
) -> None:
    def answer(request: Recorded) -> Reply:
        if request.method == "POST":
            return reply(200, page)
        return reply(200, {"data": {"success_ids": [KNOWN], "error_ids": []}})

    with serving(by=answer) as server:
        action = bound(sandbox, "secmaster-indicators-delete", url=server.url)
        [outcome] = outcomes(action, IDS)
    assert (outcome.outcome, outcome.snapshot) == (REMOVED, None)
    assert why in str(outcome.advice)


def test_a_rule_is_kept_with_whether_it_was_on(sandbox: Sandbox) -> None:
    shut = {**RULE_OF, "rule_id": f"{RULE[:-1]}d"}
    [outcome] = outcomes(bound(sandbox, "waf-ip-reputation-rule-delete"), shut)
    assert outcome.outcome == REMOVED
    assert outcome.snapshot is not None
    assert outcome.snapshot["status"] == 0
    assert outcome.snapshot["tags"] == ["Amazon"]
    assert asked(sandbox) == ["GET", "DELETE"]


def test_one_request_a_batch(sandbox: Sandbox) -> None:
    rows = sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
    ids = [row["id"] for row in rows[:6]]
    action = bound(sandbox, "secmaster-indicators-delete", limits={"items": 3, "in_flight": 1})
    found = outcomes(action, {**IDS, "batch_ids": ids})
    assert [outcome.snapshot for outcome in found] == rows[:6]
    assert asked(sandbox) == ["POST", "DELETE", "POST", "DELETE"]


def test_a_supplier_is_not_asked_unless_the_caller_wants_it(sandbox: Sandbox) -> None:
    found = outcomes(bound(sandbox, "cybertrace-indicators-delete", api_version="1.1"), VALUES)
    assert [(outcome.outcome, outcome.snapshot) for outcome in found] == [
        (REMOVED, None),
        ("absent", None),
    ]
    assert asked(sandbox) == ["DELETE"]


def test_a_lookup_is_kept_when_it_is_asked_for(sandbox: Sandbox) -> None:
    action = bound(sandbox, "cybertrace-indicators-delete", api_version="1.1")
    [there, absent] = outcomes(action, VALUES, lookup=True)
    assert there.snapshot is not None
    assert there.snapshot["result"] == "detected"
    assert there.snapshot["categories"][0]["detected_indicator"] == "tux.example.com"
    assert absent.snapshot is not None
    assert absent.snapshot["result"] == "not detected"
    assert asked(sandbox) == ["POST", "DELETE"]


@pytest.mark.parametrize("name", ["result", "categories", "more"])
@pytest.mark.parametrize("odd", [5, None, ["a"], {"a": ["b"]}, "text", [["a"]]])
def test_an_odd_field_of_a_lookup_costs_nothing_and_is_kept(name: str, odd: Any) -> None:
    rows = [
        {"object": "tux.example.com", "result": "detected", "categories": [], name: odd},
        {"object": "nowhere.example", "result": "not detected"},
    ]
    deleted = reply(201, [{"status": "All indicators were deleted"}])
    own = {"system": "cybertrace", "api_version": "1.1",
           "auth": {"type": "basic", "username": "u", "password": "p"}}  # fmt: skip
    with serving(by=lambda one: deleted if one.method == "DELETE" else reply(200, rows)) as server:
        document = {"connections": {"cybertrace": {**own, "url": server.url}}}
        settings = settings_from(document, "test")
        made = Connection("cybertrace", settings, INTEGRATION.systems["cybertrace"])
        action = INTEGRATION.bind("cybertrace-indicators-delete", made)
        told = outcomes(action, VALUES, lookup=True)
    assert [outcome.snapshot for outcome in told] == rows
    assert [(outcome.outcome, outcome.advice) for outcome in told] == [(REMOVED, None)] * 2


def test_a_snapshot_that_cannot_be_read_is_said_and_the_removal_goes_on(sandbox: Sandbox) -> None:
    sandbox.misbehave(method="POST", path="search", status=403)
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS)
    assert (outcome.outcome, outcome.snapshot) == (REMOVED, None)
    assert str(outcome.advice).startswith(
        "it cannot be put back, as no snapshot could be taken: no search: 403"
    )


def test_what_was_not_there_has_no_snapshot_and_needs_no_advice(sandbox: Sandbox) -> None:
    [outcome] = outcomes(
        bound(sandbox, "secmaster-indicators-delete"), {**IDS, "batch_ids": ["0" * 32]}
    )
    assert (outcome.outcome, outcome.snapshot, outcome.advice) == ("absent", None, None)


def test_a_dry_run_shows_what_is_there(sandbox: Sandbox) -> None:
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, dry_run=True)
    assert outcome.outcome == PLANNED
    assert outcome.snapshot is not None
    assert outcome.snapshot["id"] == KNOWN
    assert asked(sandbox) == ["POST"]


def test_the_first_snapshot_counts(sandbox: Sandbox) -> None:
    memory = Memory(Known(repeated=True, snapshots={KNOWN: {"id": KNOWN, "first": True}}))
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, memory)
    assert outcome.snapshot == {"id": KNOWN, "first": True}
    assert memory.intents == [{KNOWN: {"id": KNOWN, "first": True}}]
    assert asked(sandbox) == ["DELETE"]


def test_what_is_gone_is_verified(sandbox: Sandbox) -> None:
    action = bound(sandbox, "secmaster-indicators-delete")
    [outcome] = outcomes(action, IDS, verify=True)
    assert (outcome.outcome, outcome.verified) == (REMOVED, True)
    assert asked(sandbox) == ["POST", "DELETE", "POST"]
    [outcome] = outcomes(bound(sandbox, "waf-ip-reputation-rule-delete"), RULE_OF, verify=True)
    assert (outcome.outcome, outcome.row()["verified"]) == (REMOVED, True)


@pytest.mark.usefixtures("looks_soon")
def test_what_is_still_there_has_failed(sandbox: Sandbox) -> None:
    lie = {"code": "00000000", "message": "", "data": {"success_ids": [KNOWN], "error_ids": []}}
    sandbox.misbehave(method="DELETE", status=200, body=lie)
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, verify=True)
    assert (outcome.outcome, outcome.verified, outcome.settled) == (FAILED, False, True)
    assert outcome.reason == "still there, though the system said that it was removed"
    assert asked(sandbox) == ["POST", "DELETE", "POST", "POST"]


def test_a_rule_that_is_gone_late_is_gone(sandbox: Sandbox) -> None:
    looks: list[int] = []
    rules = [{"id": RULE, "name": "name"}]

    def answer(request: Recorded) -> Reply:
        if request.method == "DELETE":
            return reply(200, {"id": RULE, "policyid": POLICY})
        looks.append(len(looks))
        left = rules if len(looks) < 3 else []
        return reply(200, {"total": len(left), "items": left})

    with serving(by=answer) as server:
        action = bound(sandbox, "waf-ip-reputation-rule-delete", url=server.url)
        [outcome] = outcomes(action, RULE_OF, verify=True)
    assert (outcome.outcome, outcome.verified) == (REMOVED, True)
    assert len(looks) == 3


def test_a_look_that_fails_changes_nothing(sandbox: Sandbox) -> None:
    sandbox.misbehave(method="POST", path="search", skip=1, status=403)
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, verify=True)
    assert (outcome.outcome, outcome.verified) == (REMOVED, False)
    assert str(outcome.advice).startswith("it could not be verified: no search: 403")


def test_cybertrace_is_never_said_to_be_verified(sandbox: Sandbox) -> None:
    action = bound(sandbox, "cybertrace-indicators-delete", api_version="1.1")
    [removed, _] = outcomes(action, VALUES, verify=True)
    assert (removed.outcome, removed.verified, removed.advice) == (REMOVED, False, None)
    assert asked(sandbox) == ["DELETE"]


@pytest.mark.usefixtures("looks_soon")
def test_an_unclear_removal_is_not_verified_but_looked_up(sandbox: Sandbox) -> None:
    sandbox.misbehave(method="DELETE", hang_up="after")
    sandbox.misbehave(method="POST", path="search", skip=1, status=403)
    [outcome] = outcomes(bound(sandbox, "secmaster-indicators-delete"), IDS, verify=True)
    assert (outcome.outcome, outcome.verified) == (UNKNOWN, False)
    assert outcome.snapshot is not None
