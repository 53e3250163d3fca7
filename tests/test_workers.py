"""Workers share a run's removals, take over from whoever dies, and keep the limits together."""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Lock, Timer
from typing import Any

import pytest

from ioc_removal.playbooks.chunking import LEAST
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.turns import OwnPlaces, StoreTurns
from killing import LONGEST, Program, deletions
from postgresql import PostgreSQLServer
from written import FROM_SECMASTER, TWICE

EVERYWHERE = (
    """
version: 1.0
input: [indicators]
output: [{told: "{{ ctx().one + ctx().other }}"}]
tasks:
  cybertrace:
    with: supplier in {{ ['InternalTI', 'TriageFeed'] }}
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: "{{ item('supplier') }}", indicators: "{{ ctx().indicators }}"}
    next:
      - publish: [{one: "{{ result() | map(attribute='result.counts') | map('dictsort')
          | sum(start=[]) | map('last') | sum }}"}]
        do: told
"""
    + FROM_SECMASTER
)
VALUES = [f"host{number}.example" for number in range(66)]  # nine chunks, of eight requests
IN_FLIGHT = 1
FROM_FILE = ("--indicators", "iocs.txt")


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


def test_workers_share_a_run_and_stop_when_told(site: Site, sandbox: Sandbox) -> None:
    site.work()
    site.work("--serve", "cybertrace")
    record = site.record(site.run())
    told = site.stop()
    assert set(Counter(deletions(sandbox)).values()) == {1}
    expect_once(record)
    chunks = [row for one in told for row in one if row["event"] == "chunk done"]
    assert chunks
    assert len({(row["call"], row["first"]) for row in chunks}) == len(chunks)
    assert {row["connection"] for row in chunks} <= {"cybertrace"}
    assert [worker.returncode for worker in site.workers] == [0, 0]
    assert [one[-1]["event"] for one in told] == ["stopped", "stopped"]


def test_a_worker_takes_over_from_a_run_and_a_worker_that_died(
    site: Site, sandbox: Sandbox
) -> None:
    first = site.work("--chunks", "1")  # in each process one batch is under way
    process = site.run()
    until(sandbox, 10)
    process.kill()
    first.kill()
    process.communicate()
    site.long_ago()
    site.work()
    run = site.ended()
    record = site.done("show", run)
    assert sum(times - 1 for times in Counter(deletions(sandbox)).values()) <= 2 * IN_FLIGHT
    expect_once(record)


def test_what_two_tasks_remove_at_once_by_a_plan_is_sent_once_by_workers(
    site: Site, sandbox: Sandbox
) -> None:
    (site.folder / "p.yml").write_text(TWICE)
    words = ("run", "p.yml", "--indicators", "iocs.txt")
    plan = site.done(*words, "--dry-run")["plan"]["plan"]
    site.work()
    site.work()
    record = site.done("run", "--plan", plan)
    told = site.stop()
    assert record["counts"] == {"removed": len(VALUES)}
    assert set(Counter(deletions(sandbox)).values()) == {1}
    again = [row for row in record["outcomes"] if (row.get("reason") or "").startswith("done once")]
    assert len(again) == len(VALUES)
    assert {row["event"] for one in told for row in one} > {"chunk done"}


def test_branches_and_items_at_once_add_up_when_a_worker_is_killed(
    shared: Location, tmp_path: Path
) -> None:
    seed = default_seed()
    suppliers = seed["cybertrace"]["suppliers"]
    suppliers["InternalTI"] = {"indicators": list(VALUES)}
    suppliers["TriageFeed"] = {"indicators": list(VALUES)}
    workspace = next(iter(seed["secmaster"]["workspaces"]))
    rows = [{"value": value, "type": "Domain"} for value in VALUES]
    seed["secmaster"]["workspaces"] = {workspace: {"indicators": rows}}
    with Sandbox(seed) as sandbox:
        sandbox.misbehave(method="DELETE", delay=0.01, times=1_000)
        site = Site(sandbox, shared, tmp_path)
        (tmp_path / "p.yml").write_text(EVERYWHERE)
        try:
            first = site.work("--chunks", "2")
            site.work()
            process = site.start("run", "p.yml", "--indicators", "iocs.txt")
            until(sandbox, 30)
            first.kill()
            site.long_ago()
            record = site.record(process)
            told = site.stop()
        finally:
            for worker in site.workers:
                worker.kill()
                worker.communicate()
        sent = Counter(
            (request["target"], json.dumps(request["body"]))
            for request in sandbox.requests
            if request["method"] == "DELETE"
        )
        left = sandbox.state()
    assert record["result"] == "succeeded"
    assert sum(record["counts"].values()) == 3 * len(VALUES)
    assert set(record["counts"]) <= {"removed", "absent"}
    assert len(sent) == 3 * len(VALUES)
    assert sum(sent.values()) - len(sent) <= 2  # as many chunks as the killed one was at
    assert record["output"]["told"] == 3 * len(VALUES)
    assert not left["cybertrace"]["suppliers"]["TriageFeed"]
    assert not left["secmaster"]["workspaces"][workspace]
    assert {row["connection"] for row in told[1] if row["event"] == "chunk done"} == {
        "cybertrace",
        "secmaster",
    }


def test_a_worker_that_is_told_twice_to_stop_leaves_at_once(site: Site, sandbox: Sandbox) -> None:
    begun = site.record(site.start("run", "remove-iocs-after-triage", *FROM_FILE, "--detach"))
    sandbox.behave()
    sandbox.misbehave(method="DELETE", delay=LONGEST, times=1_000)
    worker = site.work()
    until(sandbox, 1)
    worker.send_signal(signal.SIGTERM)
    while heard(worker, 1)[0]["event"] != "stopping":
        pass
    worker.send_signal(signal.SIGTERM)
    out, _ = worker.communicate(timeout=LONGEST)
    assert worker.returncode == 130
    assert json.loads(out.splitlines()[-1])["event"] == "left"
    sandbox.behave()
    site.work()
    assert site.ended() == begun["run"]
    expect_once(site.record(site.start("show", begun["run"])))


def test_a_run_that_is_left_to_a_worker_is_done_by_it(site: Site, sandbox: Sandbox) -> None:
    words = ("run", "remove-iocs-after-triage", *FROM_FILE, "--detach")
    for more, said in (("--wait", "nobody stays"), ("--dry-run", "a plan is made here")):
        assert f"--detach: goes without {more}: {said}" in site.do(*words, more).err
    begun = site.done(*words, "--request-id", "INC-1")
    assert (begun["status"], begun["outcomes"], deletions(sandbox)) == ("running", [], [])
    again = site.done(*words, "--request-id", "INC-1")
    assert again["run"] == begun["run"]
    site.work("--verbose")
    assert site.ended() == begun["run"]
    record = site.done("show", begun["run"])
    expect_once(record)
    assert set(Counter(deletions(sandbox)).values()) == {1}
    [told] = site.stop()
    batches = [row for row in told if row["event"] == "batch"]
    assert len(batches) == len(VALUES)
    chunks = [row for row in told if row["event"] == "chunk done"]
    assert len(chunks) > len(VALUES) // LEAST // 2  # the run's own process leaves them to it
    assert {row["run"] for row in batches} == {begun["run"]}
    site.store = site.folder / "store.db"
    assert "--detach needs a store that it can share" in site.do(*words).err


def test_a_run_does_the_rest_itself_when_its_worker_is_told_to_stop(
    site: Site, sandbox: Sandbox
) -> None:
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--detach")
    site.work("--chunks", "1")
    run = site.record(site.start(*words))["run"]
    until(sandbox, 10)
    [told] = site.stop()
    assert site.ended() == run
    expect_once(site.record(site.start("show", run)))
    assert set(Counter(deletions(sandbox)).values()) == {1}
    done = [row for row in told if row["event"] == "chunk done"]
    assert 0 < len(done) < len(VALUES) // LEAST


def test_a_worker_with_other_settings_takes_nothing(site: Site, sandbox: Sandbox) -> None:
    file = site.folder / "settings.yml"
    text = file.read_text()
    with Sandbox() as other:
        file.write_text(json.dumps(other.settings()))
        site.work()
        file.write_text(text)
        process = site.run()
        until(sandbox, 5)
        process.kill()
        process.communicate()
        site.long_ago()
        time.sleep(1)  # long enough to take something
        assert not other.requests
        [told] = site.stop()
    assert {row["event"] for row in told} == {"stopping", "stopped"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE batches SET items = '[\"victim.example\"]' WHERE batch = 65", "yet to do"),
        ("UPDATE chunks SET action = 'cybertrace-indicators-add' WHERE first > 0", "table chunks"),
    ],
)
def test_a_worker_sends_nothing_of_what_was_changed_by_hand(
    site: Site, sandbox: Sandbox, change: str, said: str
) -> None:
    sandbox.behave()
    sandbox.misbehave(method="DELETE", delay=2, times=200)  # the run is at its first chunk
    process = site.run()
    until(sandbox, 1)
    database = Database(site.store)
    with database.transaction() as transaction:
        transaction.execute(change)
    told = heard(site.work(), 16)  # of each chunk that it is taken, and what became of it
    assert Counter(row["event"] for row in told) == {"chunk taken": 8, "chunk given up": 8}
    told = [row for row in told if row["event"] == "chunk given up"]
    assert all("changed by hand" in row["error"] and said in row["error"] for row in told)
    sandbox.behave()
    out, _ = process.communicate(timeout=LONGEST)
    record = json.loads(out)
    assert record["result"] == "partial"
    assert said in record["errors"][0]["message"]
    assert ("victim.example",) not in deletions(sandbox)
    assert record["counts"]["refused"] >= 50
    database.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store", "store.db"), "a worker needs a store that it can share"),
        (("--serve", "nowhere"), "there is no connection 'nowhere' in settings.yml"),
        (("--chunks", "0"), "--chunks: 0 is not 1 or more"),
        (("--in-flight", "0"), "--in-flight: 0 is not 1 or more"),
    ],
)
def test_a_worker_that_cannot_work_says_why(site: Site, words: tuple[str, ...], said: str) -> None:
    if "--store" in words:
        site.store, words = site.folder / "store.db", ()
    refused = site.do("worker", *words)
    assert refused.status == 2
    assert said in refused.err


def most_in_flight(location: Location, in_flight: int, own: OwnPlaces | None = None) -> int:
    """Let eight threads, each with a session, send at a place; return how many did so at once."""
    now = most = 0
    lock = Lock()

    def many(_: int) -> None:
        nonlocal now, most
        database = Database(location)
        turns = StoreTurns(database, "a place", in_flight, None, own.at("a place") if own else None)
        for _ in range(5):
            with turns.turn(lambda: None):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.01)
                with lock:
                    now -= 1
        database.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))
    return most


def test_the_requests_in_flight_hold_as_a_sum(postgresql: PostgreSQLServer) -> None:
    assert most_in_flight(server_of(postgresql.database()), 3) == 3


def test_what_is_in_flight_from_one_process_may_be_less(postgresql: PostgreSQLServer) -> None:
    own = OwnPlaces(2)
    assert most_in_flight(server_of(postgresql.database()), 8, own) == 2
    assert own.at("another place") is not own.at("a place")
    assert OwnPlaces().at("a place") is None


def test_moments_to_start_are_given_out_one_by_one(postgresql: PostgreSQLServer) -> None:
    location = server_of(postgresql.database())
    one, other = Database(location), Database(location)
    waits = [
        database.seconds_until_turn("a place", 10.0) for _ in range(3) for database in (one, other)
    ]
    assert waits[0] == pytest.approx(0, abs=1)
    assert all(later - earlier > 5 for earlier, later in pairwise(waits))
    one.close()
    other.close()
