"""`undo` as a command: killed and resumed, its answers and exit statuses."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ended import done
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.schema import Schema
from killing import seed_of

VALUES = [f"host{number}.example" for number in range(24)]
LONGEST = 60.0  # seconds until the test gives up
RESULT = Schema(read("schemas/result.json"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed_of(VALUES)) as sandbox:
        yield sandbox


class Program:
    """The command, with one store and the sandbox's settings."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        document = sandbox.settings()
        for connection in document["connections"].values():
            connection["limits"] = {"items": 6, "in_flight": 2}
        document["connections"]["cybertrace"]["limits"]["in_flight"] = 1
        (folder / "settings.yml").write_text(json.dumps(document))
        (folder / "iocs.txt").write_text("\n".join(VALUES))

    @property
    def options(self) -> Sequence[str]:
        return ["--settings", "settings.yml", "--store", str(self.folder / "store.db")]

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ioc_removal", *words, *self.options],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self, *words: str, status: int | None = 0) -> tuple[str, str]:
        ended = done(*words, *self.options, folder=self.folder)
        assert status in {None, ended.status}, ended.err
        return ended.out, ended.err

    def record(self, *words: str, status: int | None = 0) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.said(*words, "--json", status=status)[0])
        assert not list(RESULT.problems(record))
        return record

    def removed(self) -> str:
        """Run the playbook; return its run."""
        record = self.record("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
        assert record["result"] == "succeeded"
        return str(record["run"])


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Program:
    return Program(sandbox, tmp_path)


def restorations(sandbox: Sandbox) -> list[str]:
    """What each request put back, in order."""
    found = []
    for row in sandbox.requests:
        if row["method"] == "PUT":
            found.append(" ".join(one["indicator"] for one in row["body"]))
        elif row["method"] == "POST" and row["target"].endswith("/soc/indicators"):
            found.append(row["body"]["data_object"]["value"])
    return found


def held(sandbox: Sandbox) -> tuple[list[str], Counter[str]]:
    state = sandbox.state()
    [rows] = state["secmaster"]["workspaces"].values()
    values = Counter(row["data_object"]["value"] for row in rows)
    return sorted(state["cybertrace"]["suppliers"]["InternalTI"]), values


def test_a_playbook_is_undone(program: Program, sandbox: Sandbox) -> None:
    before = held(sandbox)
    run = program.removed()
    assert held(sandbox) == ([], Counter())
    record = program.record("undo", run[:-2], "--ticket", "CASE-7", "--reason", "true positives")
    assert record["undo"] == run
    assert record["counts"] == {"added": 48}
    assert held(sandbox) == before
    shown, _ = program.said("show", record["run"])
    assert f"undo of  {run}" in shown
    assert "its id, in place of which it has a new one (24 indicators)" in shown
    listed, _ = program.said("runs")
    assert f"undo of {run}" in listed
    again = program.record("undo", record["run"])
    assert again["counts"] == {"removed": 48}
    assert held(sandbox) == ([], Counter())
    _, told = program.said("undo", run)
    assert told == (
        f"48 were put back by the undo {record['run']}, which the undo {again['run']} undid: once "
        "more now\n"
    )
    assert held(sandbox) == before
    _, refused = program.said("undo", run, status=2)
    last = json.loads(program.said("runs", "--limit", "1", "--json")[0])[0]["run"]
    assert refused == (
        f"error: the run {run} has nothing left to undo: 48 are put back already, by the "
        f"undo {last}\n"
    )


@pytest.mark.parametrize("count", [1, 9])
def test_an_undo_goes_on_after_a_kill(program: Program, sandbox: Sandbox, count: int) -> None:
    before, run = held(sandbox), program.removed()
    for method in ("PUT", "POST"):
        sandbox.misbehave(method=method, path="indicators", delay=0.02, times=500)
    process = program.start("undo", run)
    end = time.monotonic() + LONGEST
    while len(restorations(sandbox)) < count and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    undo = json.loads(program.said("runs", "--limit", "1", "--json")[0])[0]["run"]
    _, refused = program.said("undo", run, status=2)
    assert f"`ioc-removal resume {undo}` goes on" in refused

    record = program.record("resume", undo, status=None)

    assert sum(record["counts"].values()) == 48
    assert record["counts"].get("unknown", 0) <= 6  # of one request to CyberTrace at most
    there, values = held(sandbox)
    assert values == before[1], "none is lost, and none is there twice"
    unknown = {row["value"] for row in record["outcomes"] if row["outcome"] == "unknown"}
    assert {*there} | unknown == {*VALUES}
    puts = Counter(one for one in restorations(sandbox) if " " in one)
    assert set(puts.values()) == {1}, "nothing that cannot be looked up is sent twice"


def test_an_undo_tells_what_it_would_do_and_has_an_example(program: Program) -> None:
    run = program.removed()
    out, _ = program.said("undo", run, "--dry-run", "--indicator", VALUES[3])
    assert "dry run: 2 would be added, nothing was" in out
    assert "its tags (1 indicator)" in out
    out, _ = program.said("undo", "--help")
    assert "ioc-removal undo 20240502-0915 --dry-run" in out
    _, err = program.said("undo", "nowhere", status=2)
    assert err == "error: there is no run 'nowhere'; `ioc-removal runs` lists them\n"
    _, err = program.said("undo", run, "--indicator", "other.example", status=2)
    assert err.count("\n") == 1
    assert "has nothing to undo of it: it is not in it" in err


def test_an_interrupted_undo_goes_on(program: Program, sandbox: Sandbox) -> None:
    before, run = held(sandbox), program.removed()
    sandbox.misbehave(method="POST", carries="Sandbox", delay=0.1, times=500)
    process = program.start("undo", run)
    end = time.monotonic() + LONGEST
    while len(restorations(sandbox)) < 8 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 130, err
    assert "goes on" in err
    sandbox.behave()
    counts = program.record("resume", status=None)[
        "counts"
    ]  # an addition to CyberTrace that was in flight is unknown
    assert sum(counts.values()) == 48
    assert held(sandbox)[1] == before[1]


def test_what_an_interrupted_undo_never_sent_is_sent_later(tmp_path: Path) -> None:
    """The second of two indicators of one value asks what is there, and is interrupted in that."""
    seed = default_seed()
    workspace = next(iter(seed["secmaster"]["workspaces"]))
    twins = [{"value": VALUES[0], "type": "Domain"}] * 2
    seed["secmaster"]["workspaces"] = {workspace: {"indicators": twins}}
    with Sandbox(seed) as sandbox:
        program = Program(sandbox, tmp_path)
        rows = sandbox.state()["secmaster"]["workspaces"][workspace]
        ids = [word for row in rows for word in ("--arg", f"batch_ids={row['id']}")]
        run = program.record("call", "secmaster-indicators-delete", *ids)["run"]
        sandbox.misbehave(method="POST", path="search", delay=1, times=500)
        process = program.start("undo", run)
        end = time.monotonic() + LONGEST
        while not restorations(sandbox) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.4)  # the first one is recorded, the second one asks
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST)
        assert process.returncode == 130
        sandbox.behave()
        assert len(restorations(sandbox)) == 1
        resumed = program.record("resume")
        assert resumed["counts"] == {"added": 2}
        assert held(sandbox)[1] == {VALUES[0]: 2}
