"""Every case of tests/cases: arguments -> the exact requests -> what becomes of each indicator."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from ioc_removal import errors
from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Reply, serving, unused_address
from transcribed import folder

INTEGRATION = load_integration()
CASES: dict[str, list[dict[str, Any]]] = folder("cases")
TABLES: dict[str, dict[str, Any]] = folder("tables")
EVERY = [
    pytest.param(name, case, id=f"{name}: {case['case']}")
    for name, cases in CASES.items()
    for case in cases
]
SAMPLES = [
    pytest.param(stem, sample, id=f"{stem} {sample['kind']} {sample.get('status', '')}")
    for stem, table in TABLES.items()
    for sample in table.get("samples", ())
]
CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace": {
        "auth": {"type": "basic", "username": "user", "password": "password"},
        "api_version": "1.1",
    },
    # One request at a time: the exchanges of a case come in their order.
    "secmaster": {
        "auth": {"type": "iam_token", "token": "made-up-token"},
        "limits": {"in_flight": 1},
    },
    "waf": {"auth": {"type": "iam_token", "token": "made-up-token"}, "limits": {"in_flight": 1}},
}


@pytest.mark.usefixtures("looks_soon")
@pytest.mark.parametrize(("name", "case"), EVERY)
def test_case(name: str, case: Mapping[str, Any]) -> None:
    exchanges: Sequence[Mapping[str, Any]] = case.get("exchanges", ())
    with serving(*(served(exchange["response"]) for exchange in exchanges)) as server:
        address = unused_address() if case.get("unreachable") else server.url
        action = bound(name, case, address)
        if "error" in case:
            with pytest.raises(getattr(errors, case["error"])) as refused:
                result(action, case)
            assert type(refused.value).__name__ == case["error"]
            assert case["message"] in str(refused.value)
            assert "\n" not in str(refused.value)
        else:
            kind = "outcomes" if action.definition.acts else "outputs"
            rows, prepared = result(action, case)
            compare(rows, case[kind], exact=case.get("exact", False))
            assert prepared.duplicates == case.get("duplicates", 0)
            assert list(prepared.filled) == case.get("filled", [])
            if kind == "outcomes":
                assert len(rows) == len(list(prepared.items))  # the numbers add up
                keys = action.definition.context_key
                assert all(row.get(key) for row in rows for key in keys)
    assert len(server.requests) == len(exchanges)
    for request, exchange in zip(server.requests, exchanges, strict=True):
        compare_request(request, exchange["request"])
        check_documented_headers(request, action)


def bound(name: str, case: Mapping[str, Any], address: str) -> Action:
    system = INTEGRATION.definition(name).system
    if system == "local":
        return INTEGRATION.bind(name, None)
    own = {**CONNECTIONS[system], **case.get("connection", {}), "system": system, "url": address}
    settings = settings_from({"connections": {system: own}}, "case")
    return INTEGRATION.bind(name, Connection(system, settings, INTEGRATION.systems[system]))


def result(action: Action, case: Mapping[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    prepared = action.prepare(case["arguments"])
    # What the action itself asks; a case says so when it is about what is asked besides.
    wanted = {name: case.get(name, False) for name in ("dry_run", "snapshot", "lookup", "verify")}
    finished = [*perform(action, prepared, NoRecord(), terms=Terms(**wanted))]
    rows = [outcome.row() for batch in finished for outcome in batch.outcomes]
    return rows + [row for batch in finished for row in batch.outputs], prepared


def served(response: Mapping[str, Any]) -> Reply:
    body = json.dumps(response["json"]) if "json" in response else response.get("body", "")
    more = {key: response[key] for key in ("headers", "hang_up", "content_length", "reason")
            if key in response}  # fmt: skip
    return Reply(response.get("status", 0), body=body.encode(), **more)


def compare(
    rows: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]], *, exact: bool
) -> None:
    """Compare whole rows, or the fields that are named: null is absent, reason_has a part."""
    if exact:
        assert list(rows) == list(expected)
        return
    assert len(rows) == len(expected), rows
    for row, wanted in zip(rows, expected, strict=True):
        shown = {key: row.get(key) for key in wanted if key != "reason_has"}
        assert shown == {key: wanted[key] for key in shown}, row
        assert wanted.get("reason_has", "") in row.get("reason", "")


def compare_request(request: Recorded, expected: Mapping[str, Any]) -> None:
    assert (request.method, request.target) == (expected["method"], expected["target"])
    assert request.json == expected.get("json")
    for name, value in expected.get("headers", {}).items():
        assert request.headers.get_all(name) == [value]
    assert "Transfer-Encoding" not in request.headers
    assert int(request.headers.get("Content-Length", "0")) == len(request.body)


def check_documented_headers(request: Recorded, action: Action) -> None:
    """Constant headers come verbatim, the documented authentication is there."""
    for name, rule in action.definition.document["$defs"]["request"]["properties"].items():
        if rule.get("x-source", {}).get("in") != "header":
            continue
        if "x-fixed" in rule:
            assert request.headers.get_all(name) == [rule["x-fixed"]]
        elif name in {"Authorization", "X-Auth-Token"}:
            signed = request.headers.get("Authorization", "").startswith("SDK-HMAC-SHA256 ")
            assert name in request.headers or signed


@pytest.mark.parametrize(("stem", "sample"), SAMPLES)
def test_every_sample_of_the_documents_is_a_case(stem: str, sample: Mapping[str, Any]) -> None:
    exchanges = [
        exchange
        for name, cases in CASES.items()
        if stem in sources(INTEGRATION.definition(name).document)
        for case in cases
        for exchange in case.get("exchanges", ())
    ]
    if sample["kind"] == "answer":
        served_so = [
            e["response"] for e in exchanges if e["response"].get("body") == sample["text"]
        ]
        assert any(response["status"] == sample["status"] for response in served_so)
        return
    lines = re.sub(r",\s*\.\.\.", "", sample["text"]).splitlines()
    start = next((n for n, line in enumerate(lines) if line[:1] in {"[", "{"}), len(lines))
    head, body = lines[:start], json.loads("\n".join(lines[start:]) or "null")
    wanted = {"json": body} if body is not None else {}
    requests = [exchange["request"] for exchange in exchanges]
    if head:
        method, url = head[0].split(" ")
        target = re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(re.sub("^https://[^/]+", "", url)))
        requests = [
            r for r in requests if r["method"] == method and re.fullmatch(target, r["target"])
        ]
        named = dict(line.split(": ", 1) for line in head[1:])
        named.pop("Content-Length", None)  # of the document's own spacing
        requests = [r for r in requests if named.items() <= r.get("headers", {}).items()]
    assert any(wanted.items() <= request.items() for request in requests)


def sources(document: Any) -> Iterator[str]:
    """Name the documents that a schema derives from."""
    if isinstance(document, Mapping):
        if "x-source" in document:
            yield document["x-source"]["document"]
        for child in document.values():
            yield from sources(child)
    elif isinstance(document, list):
        for child in document:
            yield from sources(child)
