"""Workers and a run on one store: what they tell, and what all of them must have done once."""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from killing import LONGEST, Program, deletions

VALUES = [f"host{number}.example" for number in range(66)]  # nine chunks, of eight requests


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(VALUES)}
    with Sandbox(seed) as sandbox:
        sandbox.misbehave(method="DELETE", delay=0.01, times=1_000)
        yield sandbox


class Site(Program):
    """A run and workers on one store, whose requests may take six seconds."""

    def __init__(self, sandbox: Sandbox, store: Location, folder: Path) -> None:
        super().__init__(sandbox, folder, items=1, store=store)
        file = folder / "settings.yml"
        settings = json.loads(file.read_text())
        for connection in settings["connections"].values():
            connection["total_timeout"] = 6
        file.write_text(json.dumps(settings))
        (folder / "iocs.txt").write_text("\n".join(VALUES))
        self.workers: list[subprocess.Popen[str]] = []

    def work(self, *words: str) -> "subprocess.Popen[str]":
        worker = self.start("worker", *words)
        self.workers.append(worker)
        assert worker.stdout is not None
        assert json.loads(worker.stdout.readline())["event"] == "working"
        return worker

    def ended(self) -> str:
        """Wait until the last run has ended, and return it."""
        end = time.monotonic() + LONGEST
        database = Database(self.store)
        try:
            while time.monotonic() < end:
                rows = database.rows("SELECT run, status FROM runs ORDER BY started DESC LIMIT 1")
                if rows and rows[0][1] == "ended":
                    return str(rows[0][0])
                time.sleep(0.05)
        finally:
            database.close()
        raise AssertionError("the run did not end")

    def stop(self) -> list[list[dict[str, Any]]]:
        """Let the workers finish, and return what each told."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        told = [worker.communicate(timeout=LONGEST)[0] for worker in self.workers]
        return [[json.loads(line) for line in text.splitlines()] for text in told]


@pytest.fixture
def site(sandbox: Sandbox, shared: Location, tmp_path: Path) -> Iterator[Site]:
    site = Site(sandbox, shared, tmp_path)
    yield site
    for worker in site.workers:
        worker.kill()
        worker.communicate()


def until(sandbox: Sandbox, count: int) -> None:
    """Wait until the sandbox has seen so many deletions."""
    end = time.monotonic() + LONGEST
    while len(deletions(sandbox)) < count:
        assert time.monotonic() < end
        time.sleep(0.005)


def heard(worker: "subprocess.Popen[str]", count: int) -> list[dict[str, Any]]:
    """Return the next events of a worker."""
    assert worker.stdout is not None
    assert worker.stderr is not None

    def end() -> None:
        worker.send_signal(signal.SIGUSR1)  # where its threads are
        time.sleep(1)
        worker.kill()

    too_long = Timer(LONGEST, end)
    too_long.start()
    lines = [worker.stdout.readline() for _ in range(count)]
    too_long.cancel()
    assert all(lines), "".join(lines) + worker.stderr.read()
    return [json.loads(line) for line in lines]


def expect_once(record: dict[str, Any]) -> None:
    assert record["result"] == "succeeded"
    lines = Counter((row["action"], row["value"]) for row in record["outcomes"])
    assert set(lines.values()) == {1}
    assert {value for _, value in lines} == set(VALUES)
    gone = [row for row in record["outcomes"] if row["action"].startswith("cybertrace")]
    assert {row["outcome"] for row in gone} <= {"removed", "absent"}
    assert all(row.get("maybe_ours") for row in gone if row["outcome"] == "absent")
