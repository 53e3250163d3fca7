"""`make kills`: KILLS random kills over both stores; SEED repeats their moments.

Each run is killed and gone on with until it ends; on PostgreSQL every other one has workers, of
which one may be killed instead. Then every indicator must have one outcome at each target, all must
be gone from the sandbox, no batch that counted as finished may have been sent again, and the
journal must be intact.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import sleep

from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.verification import Verification
from killing import BATCH, VALUES, Program, deletions, expect_all_gone
from postgresql import running

MOST_AT_A_RUN = 6  # kills
LONGEST_LIFE = 4.0  # seconds until a kill
BOTH = 2  # stores
WORKERS = 2


@dataclass
class Sums:
    """What was done to the runs of a store."""

    runs: int = 0
    kills: int = 0
    workers: int = 0
    sent: int = 0
    again: int = 0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs, {self.kills} kills, {self.workers} of workers; "
            f"{self.sent} batches sent, "
            f"{self.again} of them a second time"
        )


def one_run(random: Random, folder: Path, store: Location, sums: Sums, workers: int) -> None:
    """Kill one run, or its workers, again and again, let it end, and judge it.

    workers: how many work at it too. Raises AssertionError.
    """
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(VALUES)}
    workspace = next(iter(seed["secmaster"]["workspaces"]))
    rows = [{"value": value, "type": "Domain"} for value in VALUES]
    seed["secmaster"]["workspaces"] = {workspace: {"indicators": rows}}
    with Sandbox(seed) as sandbox, ExitStack() as stack:
        sandbox.misbehave(method="DELETE", delay=0.03, times=1_000)
        # One item a batch, so that there are chunks for workers.
        items = 1 if workers else BATCH
        program = Program(sandbox, folder, items, store=store, total_timeout=1)
        working = [stack.enter_context(worker(program)) for _ in range(workers)]
        words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
        request = ("--request-id", f"{random.random()}")
        done: list[tuple[set[tuple[str, ...]], int]] = []  # and how much was sent until then
        for _ in range(random.randrange(1, MOST_AT_A_RUN + 1)):
            process = program.start(*words, *request)
            sleep(random.uniform(0.3, LONGEST_LIFE))
            chosen = random.randrange(1 + len(working))
            if chosen:
                sums.workers += 1
                working.pop(chosen - 1).kill()
                working.append(stack.enter_context(worker(program)))
            process.kill()
            process.communicate()
            sums.kills += 1
            done.append((program.finished(), len(deletions(sandbox))))
        record = program.record(program.start(*words, *request))
        sent = deletions(sandbox)
        for finished, seen in done:
            assert finished.isdisjoint(sent[seen:]), "a finished batch was sent again"
        expect_all_gone(sandbox, record)
        times = Counter(sent)
        sums.sent += times.total()
        sums.again += times.total() - len(times)
    database = Database(store)
    try:
        verdict = Verification(database).verify()
    finally:
        database.close()
    assert verdict.intact, verdict.problems
    sums.runs += 1


@contextmanager
def worker(program: Program) -> Iterator["subprocess.Popen[str]"]:
    """Start a worker, and kill it at the end."""
    process = program.start("worker")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def main(kills: int, seed: int) -> None:
    """Kill so many runs on each kind of store, half of them each."""
    random = Random(seed)  # noqa: S311  # it chooses moments
    with ExitStack() as stack:
        server = stack.enter_context(running())
        for kind in ("SQLite", "PostgreSQL"):
            sums = Sums()
            while sums.kills < kills // BOTH:
                with TemporaryDirectory() as name:
                    folder = Path(name)
                    store = (
                        folder / "store.db" if kind == "SQLite" else server_of(server.database())
                    )
                    workers = WORKERS * (kind == "PostgreSQL" and sums.runs % 2)
                    one_run(random, folder, store, sums, workers)
                    print(f"\r{kind}: {sums}", end="", flush=True)
            print()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
