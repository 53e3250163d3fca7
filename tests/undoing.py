"""A sandbox and its store, where calls are undone, and the calls that tests undo."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from asking import POLICY, PROJECT, WORKSPACE
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.call import call_action
from ioc_removal.operations.undo import undo_run
from ioc_removal.outcome import Summary
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.terms import Terms

INTEGRATION = load_integration()
RESULT = Schema(read("schemas/result.json"))
PLACE = {"workspace_id": WORKSPACE, "project_id": PROJECT}
SHUT_OFF = "11842c5779204842bfe51c3e8b7981cd"
VALUES = ("192.0.2.10", "tux.example.com", "http://malware.example/payload.bin")
REMOVALS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace-indicators-delete": {"supplier": "InternalTI", "indicators": list(VALUES)},
    "cybertrace-false-positives-unmark": {
        "indicators": ["192.0.2.53", "example.com/testpage/*"],
        "unmark_detections": False,
    },
    "secmaster-indicators-delete": PLACE,
    "secmaster-indicators-close": PLACE,
    "waf-ip-reputation-rule-delete": {"policy_id": POLICY, "rule_id": SHUT_OFF},
}
# What no system takes back: its own ids and times.
OF_ITS_OWN = ("id", "create_time", "update_time", "timestamp", "dataclass_ref")


class Desk:
    """A sandbox with a store of its own, and what is done on it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.database = Database(folder / "store.db")
        self.document = sandbox.settings()
        self.notes: list[str] = []

    def call(self, name: str, arguments: Mapping[str, Any], **terms: Any) -> str:
        """Call an action and return its run."""
        system = name.partition("-")[0]
        settings = settings_from(self.document, "test")
        made = Connection(system, settings, INTEGRATION.systems[system])
        action = INTEGRATION.bind(name, made)
        record, _ = call_action(self.database, action, arguments, terms=Terms(**terms))
        made.hang_up()
        return str(record["run"])

    def undo(
        self, run: str, *indicators: str, send_again: bool = False, **terms: Any
    ) -> tuple[dict[str, Any], Summary]:
        settings = settings_from(self.document, "test")
        record, summary = undo_run(
            self.database,
            INTEGRATION,
            settings,
            run,
            indicators=indicators,
            send_again=send_again,
            terms=Terms(**terms),
            noted=self.notes.append,
        )
        assert not list(RESULT.problems(record))
        assert sum(record["counts"].values()) <= len(record["outcomes"])
        return record, summary

    def state(self) -> dict[str, Any]:
        """What the systems hold, in no order, without what no system takes back."""
        found = self.sandbox.state()
        return {
            "cybertrace": {
                (tenant, name): sorted(values)
                for tenant, suppliers in found["cybertrace"]["tenants"].items()
                for name, values in suppliers.items()
            },
            "secmaster": {w: alike(rows) for w, rows in found["secmaster"]["workspaces"].items()},
            "waf": {policy: alike(rows) for policy, rows in found["waf"]["policies"].items()},
        }

    def sent(self, *methods: str) -> int:
        """How many requests there were that change something."""
        return sum(
            row["method"] in methods and not row["target"].endswith(("/search", "/lookup"))
            for row in self.sandbox.requests
        )


def alike(rows: list[dict[str, Any]]) -> list[str]:
    """Return rows as texts in order, without what is of their own; empty is as good as none."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {k: plain(v) for k, v in value.items() if k not in OF_ITS_OWN}
            return {k: v for k, v in kept.items() if v not in ("", None)}
        return value

    return sorted(json.dumps(plain(row), sort_keys=True) for row in rows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path)


def arguments(desk: Desk, name: str) -> dict[str, Any]:
    given_ = dict(REMOVALS[name])
    if name.startswith("secmaster"):
        rows = desk.sandbox.state()["secmaster"]["workspaces"][WORKSPACE]
        given_["batch_ids"] = [row["id"] for row in rows[:13]]
    return given_


def outcomes(record: Mapping[str, Any]) -> Counter[str]:
    return Counter(row["outcome"] for row in record["outcomes"])
