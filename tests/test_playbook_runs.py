"""Playbooks run against the sandbox as the language promises, and keep what they may."""

import pytest

from conducting import INTEGRATION, IOCS, Runner, runner
from ioc_removal.errors import ArgumentError, DefinitionError
from ioc_removal.operations.inputs import IndicatorFile
from ioc_removal.operations.resume import resume_run
from ioc_removal.operations.run import run_playbook
from ioc_removal.settings import settings_from
from ioc_removal.store.runs import get_run

__all__ = ["runner"]
CHILD = """
version: 1.0
description: Select by type.
input: [indicators, kind]
output:
  - chosen: "{{ ctx().chosen }}"
tasks:
  select:
    action: ioc_removal.indicators-select
    input: {indicators: "{{ ctx().indicators }}", types: ["{{ ctx().kind }}"]}
    next:
      - when: "{{ succeeded() }}"
        publish:
          - chosen: "{{ result().result.outputs | map(attribute='value') | list }}"
"""
PARENT = """
version: 1.0
description: Run a sub-playbook for each type, two at a time.
input: [indicators, kinds]
output:
  - by_kind: "{{ ctx().by_kind }}"
  - count: "{{ ctx().indicators | length }}"
tasks:
  each:
    with:
      items: kind in {{ ctx().kinds }}
      concurrency: 2
    action: ioc_removal.child
    input: {indicators: "{{ ctx().indicators }}", kind: "{{ item('kind') }}"}
    next:
      - when: "{{ succeeded() }}"
        publish:
          - by_kind: "{{ result() | map(attribute='output.chosen') | list }}"
"""


def test_runs_sub_playbooks_for_items(runner: Runner) -> None:
    runner.write("child", CHILD)
    name = runner.write("parent", PARENT)
    record = runner.run(name, indicators=IOCS, kinds=["ipv4", "domain", "md5"])
    assert record["errors"] == []
    assert record["output"] == {"by_kind": [["192.0.2.10"], IOCS[1:], []], "count": 3}


def test_playbooks_in_a_circle_are_refused(runner: Runner) -> None:
    runner.write("child", PARENT.replace("ioc_removal.child", "ioc_removal.parent"))
    name = runner.write("parent", PARENT)
    with pytest.raises(DefinitionError, match="parent -> child -> parent"):
        runner.run(name, indicators=IOCS, kinds=["ipv4"])


RETRY = """
version: 1.0
description: Read, and again when it fails.
output:
  - names: "{{ ctx().names }}"
tasks:
  read:
    action: ioc_removal.cybertrace-suppliers-list
    retry: {count: 2, delay: 0}
    next:
      - when: "{{ succeeded() }}"
        publish:
          - names: "{{ result().result.outputs | map(attribute='name') | list }}"
"""


def test_retries_a_read(runner: Runner) -> None:
    runner.sandbox.misbehave(method="GET", status=400, times=2)
    record = runner.run(runner.write("retry", RETRY))
    assert "InternalTI" in record["output"]["names"]
    assert len(runner.sent("GET")) == 3


def test_a_run_that_ended_cannot_go_on(runner: Runner) -> None:
    record = runner.run("unmark-false-positives", indicators=["192.0.2.53"])
    settings = settings_from(runner.document, "the sandbox")
    with pytest.raises(ArgumentError, match="has ended"):
        resume_run(runner.database, INTEGRATION, settings, record["run"])


def test_keeps_its_text_and_no_secret(runner: Runner) -> None:
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    details = get_run(runner.database, record["run"]).details
    assert "cybertrace-indicators-delete" in details["texts"]["remove-iocs-after-triage"]
    runner.database.close()
    secrets = [
        connection["auth"][key]
        for connection in runner.document["connections"].values()
        for key in ("password", "secret_key")
        if key in connection["auth"]
    ]
    stored = b"".join(p.read_bytes() for p in runner.folder.rglob("*") if p.is_file())
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_an_indicator_file_fills_the_input(runner: Runner) -> None:
    path = runner.folder / "iocs.csv"
    path.write_text("indicator\n192.0.2[.]10\nhxxp://malware[.]example/payload.bin\nnot one\n")
    settings = settings_from(runner.document, "the sandbox")
    record, _ = run_playbook(
        runner.database,
        INTEGRATION,
        settings,
        "remove-iocs-after-triage",
        {},
        file=IndicatorFile(str(path)),
    )
    assert record["input"]["read"] == 3
    assert record["counts"] == {"removed": 4}
