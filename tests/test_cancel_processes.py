"""A run that is cancelled while workers or a process that is killed have it is ended once."""

import json
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from cancelling import BY, INTEGRATION, VALUES, Site, expect_cancelled, sandbox, site
from holding import LONGEST, HoldingSandbox
from ioc_removal.operations.cancel import cancel_run
from ioc_removal.operations.history import resumable, run_record
from ioc_removal.operations.resume import resume_run
from ioc_removal.store.cancelling import cancel
from ioc_removal.store.database import Database
from ioc_removal.store.location import server_of
from ioc_removal.store.runs import get_run
from killing import Program, deletions
from postgresql import PostgreSQLServer

__all__ = ["sandbox", "site"]


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
