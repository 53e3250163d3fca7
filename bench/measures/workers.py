"""One run of many SecMaster ids, by four workers and by one, on a store in PostgreSQL.

A worker has few requests in flight, so that it waits for the system most of the time and two
processors are enough for four of them: what is measured is whether they hinder each other.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter, sleep

import psycopg

from postgresql import PostgreSQLServer, running

from ..given import ids
from ..line import Line
from ..place import Place
from ..processes import ours, peer, serving, spent
from .ids import PLAYBOOK

SIZE, BATCH, PAUSE, MANY = 100_000, 100, 0.05, 4
IN_FLIGHT, OF_ALL = 1, 64  # requests of a worker, and of the connection
LIMITS = ("--in-flight", IN_FLIGHT, "--chunks", 2)
LOOK = 0.02  # seconds


def lines(place: Place) -> Iterator[Line]:
    """Compare how many ids a second are removed; the run goes on in a process of a worker."""
    size = place.size(SIZE, 1_000)
    playbook = place.folder / "remove-ids.yml"
    playbook.write_text(PLAYBOOK)
    given = place.folder / "ids.json"
    given.write_text(json.dumps({"batch_ids": list(ids(size))}))
    pause = place.pause(PAUSE)
    with serving(pause) as address, running() as server:
        settings = place.settings(address, {"items": BATCH, "in_flight": OF_ALL})
        one, many = (_rate(server, settings, (playbook, given), size, count) for count in (1, MANY))
    note = f"batches of {BATCH}, {pause * 1000:.0f} ms a request, {IN_FLIGHT} of a worker in flight"
    yield Line(f"{size:,} ids by {MANY} workers / by 1", many, one, "a s", 3, least=True, note=note)


def _rate(
    server: PostgreSQLServer, settings: Path, run: Iterable[Path], size: int, workers: int
) -> float:
    """Return how many ids a second are removed once the run is left to the workers, to its end.

    run: a playbook, and its inputs.
    """
    store = server.database()
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(_worker(store, settings))
        spent(peer("run_inputs", *run, settings, store, "detach"))
        begun = perf_counter()
        with psycopg.connect(store, autocommit=True) as session:
            while session.execute(b"SELECT result FROM ioc_removal.runs").fetchall() != [
                ("succeeded",)
            ]:
                sleep(LOOK)
        return size / (perf_counter() - begun)


@contextmanager
def _worker(store: str, settings: Path) -> Iterator[None]:
    """Have a worker on a store."""
    command = ours("worker", "--store", store, "--settings", settings, *LIMITS)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None  # noqa: S101  # it is a pipe
        worker.stdout.readline()  # that it works
        try:
            yield
        finally:
            worker.kill()
