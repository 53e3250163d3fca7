"""The command with settings of guards, and what it said of each indicator."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema

DELETE, UNMARK = "cybertrace-indicators-delete", "cybertrace-false-positives-unmark"
BY_ID, RULE = "secmaster-indicators-delete", "waf-ip-reputation-rule-delete"
SITE = "6d392034d94c4e8a95a78c98127453b6"
RULES = [f"11842c5779204842bfe51c3e8b7981c{letter}" for letter in "abcd"]
SCANNER = "909494e3-558e-46b6-a9eb-07a8e18ca62f"  # 192.0.2.10, Black
BAD = {"wildcard": "*.example.com", "suffix": "co.uk", "protected": "tux.example.com"}


@dataclass
class Said:
    """What a command said, and what was sent for it."""

    status: int
    out: str
    err: str
    sent: Sequence[Mapping[str, Any]]

    @property
    def record(self) -> dict[str, Any]:
        assert self.out, self.err
        record: dict[str, Any] = json.loads(self.out)
        assert not list(Schema(read("schemas/result.json")).problems(record))
        return record

    @property
    def outcomes(self) -> dict[str, str]:
        return {row.get("value", row.get("id")): row["outcome"] for row in self.record["outcomes"]}

    @property
    def reasons(self) -> dict[str, str]:
        rows = self.record["outcomes"]
        return {row.get("value", row.get("id")): row.get("reason", "") for row in rows}


class Desk:
    """A place to work: a sandbox, settings, a store."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.sandbox, self.folder, self._capsys = sandbox, folder, capsys
        self.guards()

    def guards(self, **guards: Any) -> None:
        document = {**self.sandbox.settings(), "guards": guards}
        (self.folder / "ioc-removal.yml").write_text(json.dumps(document))

    def __call__(self, *words: str) -> Said:
        before = len(self.sandbox.requests)
        status = main(words)
        said = self._capsys.readouterr()
        sent = [row for row in self.sandbox.requests[before:] if row["method"] == "DELETE"]
        return Said(status, said.out, said.err, sent)

    def remove(self, *values: str, supplier: str = "InternalTI", more: Sequence[str] = ()) -> Said:
        listed = json.dumps(values)
        given = ("--arg", f"supplier={supplier}", "--arg", f"indicators:={listed}")
        return self("call", DELETE, *given, "--json", *more)

    def remove_ids(self, *ids: str, more: Sequence[str] = ()) -> Said:
        return self("call", BY_ID, "--arg", f"batch_ids:={json.dumps(ids)}", "--json", *more)

    def remove_rule(self, rule: str, policy: str = SITE, more: Sequence[str] = ()) -> Said:
        given = ("--arg", f"policy_id={policy}", "--arg", f"rule_id={rule}")
        return self("call", RULE, *given, "--json", *more)


@pytest.fixture
def desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path, capsys)


def carried(said: Said) -> set[str]:
    """Return the values that were sent to CyberTrace."""
    return {row["indicator"] for request in said.sent for row in request["body"]}
