"""A run that is killed goes on where it was, and no finished batch is sent again."""

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from ioc_removal.playbooks.engine import REPLAY_VERSION
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.engine_place import SCHEMA
from ioc_removal.store.location import Location, server_of
from killing import LONGEST, VALUES, Program, deletions, expect_all_gone, killed_after, sandbox
from postgresql import PostgreSQLServer

__all__ = ["sandbox"]


@pytest.mark.parametrize(  # in either system; `make kills` kills at random moments
    ("store", "count"),
    [("sqlite", 1), ("sqlite", 7), ("postgresql", 4), ("postgresql", 9)],
    indirect=["store"],
)
def test_goes_on_after_a_kill(
    sandbox: Sandbox, tmp_path: Path, store: Location, count: int
) -> None:
    program = Program(sandbox, tmp_path, store=store)
    killed_after(program.run(), sandbox, count)
    program.long_ago()
    before, finished = deletions(sandbox), program.finished()

    record = program.done("resume")

    again = deletions(sandbox)[len(before) :]
    assert finished.isdisjoint(again), "a finished batch was sent again"
    assert sum(times - 1 for times in Counter(before + again).values()) <= 1
    expect_all_gone(sandbox, record)


def planned(program: Program) -> str:
    """Make a plan of the run, and return its id; nothing is removed."""
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--dry-run")
    plan: str = program.done(*words)["plan"]["plan"]
    return plan


@pytest.mark.parametrize("count", [2, 9])  # in either system
def test_a_plan_goes_on_after_a_kill(sandbox: Sandbox, tmp_path: Path, count: int) -> None:
    program = Program(sandbox, tmp_path)
    plan = planned(program)
    killed_after(program.start("run", "--plan", plan), sandbox, count)
    before, finished = deletions(sandbox), program.finished()

    record = program.done("resume")

    again = deletions(sandbox)[len(before) :]
    assert sum(times - 1 for times in Counter(before + again).values()) <= 1
    assert finished.isdisjoint(again)
    expect_all_gone(sandbox, record)
    assert record["plan"]["plan"] == plan
    seen = len(deletions(sandbox))
    assert program.do("run", "--plan", plan).status == 2
    assert len(deletions(sandbox)) == seen, "a plan that was used up was applied again"


@pytest.mark.parametrize(
    ("store", "count"), [("sqlite", 31), ("postgresql", 67)], indirect=["store"]
)
def test_goes_on_between_chunks(
    sandbox: Sandbox, tmp_path: Path, store: Location, count: int
) -> None:
    # 36 batches, of which 30 make a chunk
    program = Program(sandbox, tmp_path, items=1, store=store)
    killed_after(program.run(), sandbox, count)
    program.long_ago()
    finished, seen = program.finished(), len(deletions(sandbox))
    record = program.done("resume")
    assert finished.isdisjoint(deletions(sandbox)[seen:])
    expect_all_gone(sandbox, record)


def test_goes_on_between_shared_chunks_after_an_interruption(
    sandbox: Sandbox, tmp_path: Path, postgresql: PostgreSQLServer
) -> None:
    program = Program(sandbox, tmp_path, items=1, store=server_of(postgresql.database()))
    process = program.run()
    while len(deletions(sandbox)) < 2:
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LONGEST)
    expect_all_gone(sandbox, program.done("resume"))


def test_survives_several_kills(sandbox: Sandbox, tmp_path: Path, store: Location) -> None:
    program = Program(sandbox, tmp_path, store=store)
    killed_after(program.run(), sandbox, 2)
    for count in (4, 9):
        program.long_ago()
        finished, seen = program.finished(), len(deletions(sandbox))
        killed_after(program.start("resume"), sandbox, count)
        assert finished.isdisjoint(deletions(sandbox)[seen:])
    expect_all_gone(sandbox, program.done("resume"))


def test_a_run_of_another_version_is_left_alone(
    sandbox: Sandbox, tmp_path: Path, store: Location
) -> None:
    program = Program(sandbox, tmp_path, store=store)
    killed_after(program.run(), sandbox, 2)
    program.long_ago()
    seen, [run] = len(deletions(sandbox)), program.runs()
    database = Database(store)
    connection = database.session()
    if not database.is_shared:
        connection.execute(f"ATTACH '{store}.engine' AS {SCHEMA}")
    set_version = f"UPDATE {SCHEMA}.workflow_status SET application_version = "
    connection.execute(f"{set_version}'1.{run}'")
    connection.commit()

    refused = program.do("resume")
    assert refused.status == 2, refused.err
    other = f"the run {run} was begun by another version of this program (1, this is "
    assert other in refused.err
    assert len(deletions(sandbox)) == seen

    connection.execute(f"{set_version}'{REPLAY_VERSION}.{run}'")  # the program that began it
    connection.commit()
    connection.close()
    database.close()
    expect_all_gone(sandbox, program.done("resume"))


def test_says_that_a_run_is_alive(sandbox: Sandbox, tmp_path: Path, store: Location) -> None:
    program = Program(sandbox, tmp_path, store=store)
    process = program.run()
    while not deletions(sandbox):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)  # alive, and not done before it is looked at
    try:
        refused = program.do("resume", program.runs()[0])
    finally:
        process.send_signal(signal.SIGCONT)
    assert refused.status == 2
    assert f"the run {program.runs()[0]} is alive, in process {process.pid}" in refused.err
    expect_all_gone(sandbox, program.record(process))


def test_two_runs_on_one_store_keep_apart(
    sandbox: Sandbox, tmp_path: Path, store: Location
) -> None:
    program = Program(sandbox, tmp_path, store=store)
    other_seed = default_seed()
    other_seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(VALUES)}
    with Sandbox(other_seed) as other_sandbox:
        (tmp_path / "other").mkdir()
        other = Program(other_sandbox, tmp_path / "other", total_timeout=20)
        other.store = program.store
        killed_after(program.run(), sandbox, 3)
        program.long_ago()
        run = program.runs()[-1]
        other_sandbox.misbehave(
            method="DELETE", delay=5, times=20
        )  # alive while the other one goes on
        second = other.run()
        while not deletions(other_sandbox):
            assert second.poll() is None, second.communicate()
            time.sleep(0.01)
        record = program.done("resume", run)
        assert second.poll() is None
        other_sandbox.behave()
        there = other.record(second)
        expect_all_gone(sandbox, record)
        assert other_sandbox.state()["cybertrace"]["suppliers"]["InternalTI"] == []
        assert there["run"] != record["run"]
        assert sum(there["counts"].values()) == 2 * len(VALUES)


def test_a_plan_is_written_to_a_new_file_or_to_none(sandbox: Sandbox, tmp_path: Path) -> None:
    program = Program(sandbox, tmp_path)
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--dry-run", "--out")
    (tmp_path / "kept.txt").write_text("kept")
    refused = program.do(*words, "kept.txt")
    assert "--out kept.txt: it is there already" in refused.err
    assert (refused.status, (tmp_path / "kept.txt").read_text()) == (2, "kept")
    assert not program.runs()
    (tmp_path / "bad.yml").write_text("version: 1.0")
    failed = program.do("run", "bad.yml", "--dry-run", "--out", "none.txt")
    assert "'tasks' is missing" in failed.err
    assert not (tmp_path / "none.txt").exists()
    program.done(*words, "plan.txt")
    assert (tmp_path / "plan.txt").read_text().startswith("# ioc-removal plan: ")
