"""A run that is cancelled sends nothing more, whatever it is at, and its numbers add up."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from holding import LONGEST, HoldingSandbox, holding
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.approval import approve
from ioc_removal.operations.call import call_action
from ioc_removal.operations.cancel import cancel_run
from ioc_removal.operations.history import resumable, run_record
from ioc_removal.operations.journal import Wanted, journal_rows
from ioc_removal.operations.resume import resume_run
from ioc_removal.operations.run import run_approved, run_playbook
from ioc_removal.operations.undo import undo_run
from ioc_removal.schema import Schema
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.cancelling import cancel, cancellation
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.plans import get_plan
from ioc_removal.store.runs import Requester, get_run
from ioc_removal.store.verification import Verification
from ioc_removal.trust.terms import Terms
from killing import Program, deletions
from postgresql import PostgreSQLServer
from written import REMOVING, RETRYING

INTEGRATION = load_integration()
SCHEMA = Schema(read("schemas/result.json"))
VALUES = [f"host{number}.example" for number in range(12)]
BY = Requester("anna", "root", "INC-1", "wrong file")
WHY = "cancelled by anna: wrong file"
PLAYBOOK = "remove-iocs-after-triage"
BOTH = ["InternalTI", "TriageFeed"]
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


def test_a_run_lets_what_is_in_flight_end_and_sends_nothing_more(site: Site) -> None:
    site.sandbox.hold("DELETE", skip=1)
    running = site.run()
    site.sandbox.has_come()
    cancelling = site.cancel()
    with (
        closing(Database(site.store)) as other,
        pytest.raises(ArgumentError, match=r"was cancelled already, at .*: cancelled by anna"),
    ):
        cancel_run(other, INTEGRATION, site.began.result(), BY)
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert running.result(LONGEST) == record
    asked = len(site.sandbox.requests)
    assert len(deletions(site.sandbox)) == 2
    expect_cancelled(site, record, removed=6, refused=6)
    assert record["result"] == "partial"
    with pytest.raises(ArgumentError, match="was cancelled already"):
        cancel_run(site.database, INTEGRATION, record["run"], BY)
    assert len(site.sandbox.requests) == asked
    undone, _ = undo_run(site.database, INTEGRATION, site.settings, record["run"])
    assert undone["counts"] == {"added": 6}
    assert sorted(site.sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]) == sorted(VALUES)


@pytest.mark.parametrize(("end", "nodes"), [("resume", 1), ("cancel", 1), ("cancel", 2)])
def test_a_run_that_was_killed_after_it_was_cancelled_is_only_ended(
    site: Site, tmp_path: Path, end: str, nodes: int
) -> None:
    program = Program(site.sandbox, tmp_path, items=3, store=site.store)
    (tmp_path / "iocs.txt").write_text("\n".join(VALUES))
    if nodes > 1:
        settings = json.loads((tmp_path / "settings.yml").read_text())
        url = settings["connections"]["cybertrace"].pop("url")
        both = [url, url.replace("127.0.0.1", "localhost")]
        settings["connections"]["cybertrace"]["nodes"] = both
        (tmp_path / "settings.yml").write_text(json.dumps(settings))
    site.sandbox.hold("DELETE", skip=1)
    process = program.run()
    site.sandbox.has_come()
    [run] = program.runs()
    cancel(site.database, run, BY)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    site.sandbox.go_on()
    while site.database.is_held(run):  # until its server knows that it is dead
        sleep(0.01)
    assert [one.run for one in resumable(site.database)] == [run]
    if end == "resume":
        record, _ = resume_run(site.database, INTEGRATION, site.settings, run)
    else:
        record, _ = cancel_run(site.database, INTEGRATION, run, BY)
    assert sum(record["counts"].values()) == nodes * len(VALUES)
    places = Counter((row["value"], row.get("node")) for row in record["outcomes"])
    assert set(places.values()) == {1}
    if nodes == 1:
        expect_cancelled(site, record, removed=3, refused=6, unknown=3)
        assert len(deletions(site.sandbox)) == 2
    else:
        assert len({node for _, node in places}) == nodes


def test_what_a_plan_names_is_told_of_to_the_last(site: Site) -> None:
    planned = site.run(terms=Terms(dry_run=True), suppliers=BOTH).result(LONGEST)
    site.began = Future()
    plan = get_plan(site.database, planned["plan"]["plan"])
    site.sandbox.hold("DELETE", skip=1)

    def apply() -> dict[str, Any]:
        with closing(Database(site.store)) as database:
            began = site.began.set_result
            return apply_plan(database, INTEGRATION, site.settings, plan, began=began)[0]

    applying = site.pool.submit(apply)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert applying.result(LONGEST) == record
    assert planned["counts"]["planned"] == 2 * len(VALUES)
    absent = record["counts"].get("absent", 0)  # of the other supplier, if that came first
    done = {
        name: count for name, count in {"removed": 6 - absent, "absent": absent}.items() if count
    }
    expect_cancelled(site, record, refused=2 * len(VALUES) - 6, **done)


def test_tasks_beside_each_other_let_what_each_has_in_flight_end(site: Site) -> None:
    site.document["connections"]["cybertrace"]["limits"] = {"items": 3, "in_flight": 2}
    path = site.folder / "beside.yml"
    path.write_text(BESIDE)
    site.sandbox.hold("DELETE", skip=1)  # whose answer shows that the credentials are right
    site.run(str(path))
    for _ in range(2):
        site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert len(deletions(site.sandbox)) == 3  # not what waited for its turn
    assert record["counts"].pop("refused") == 2 * len(VALUES) - 9
    assert sum(record["counts"].values()) == 9
    assert record["counts"].keys() <= {"removed", "absent"}


def test_of_many_chunks_no_other_is_begun(site: Site) -> None:
    site.document["connections"]["cybertrace"]["limits"] = {"items": 1, "in_flight": 1}
    values = [f"host{number}.example" for number in range(70)]  # three chunks
    site.sandbox.hold("DELETE", skip=1)
    site.run(values=values)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    expect_cancelled(site, cancelling.result(LONGEST), removed=2, refused=68)
    assert len(deletions(site.sandbox)) == 2


def test_what_was_only_to_be_planned_is_not_done_when_that_is_cancelled(site: Site) -> None:
    site.document["approval"] = {"approvers": ["bob"], "disarms": 1}
    site.sandbox.hold("GET")
    running = site.run(by=run_approved)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert running.result(LONGEST) == record
    expect_cancelled(site, record)
    assert not deletions(site.sandbox)
    assert site.database.rows("SELECT count(*) FROM runs") == [(1,)]


def test_workers_let_what_they_have_in_flight_end(
    sandbox: HoldingSandbox, postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    """Whoever has the two requests, which only one that is killed leaves unknown."""
    program = Program(sandbox, tmp_path, store=server_of(postgresql.database()))
    settings = json.loads((tmp_path / "settings.yml").read_text())
    for connection in settings["connections"].values():
        connection["limits"] = {"items": 1, "in_flight": 2}
    (tmp_path / "settings.yml").write_text(json.dumps(settings))
    names = [f"host{number}.example" for number in range(130)]  # three chunks
    (tmp_path / "iocs.txt").write_text("\n".join(names))
    sandbox.hold("DELETE", skip=1)
    worker = program.start("worker")
    assert worker.stdout is not None
    try:
        worker.stdout.readline()
        process = program.run()
        for _ in range(2):
            sandbox.has_come()
        [run] = program.runs()
        with closing(Database(program.store)) as database:
            cancel(database, run, BY)
            sandbox.go_on()
            process.communicate(timeout=LONGEST)
            assert process.returncode == 1
            record = shown(database, run)
            assert len(deletions(sandbox)) == 3
            assert record["counts"]["refused"] == len(names) - 3
            assert record["counts"].keys() <= {"refused", "removed", "absent"}
            assert record["status"] == "ended"
    finally:
        worker.terminate()
        worker.communicate(timeout=LONGEST)


def test_a_worker_ends_a_run_that_was_killed_after_it_was_cancelled(
    sandbox: HoldingSandbox, postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    program = Program(sandbox, tmp_path, items=3, store=server_of(postgresql.database()))
    (tmp_path / "iocs.txt").write_text("\n".join(VALUES))
    sandbox.hold("DELETE")
    process = program.run()
    sandbox.has_come()
    [run] = program.runs()
    with closing(Database(program.store)) as database:
        cancel(database, run, BY)
        process.kill()
        process.communicate(timeout=LONGEST)
        sandbox.go_on()
        worker = program.start("worker")
        assert worker.stdout is not None
        while json.loads(worker.stdout.readline())["event"] != "run ended here":
            pass
        worker.terminate()
        worker.communicate(timeout=LONGEST)
        record = shown(database, run)
        assert (record["status"], record["counts"]) == ("ended", {"refused": 9, "unknown": 3})
        assert len(deletions(sandbox)) == 1


def shown(database: Database, run: str) -> dict[str, Any]:
    return run_record(database, INTEGRATION.definitions, get_run(database, run))


def test_a_run_that_waits_for_a_person_is_ended_and_asks_nothing_more(site: Site) -> None:
    site.document["approval"] = {"approvers": ["bob"]}
    path = site.folder / "asking.yml"
    path.write_text(ASKING)
    waiting = site.run(str(path)).result(LONGEST)
    assert waiting["status"] == "waiting"
    record = site.cancel().result(LONGEST)
    expect_cancelled(site, record)
    assert record["result"] == "failed"
    with pytest.raises(ArgumentError, match="asks nothing now: it was cancelled by anna"):
        approve(site.database, site.settings, record["run"], Requester("bob", "bob"))
    assert not deletions(site.sandbox)


@pytest.mark.parametrize("what", ["request", "task", "person"])
def test_a_run_that_pauses_ends_soon(site: Site, what: str) -> None:
    """Each would last longer than the test."""
    path, more = site.folder / "pausing.yml", dict[str, Any]()
    if what == "request":
        site.sandbox.misbehave(method="DELETE", status=429, headers={"Retry-After": "250"}, times=9)
        path.write_text(REMOVING)
    elif what == "task":
        site.sandbox.misbehave(path="suppliers", method="GET", status=404, times=9)
        path.write_text(RETRYING)
    else:
        site.document["approval"] = {"approvers": ["bob"]}
        path.write_text(ASKING)
        asked = Future[None]()

        def attend(ask: Any) -> bool:
            asked.set_result(None)
            with closing(Database(site.store)) as database:
                while cancellation(database, ask.run) is None:
                    sleep(0.01)
            return True

        more = {"attend": attend}
    running = site.run(str(path), **more)
    run = site.began.result(LONGEST)
    if what == "person":
        asked.result(LONGEST)
    else:
        while not any(row["status"] in {429, 404} for row in site.sandbox.requests):
            assert not running.done(), running.result()
            sleep(0.01)
    record = site.cancel().result(LONGEST)
    assert running.result(LONGEST)["run"] == run
    counts = {"failed": 3, "refused": 9} if what == "request" else {}
    expect_cancelled(site, record, **counts)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_single_call_can_be_cancelled(site: Site, dry_run: bool) -> None:
    site.sandbox.hold("POST" if dry_run else "DELETE", skip=1)
    calling = site.call(dry_run=dry_run)
    site.sandbox.has_come()
    cancelling = site.cancel()
    if not dry_run:
        site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    site.sandbox.go_on()
    assert calling.result(LONGEST) == record
    name = "planned" if dry_run else "removed"
    done = record["counts"][name]
    expect_cancelled(site, record, **{name: done, "refused": len(VALUES) - done})
    assert set(Counter(row["value"] for row in record["outcomes"]).values()) == {1}


def test_an_undo_can_be_cancelled_and_its_rows_be_put_back_by_another(site: Site) -> None:
    run = site.run().result(LONGEST)["run"]
    site.began = Future()
    site.sandbox.hold("PUT", skip=1)

    def undo() -> dict[str, Any]:
        with closing(Database(site.store)) as database:
            record, _ = undo_run(
                database, INTEGRATION, site.settings, run, began=site.began.set_result
            )
            return record

    undoing = site.pool.submit(undo)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert undoing.result(LONGEST) == record
    done = record["counts"]["added"]
    expect_cancelled(site, record, added=done, refused=len(VALUES) - done)
    again, _ = undo_run(site.database, INTEGRATION, site.settings, run)
    assert again["counts"] == {"added": len(VALUES) - done}


def test_who_cancels_says_why_and_of_which_run(site: Site) -> None:
    done = site.run().result(LONGEST)["run"]
    for run, reason, said in (
        ("20990101-", "wrong", "there is no run '20990101-'"),
        (done, " ", "--reason: say why, in a few words"),
        (done, "wrong", r"has ended \((partial|succeeded)\): nothing is left to be cancelled"),
    ):
        by = Requester("anna", "root", None, reason)
        with pytest.raises(ArgumentError, match=said):
            cancel_run(site.database, INTEGRATION, run, by)
    assert get_run(site.database, done).details.get("cancelled") is None


BESIDE = """\
version: 1.0
input: [indicators]
tasks:
  begin:
    action: core.noop
    next:
      - do: [first, second]
  first:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx('indicators') }}"}
  second:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: TriageFeed, indicators: "{{ ctx('indicators') }}"}
"""
ASKING = """\
version: 1.0
input: [indicators]
tasks:
  ask:
    action: core.ask
    next:
      - when: "{{ succeeded() and result().response.continue }}"
        do: remove
      - when: "{{ not succeeded() or not result().response.continue }}"
        do: noop
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx('indicators') }}"}
"""
