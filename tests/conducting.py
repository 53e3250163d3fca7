"""Playbooks run on a sandbox with a store of their own, and what was sent for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.integration import load_integration
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.trust.terms import Terms

INTEGRATION = load_integration()
IOCS = ["192.0.2.10", "malware.example", "nowhere.example"]


class Runner:
    """Runs playbooks on a sandbox, with a store of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, store: Location) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.document = sandbox.settings()
        self.database = Database(store)
        self.status = -1

    def run(self, name: str, *, dry_run: bool = False, **inputs: Any) -> dict[str, Any]:
        settings = settings_from(self.document, "the sandbox")
        record, summary = run_playbook(
            self.database, INTEGRATION, settings, name, inputs, terms=Terms(dry_run=dry_run)
        )
        self.status = exit_status(summary, [error["error"] for error in record["errors"]])
        json.dumps(record)
        return record

    def write(self, name: str, text: str) -> str:
        path = self.folder / f"{name}.yml"
        path.write_text(text)
        return str(path)

    def sent(self, method: str = "DELETE") -> list[dict[str, Any]]:
        return [request for request in self.sandbox.requests if request["method"] == method]


@pytest.fixture
def runner(tmp_path: Path, store: Location) -> Iterator[Runner]:
    with Sandbox() as sandbox:
        runner = Runner(sandbox, tmp_path, store)
        yield runner
        runner.database.close()
