"""Every record that the command gives is as schemas/result.json says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ended import done
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema

DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
SEARCH = ("call", "secmaster-indicators-search", "--arg", "values=192.0.2.10")
RULE = (
    *(
        "call",
        "waf-ip-reputation-rule-delete",
        "--arg",
        "policy_id=6d392034d94c4e8a95a78c98127453b6",
    ),
    *("--arg", "rule_id=11842c5779204842bfe51c3e8b7981ca"),
)
PLAYBOOK = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
OF_CALLS = {"result", "counts", "context", "errors", "filled_defaults", "run", "status", "calls"}


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    (tmp_path / "iocs.txt").write_text("192.0.2.10\n192.0.2.10\nmalware.example\nnothing\n")
    with Sandbox() as sandbox:
        (tmp_path / "ioc-removal.yml").write_text(json.dumps(sandbox.settings()))
        yield sandbox


@pytest.mark.parametrize(
    ("words", "fault", "more"),
    [
        ((*DELETE, "--arg", "indicators=192.0.2.10"), {}, {"action", "outcomes"}),
        ((*DELETE, "--indicators", "iocs.txt"), {}, {"action", "outcomes", "input"}),
        ((*DELETE, "--indicators", "iocs.txt", "--dry-run"), {}, {"action", "outcomes", "input"}),
        ((*DELETE, "--arg", 'indicators:=["a.example", "a.example"]'), {},
         {"action", "outcomes", "duplicates"}),
        ((*DELETE, "--arg", "indicators=192.0.2.10"), {"status": 403}, {"action", "outcomes"}),
        ((*DELETE, "--arg", "indicators=192.0.2.10"), {"status": 200, "body": "?"},
         {"action", "outcomes"}),
        ((*DELETE, "--arg", "indicators:=[]"), {}, {"action", "outcomes"}),
        (SEARCH, {}, {"action", "outputs"}),
        ((*SEARCH, "--arg", "values=192.0.2.99"), {}, {"action", "outputs"}),
        (SEARCH, {"status": 401}, {"action", "outputs"}),
        (RULE, {}, {"action", "outcomes"}),
        (RULE, {"status": 403}, {"action", "outcomes"}),
        (PLAYBOOK, {}, {"playbook", "outcomes", "output", "input"}),
        (PLAYBOOK, {"method": "DELETE", "status": 403},
         {"playbook", "outcomes", "output", "input"}),
        ((*PLAYBOOK, "--dry-run"), {}, {"playbook", "outcomes", "output", "input", "plan"}),
        ((*PLAYBOOK, "--input", "suppliers=FalsePositive"), {},
         {"playbook", "outcomes", "output", "input"}),
    ],
)  # fmt: skip
def test_a_record_is_as_described(
    words: tuple[str, ...],
    fault: dict[str, Any],
    more: set[str],
    sandbox: Sandbox,
) -> None:
    if fault:
        sandbox.misbehave(times=99, **fault)
    given = done(*words, "--json").json
    shown = done("show", given["run"], "--json").json
    assert list(SCHEMA.problems(given)) == []
    assert list(SCHEMA.problems(shown)) == []
    assert given.keys() == OF_CALLS | more
    assert shown == given


@pytest.mark.parametrize(
    "words", [("call", "none"), ("call",), ("run", "none.yml"), ("show", "none"), ("none",)]
)
def test_a_mistake_is_a_record_too(
    words: tuple[str, ...],
    sandbox: Sandbox,  # noqa: ARG001  # a store and settings
) -> None:
    refused = done(*words, "--json")
    assert refused.status == 2
    record = refused.json
    assert list(SCHEMA.problems(record)) == []
    assert record["result"] == "failed"


def test_the_schema_refuses_what_is_no_record() -> None:
    good = {"result": "succeeded", "counts": {}, "context": {}, "errors": [], "filled_defaults": []}
    assert not list(SCHEMA.problems(good))
    for wrong in (
        {**good, "result": "done"},
        {**good, "counts": {"deleted": 1}},
        {**good, "outcomes": [{"action": "a", "outcome": "removed", "attempts": 1}]},
        {**good, "more": 1},
        {"result": "succeeded"},
    ):
        assert list(SCHEMA.problems(wrong))


SCHEMA = Schema(read("schemas/result.json"))
