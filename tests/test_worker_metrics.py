"""What a worker tells: metrics, whether it works, and a line of JSON for what went wrong."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ioc_removal.cli.health import serving
from ioc_removal.cli.metrics import Metrics
from ioc_removal.integration import load_integration
from ioc_removal.operations import work
from ioc_removal.operations.served import Served
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import server_of
from killing import LONGEST
from ports import free_port
from postgresql import PostgreSQLServer
from working import VALUES, Site, sandbox, site

__all__ = ["sandbox", "site"]


@pytest.fixture
def port() -> int:
    return free_port()


def got(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}") as answer:  # loopback
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def samples(port: int) -> Iterator[tuple[str, dict[str, str], float]]:
    status, text = got(port, "/metrics")
    assert status == 200
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def total(port: int, name: str, **labels: str) -> float:
    return sum(
        value
        for found, has, value in samples(port)
        if found == name and labels.items() <= has.items()
    )


def test_what_a_worker_does_is_counted_and_told(site: Site, sandbox: Sandbox, port: int) -> None:
    first = site.work("--metrics", str(port))
    assert got(port, "/healthz") == (200, '{"status": "ok"}\n')
    assert got(port, "/")[0] == 404
    assert total(port, "ioc_removal_chunks_open", connection="cybertrace") == 0
    assert total(port, "ioc_removal_build_info") == 1
    sandbox.behave()  # the first fault that fits is the one that strikes
    refused = VALUES[1::6]  # some in each chunk
    for value in refused:
        sandbox.misbehave(method="DELETE", status=400, carries=value)
    sandbox.misbehave(method="DELETE", delay=0.03, times=1_000)  # so that both have a part of it
    process = site.run()
    record = json.loads(process.communicate(timeout=LONGEST)[0])
    assert record["counts"]["failed"] == len(refused)
    chunks = {
        event: total(port, "ioc_removal_chunks_total", event=event)
        for event in ("taken", "done", "given_up")
    }
    here = {"connection": "cybertrace", "action": "cybertrace-indicators-delete"}
    batches = total(port, "ioc_removal_batches_total", **here)
    requests = total(port, "ioc_removal_request_duration_seconds_count", **here)
    # One that is taken may be found done by the run itself.
    assert chunks["taken"] >= chunks["done"] > 0 == chunks["given_up"]
    assert 0 < batches == total(port, "ioc_removal_indicators_total", **here)  # of one each
    assert (
        requests
        <= batches
        == total(port, "ioc_removal_turn_wait_seconds_count")
        + sum(row["counts"].get("refused", 0) for row in [record]) * (batches > requests)
    )
    assert total(port, "ioc_removal_requests_in_flight") == 0
    labels = [label for _, has, _ in samples(port) for label in has.values()]
    assert not [label for label in labels if label in VALUES or "password" in label]
    [told] = site.stop()
    assert first.returncode == 0
    done = [row for row in told if row["event"] == "chunk done"]
    assert len(done) == chunks["done"]
    wrong = [row for row in told if row["event"] == "batch"]
    assert wrong
    for row in wrong:
        assert (row["level"], row["run"], row["outcomes"]) == (
            "warning",
            record["run"],
            {"failed": 1},
        )
        assert row["call"].startswith("remove_from_cybertrace")
        assert row["reason"]


def test_a_worker_that_the_store_does_not_answer_says_so(
    postgresql: PostgreSQLServer, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = load_integration()
    with Sandbox() as sandbox:
        settings = settings_from(sandbox.settings(), "the sandbox")
        database = Database(server_of(postgresql.database()))
        served = Served.of(integration, settings, ())
        worker = work.Worker(database, lambda: None, integration, settings, None, served, 1, 1)
        metrics = Metrics(["cybertrace"], worker.open_chunks)
        with serving(f"127.0.0.1:{port}", metrics.page, worker.trouble):
            assert got(port, "/healthz")[0] == 200
            monkeypatch.setattr(work, "LATE", -1.0)
            status, text = got(port, "/healthz")
            assert status == 503
            assert "has not answered for" in json.loads(text)["reason"]
            assert "ioc_removal_chunks_open{" not in got(port, "/metrics")[1]
        database.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nowhere", "--metrics nowhere: write it HOST:PORT"),
        ("127.0.0.1:0", "--metrics 127.0.0.1:0: write it HOST:PORT"),
        ("127.0.0.1:99999", "write it HOST:PORT"),
        ("in use", "it cannot be served there: Address already in use"),
    ],
)
def test_an_address_that_cannot_be_had_is_told_before_anything(
    site: Site, address: str, said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        if address == "in use":
            address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = site.do("worker", "--metrics", address)
    told = (refused.status, refused.out.count("working"), len(refused.err.splitlines()))
    assert told == (2, 0, 1)
    assert said in refused.err


def test_a_log_tells_each_batch_of_a_run(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    site.store = tmp_path / "store.db"
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
    record = site.done(*words, "--log", "log.jsonl")
    rows: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    batches = [row for row in rows if row["event"] == "batch"]
    assert log.stat().st_mode & 0o077 == 0
    assert {row["run"] for row in rows} == {record["run"]}
    assert sum(n for row in batches for n in row["outcomes"].values()) == len(VALUES)
    assert {"call", "batch", "action", "connection", "attempts"} <= batches[0].keys()
    assert [rows[0]["event"], rows[-1]["event"], rows[-1]["result"]] == [
        "run begun", "run ended", "succeeded",
    ]  # fmt: skip
    refused = site.do("runs", "--log", "no/where")
    assert "--log no/where: it cannot be written" in refused.err
