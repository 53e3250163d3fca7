"""The command in a process that is killed in the midst of its deletions, and what they were."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ended import Ended, done
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from stores import long_ago

BATCH = 6
VALUES = [f"host{number}.example" for number in range(36)]  # six batches a system
LONGEST = 60.0  # seconds that a run may take before the test gives up


def seed_of(values: Sequence[str]) -> dict[str, Any]:
    """Return what the sandbox holds: some domains, in one supplier and in one workspace."""
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": [*values]}
    seed["secmaster"]["workspaces"] = {
        workspace: {"indicators": [{"value": value, "type": "Domain"} for value in values]}
        for workspace in list(seed["secmaster"]["workspaces"])[:1]
    }
    return seed


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed_of(VALUES)) as sandbox:
        sandbox.misbehave(method="DELETE", delay=0.03, times=1_000)
        yield sandbox


class Program:
    """The command, with one store and the sandbox's settings."""

    def __init__(
        self,
        sandbox: Sandbox,
        folder: Path,
        items: int = BATCH,
        store: Location | None = None,
        total_timeout: float = 5,  # after a kill a shared store waits as long for what is in flight
    ) -> None:
        settings = sandbox.settings()
        for connection in settings["connections"].values():
            connection["limits"] = {"items": items, "in_flight": 1}
            connection["total_timeout"] = total_timeout
        (folder / "settings.yml").write_text(json.dumps(settings))
        (folder / "iocs.txt").write_text("\n".join(VALUES))
        self.folder = folder
        self.store: Any = store or folder / "store.db"

    @property
    def options(self) -> Sequence[str]:
        return ["--settings", "settings.yml", "--store", str(self.store), "--json"]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "ioc_removal", *words, *self.options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> subprocess.Popen[str]:
        return self.start("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")

    def record(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, err = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, err
        record: dict[str, Any] = json.loads(out)
        return record

    def do(self, *words: str) -> Ended:
        """Do the command in this process, which neither dies of it nor is waited for."""
        return done(*words, *self.options, folder=self.folder)

    def done(self, *words: str) -> dict[str, Any]:
        """Do the command in this process, and return its record."""
        ended = self.do(*words)
        assert ended.status == 0, ended.err
        record: dict[str, Any] = ended.json
        return record

    def runs(self) -> list[str]:
        database = Database(self.store)
        rows = database.rows("SELECT run FROM runs ORDER BY started")
        database.close()
        return [run for (run,) in rows]

    def long_ago(self) -> None:
        """Let what was in flight have begun so long ago that nobody waits for it."""
        with closing(Database(self.store)) as database:
            long_ago(database)

    def finished(self) -> set[tuple[str, ...]]:
        """The items of the batches that count as finished in the store."""
        database = Database(self.store)
        query = (
            "SELECT b.items FROM batches b JOIN runs r ON r.run = b.run"
            " WHERE b.finished = 1 AND r.dry_run = 0"
        )
        rows = database.rows(query)
        database.close()
        return {tuple(json.loads(items)) for (items,) in rows}


def deletions(sandbox: Sandbox) -> list[tuple[str, ...]]:
    """What each DELETE carried, in order."""
    return [
        tuple(row["indicator"] for row in request["body"])
        if isinstance(request["body"], list)
        else tuple(request["body"]["batch_ids"])
        for request in sandbox.requests
        if request["method"] == "DELETE"
    ]


def killed_after(process: subprocess.Popen[str], sandbox: Sandbox, count: int) -> None:
    """Kill a process once the sandbox has seen so many deletions."""
    end = time.monotonic() + LONGEST
    while len(deletions(sandbox)) < count and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)


def expect_all_gone(sandbox: Sandbox, record: dict[str, Any]) -> None:
    state = sandbox.state()
    assert state["cybertrace"]["suppliers"]["InternalTI"] == []
    assert [left for left in state["secmaster"]["workspaces"].values() if left] == []
    assert record["result"] == "succeeded"
    assert sum(record["counts"].values()) == 2 * len(VALUES)
    lines = Counter((row["action"], row["value"]) for row in record["outcomes"])
    assert set(lines.values()) == {1}
    assert {row["outcome"] for row in record["outcomes"]} <= {"removed", "absent"}
    assert all(row.get("maybe_ours") for row in record["outcomes"] if row["outcome"] == "absent")
