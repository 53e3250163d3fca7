"""What is cancelled in the midst of a sandbox's answers, and what is expected of its record."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holding import LONGEST, HoldingSandbox, holding
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.call import call_action
from ioc_removal.operations.cancel import cancel_run
from ioc_removal.operations.history import resumable
from ioc_removal.operations.journal import Wanted, journal_rows
from ioc_removal.operations.run import run_playbook
from ioc_removal.schema import Schema
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.runs import Requester
from ioc_removal.store.verification import Verification
from ioc_removal.trust.terms import Terms

INTEGRATION = load_integration()
SCHEMA = Schema(read("schemas/result.json"))
VALUES = [f"host{number}.example" for number in range(12)]
BY = Requester("anna", "root", "INC-1", "wrong file")
WHY = "cancelled by anna: wrong file"
PLAYBOOK = "remove-iocs-after-triage"
DELETE = "cybertrace-indicators-delete"


@pytest.fixture
def sandbox() -> Iterator[HoldingSandbox]:
    with holding(VALUES) as sandbox:
        yield sandbox


class Site:
    """A store, and what is done on it in a thread, as another process would."""

    def __init__(self, sandbox: HoldingSandbox, store: Location, folder: Path) -> None:
        self.sandbox, self.store, self.folder = sandbox, store, folder
        self.document = sandbox.settings()
        for connection in self.document["connections"].values():
            connection["limits"] = {"items": 3, "in_flight": 1}
        self.database, self.pool = Database(store), ThreadPoolExecutor(2)
        self.began: Future[str] = Future()

    @property
    def settings(self) -> Settings:
        return settings_from(self.document, "the sandbox")

    def run(
        self,
        name: str = PLAYBOOK,
        suppliers: list[str] | None = None,
        values: list[str] = VALUES,
        by: Callable[..., Any] = run_playbook,
        **more: Any,
    ) -> Future[dict[str, Any]]:
        """Run a playbook in a thread."""

        def run() -> dict[str, Any]:
            inputs = {"indicators": values, **({"suppliers": suppliers} if suppliers else {})}
            with closing(Database(self.store)) as database:
                record: dict[str, Any]
                record, _ = by(
                    database, INTEGRATION, self.settings, name, inputs,
                    began=self.began.set_result, **more,
                )  # fmt: skip
                return record

        return self.pool.submit(run)

    def call(self, *, dry_run: bool) -> Future[dict[str, Any]]:
        """Call an action in a thread."""

        def call() -> dict[str, Any]:
            with closing(Database(self.store)) as database:
                connection = self.connection("cybertrace")
                record, _ = call_action(
                    database, INTEGRATION.bind(DELETE, connection),
                    {"supplier": "InternalTI", "indicators": VALUES},
                    terms=Terms(dry_run=dry_run, lookup=True), began=self.began.set_result,
                )  # fmt: skip
                return record

        return self.pool.submit(call)

    def connection(self, system: str) -> Any:
        from ioc_removal.connection import Connection

        return Connection(system, self.settings, INTEGRATION.systems[system])

    def cancel(self) -> Future[dict[str, Any]]:
        """Cancel what began, in a thread, and return once that is kept."""
        run, kept = self.began.result(LONGEST), Future[str]()
        done = self.pool.submit(
            lambda: cancel_run(self.database, INTEGRATION, run, BY, noted=kept.set_result)[0]
        )
        assert f"the run {run} is cancelled: nothing more is sent" in kept.result(LONGEST)
        return done


@pytest.fixture
def site(sandbox: HoldingSandbox, store: Location, tmp_path: Path) -> Iterator[Site]:
    site = Site(sandbox, store, tmp_path)
    yield site
    sandbox.go_on()
    site.pool.shutdown()
    site.database.close()


def expect_cancelled(site: Site, record: dict[str, Any], **counts: int) -> None:
    """The run has ended, with these counts, and its journal has who cancelled it."""
    assert record["counts"] == counts
    assert record["status"] == "ended"
    assert record["cancelled"]["actor"] == "anna"
    assert [row["error"] for row in record["errors"]] == ["CancelledError"]
    refused = [row for row in record["outcomes"] if row["outcome"] == "refused"]
    assert {row["reason"] for row in refused} <= {WHY}
    assert not list(SCHEMA.problems(json.loads(json.dumps(record))))
    verdict = Verification(site.database).verify()
    assert verdict.intact, verdict.problems
    rows = journal_rows(site.database, Wanted(run=record["run"]))
    [told] = [row for row in rows if row["action"] == "cancel"]
    assert (told["outcome"], told["actor"], told["why"]) == ("cancelled", "anna", "wrong file")
    assert not resumable(site.database)
