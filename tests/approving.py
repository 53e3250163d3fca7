"""The command as several people use it, with a playbook or a plan that waits for an approval."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ended import Ended, done
from ioc_removal.sandbox import Sandbox
from rechained import redate

LONGEST = 60.0  # seconds that a command may take before the test gives up
EXAMPLE = Path(__file__).parents[1] / "examples" / "ask-before-unmarking.yml"
MARKED = ["192.0.2.53", "intranet.example.com"]  # in the sandbox's FalsePositive
ANSWER = ("--answer", "unmark_detections=false")
TWO_ASKS = """
version: 1.0
output:
  - seen: "{{ ctx().seen }}"
vars:
  - seen: []
tasks:
  suppliers: {action: ioc_removal.cybertrace-suppliers-list, next: [{do: first}]}
  first:
    action: core.ask
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ ctx().seen + [task_status('first')] }}"]
        do: remove_one
  remove_one:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [192.0.2.10]}
    next: [{do: second}]
  second:
    action: core.ask
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ ctx().seen + [task_status('second')] }}"]
        do: remove_other
  remove_other:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [malware.example]}
"""


def end_of(process: "subprocess.Popen[str]") -> Ended:
    """Wait until a process ends."""
    out, err = process.communicate(timeout=LONGEST)
    assert "Traceback" not in err
    return Ended(process.returncode, out, err)


class Desk:
    """The command, as several people use it on one store and one sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.format = ["--json"]
        self.settings: dict[str, Any] = sandbox.settings()
        self.settings["approval"] = {"approvers": ["anna", "bob"], "four_eyes": "actors"}

    def command(self, *words: str) -> list[str]:
        new = self.folder / "settings.new"  # a process that was started may be reading the old ones
        new.write_text(json.dumps(self.settings))
        new.replace(self.folder / "settings.yml")
        return [*words, "--settings", "settings.yml", "--store", "store.db", *self.format]

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command as a process of its own, which can be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "ioc_removal", *self.command(*words)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str) -> Ended:
        return done(*self.command(*words))

    def ask(self, *words: str) -> str:
        """Run the example until it waits; return its run."""
        inputs = [word for value in MARKED for word in ("--input", f"indicators={value}")]
        ended = self.do("run", str(EXAMPLE), *inputs, "--actor", "carl", *words)
        assert ended.status == 4, ended.err
        return str(ended.json["run"])

    def playbook(self, text: str, name: str = "p") -> str:
        (self.folder / f"{name}.yml").write_text(text)
        return f"{name}.yml"

    def change(self, statement: str, *values: str) -> None:
        with sqlite3.connect(self.folder / "store.db") as connection:
            connection.execute(statement, values)
        connection.close()

    def unlocked(self, statement: str) -> None:
        """Change the store as somebody who may write its file can, whatever its triggers say."""
        for (trigger,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.change(f"DROP TRIGGER {trigger}")
        self.change(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "store.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def redate(self, run: str, **dates: str) -> None:
        """Let what a run asks, and its decision, have been at other times."""
        with sqlite3.connect(self.folder / "store.db") as connection:
            redate(connection, run, dates)
        connection.close()

    def expire(self, run: str) -> None:
        """Let the time of what a run asks be over."""
        self.redate(run, asked="2020-01-01T00:00:00.000Z", expires="2020-01-02T00:00:00.000Z")

    def sent(self, method: str = "DELETE") -> list[str]:
        return [r["target"] for r in self.sandbox.requests if r["method"] == method]

    def marked(self) -> set[str]:
        return set(MARKED) & set(self.supplier("FalsePositive"))

    def supplier(self, name: str) -> list[str]:
        values: list[str] = self.sandbox.state()["cybertrace"]["suppliers"][name]
        return values


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path)


def waiting(desk: Desk, *words: str) -> tuple["subprocess.Popen[str]", str]:
    """Start the example with --wait; return it and its run once it waits."""
    process = desk.start(
        "run", str(EXAMPLE), "--input", f"indicators:={json.dumps(MARKED)}",
        "--actor", "carl", "--wait", *words,
    )  # fmt: skip
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and process.poll() is None:
        if (desk.folder / "store.db").exists():
            try:
                found = desk.rows("SELECT run FROM runs WHERE status = 'waiting'")
            except sqlite3.OperationalError:
                found = []
            if found:
                return process, str(found[0][0])
        time.sleep(0.02)
    raise AssertionError(process.communicate())


UNMARK = ("run", "unmark-false-positives", "--input", f"indicators:={json.dumps(MARKED)}",
          "--input", "unmark_detections:=false", "--actor", "carl")  # fmt: skip


def planned(desk: Desk, *words: str) -> tuple[str, str]:
    """Run what needs an approval; return the run that waits, and the hash of its plan."""
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    ended = desk.do(*UNMARK, *words)
    assert (ended.status, ended.json["status"]) == (4, "waiting"), ended.err
    waits = ended.json["waiting"]
    assert (waits["ask"], waits["effects"], len(waits["plan"])) == ("plan", {"rearms": 2}, 64)
    assert (desk.sent(), ended.json["counts"]) == ([], {})
    return ended.json["run"], waits["plan"]
