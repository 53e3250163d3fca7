"""`show` of a run that is not done says why, to a person and to a program, from the store alone."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from holding import LONGEST, HoldingSandbox, holding
from ioc_removal.cli import main
from ioc_removal.loader import read
from ioc_removal.schema import Schema
from ioc_removal.store.cancelling import cancel
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.pauses import pauses_of
from ioc_removal.store.runs import PLAYBOOK, Requester, begin_run
from killing import Program
from postgresql import PostgreSQLServer
from written import REMOVING, RETRYING

SCHEMA = Schema(read("schemas/result.json"))
VALUES = [f"host{number}.example" for number in range(12)]
TASK = "remove_from_cybertrace[0]"


@pytest.fixture
def sandbox() -> Iterator[HoldingSandbox]:
    with holding(VALUES) as sandbox:
        yield sandbox


class Site(Program):
    """Runs in processes of their own, and what `show` says of them."""

    said: Callable[[], Any]

    def shown(self, run: str) -> tuple[str, dict[str, Any]]:
        """Return what it says to a person and to a program."""
        words = ["show", run, "--store", str(self.store), "--settings", "/dev/null"]
        assert main(words) == 0
        text = self.said().out
        assert main([*words, "--json"]) == 0
        record: dict[str, Any] = json.loads(self.said().out)
        assert not list(SCHEMA.problems(record))
        return text, record


@pytest.fixture
def made(
    sandbox: HoldingSandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Site]:
    """Make a site on a store."""

    def make(store: Location, items: int = 3) -> Site:
        site = Site(sandbox, tmp_path, items=items, store=store)
        (tmp_path / "iocs.txt").write_text("\n".join(VALUES))
        site.said = capsys.readouterr
        return site

    return make


def test_it_loads_no_engine(tmp_path: Path) -> None:
    (tmp_path / "dbos.py").write_text("raise RuntimeError('the engine was loaded')\n")
    with closing(Database(tmp_path / "store.db")) as database:
        run = begin_run(database, PLAYBOOK, "p", dry_run=False, details={})
    words = (sys.executable, "-m", "ioc_removal", "show", run, "--store", "store.db")
    here = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run(words, cwd=tmp_path, env=here, capture_output=True, check=True)
    assert b"it stopped while its input was read, and sent nothing: start it anew" in said.stdout


def test_a_run_at_work_stopped_and_gone_on_with(
    sandbox: HoldingSandbox, made: Callable[..., Site], store: Location
) -> None:
    site = made(store)
    sandbox.hold("DELETE", skip=1)
    process = site.run()
    sandbox.has_come()
    [run] = site.runs()

    text, record = site.shown(run)
    assert f"held by    process {process.pid} on " in text
    assert f"in flight: 1 batch of {TASK}, since " in text.splitlines()[-2]
    [call] = [row for row in record["calls"] if row["call"] == TASK]
    since = call["in_flight"]["since"]
    assert (call["batches"], call["finished"], call["tries"]) == (4, 1, 2)
    assert call["counts"] == {"removed": 3}
    assert record["now"]["in_flight"] == [{"call": TASK, "batches": 1, "since": since}]
    assert record["now"]["held_by"].startswith(f"process {process.pid} on ")

    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    sandbox.go_on()
    text, record = site.shown(run)
    assert "result     stopped" in text
    assert text.splitlines()[-1] == f"so far 3 removed · run {run}"
    assert "stopped: no process has it, and nothing was recorded since " in text
    assert f"in doubt: 1 batch of {TASK}, sent at {since} or later" in text
    goes_on = f"`ioc-removal resume {run}` {'goes on' if isinstance(store, Path) else 'does'}"
    assert f"{goes_on}; `ioc-removal cancel {run} --reason" in text
    assert "held_by" not in record["now"]

    site.done("resume", run)
    text, record = site.shown(run)
    assert f"resumed    {record['resumed'][0]['at']} by " in text
    [call] = [row for row in record["calls"] if row["call"] == TASK]
    assert (call["finished"], call["tries"]) == (4, 5)
    assert "now" not in record
    assert not any(word in text for word in ("in doubt", "in flight", "held by", "not done"))


@pytest.mark.parametrize("what", ["request", "task"])
def test_a_run_that_pauses(
    what: str, sandbox: HoldingSandbox, tmp_path: Path, made: Callable[..., Site], store: Location
) -> None:
    site = made(store)
    (tmp_path / "own.yml").write_text(RETRYING if what == "task" else REMOVING)
    if what == "request":
        settings = json.loads((tmp_path / "settings.yml").read_text())
        settings["connections"]["cybertrace"]["total_timeout"] = 300
        (tmp_path / "settings.yml").write_text(json.dumps(settings))
    fault = {"status": 404, "method": "GET"}
    if what == "request":
        fault = {"status": 429, "method": "DELETE", "headers": {"Retry-After": "250"}}
    sandbox.misbehave(path="suppliers", times=9, **fault)
    process = site.start("run", "own.yml", "--indicators", "iocs.txt")
    until(lambda: any(row["status"] in {404, 429} for row in sandbox.requests))
    [run] = site.runs()
    with closing(Database(site.store)) as database:
        until(lambda: bool(pauses_of(database, run)))
        text, record = site.shown(run)
        cancel(database, run, Requester("anna", "root", None, "wrong file"))
    [pause] = record["now"]["pauses"]
    assert ("last begun: list, at " in text) == (what == "task")
    assert f"it waits ({pause['what']}, until {pause['until']}): {pause['why']}" in text
    name, why = {"request": ("cybertrace", "429"), "task": ("pause 1", "tried again")}[what]
    assert pause["what"] == name
    assert why in pause["why"]
    process.communicate(timeout=LONGEST)
    text, record = site.shown(run)
    assert "cancelled by anna at " in text.splitlines()[-2 if what == "task" else -4]
    assert record["cancelled"]["reason"] == "wrong file"
    assert what == "task" or "\nnot done: 9 refused: cancelled by anna: wrong file\n" in text


def test_a_worker_at_a_part_of_a_run(
    sandbox: HoldingSandbox,
    tmp_path: Path,
    made: Callable[..., Site],
    shared: Location,
) -> None:
    site = made(shared, items=1)
    (tmp_path / "iocs.txt").write_text("\n".join(f"host{number}.example" for number in range(70)))
    sandbox.hold("DELETE")
    process = site.run()
    sandbox.has_come()  # it has the only place of the connection
    [run] = site.runs()
    worker = site.start("worker")
    try:
        with closing(Database(site.store)) as database:
            until(lambda: bool(pauses_of(database, run)))
        text, record = site.shown(run)
    finally:
        for one in (process, worker):
            one.kill()
            one.communicate(timeout=LONGEST)
    holders = {row["first"]: row["held_by"] for row in record["now"]["chunks"]}
    assert holders[0].startswith(f"process {process.pid} on ")
    assert any(by.startswith(f"process {worker.pid} on ") for by in holders.values())
    own = rf"shared: batches 0 to \d+ of {re.escape(TASK)}, in process {process.pid} on "
    assert re.search(own, text)
    assert "it waits (cybertrace, until " in text
    assert "for a turn: all processes together" in text


def until(holds: Callable[[], bool]) -> None:
    for _ in range(int(LONGEST / 0.02)):
        if holds():
            return
        sleep(0.02)
    raise AssertionError("it does not come")


def test_a_run_that_did_not_do_all_says_how_to_go_on(
    sandbox: HoldingSandbox, made: Callable[..., Site], store: Location
) -> None:
    site = made(store)
    sandbox.misbehave(system="cybertrace", method="DELETE", status=403, times=1)
    site.run().communicate(timeout=LONGEST)
    [run] = site.runs()
    text, record = site.shown(run)
    assert record["result"] == "partial"
    assert f"\n`ioc-removal retry {run} --not-done` tries again what it did not do" in text

    again = site.record(site.start("retry", run, "--not-done"))["run"]
    text, _ = site.shown(run)
    assert f"\nrun {again} tried again what it did not do: `ioc-removal show {again}`\n" in text
    assert "retry" not in site.shown(again)[0].splitlines()[-2]


def test_a_run_that_was_left_to_a_worker_is_not_told_as_one_that_stopped(
    made: Callable[..., Site], postgresql: PostgreSQLServer
) -> None:
    site = made(server_of(postgresql.database()))
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--detach")
    run = site.record(site.start(*words))["run"]
    text, _ = site.shown(run)
    assert "\nit was left to a worker, and none has it: it waits for one since " in text
    assert "\na worker that has its connections (cybertrace, secmaster) goes on with it, as" in text
