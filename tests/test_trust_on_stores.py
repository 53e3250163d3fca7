"""Plan, approval, application, undo and journal, one after the other, on a store of each kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.location import Location

IOCS = ["192.0.2.10", "malware.example", "nowhere.example"]


class Desk:
    """An analyst's command line, on a sandbox and a store."""

    def __init__(
        self, sandbox: Sandbox, folder: Path, store: Location, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.sandbox, self.folder, self.store, self._capsys = sandbox, folder, store, capsys
        document = sandbox.settings()
        document["approval"] = {"approvers": ["anna"], "four_eyes": "actors", "disarms": 2}
        (folder / "settings.yml").write_text(json.dumps(document))
        (folder / "iocs.txt").write_text("\n".join(IOCS))

    def says(self, status: int, *words: str) -> Any:
        options = ["--settings", str(self.folder / "settings.yml"), "--store", str(self.store)]
        assert main([*words, *options, "--json"]) == status, self._capsys.readouterr().err
        return json.loads(self._capsys.readouterr().out)

    @property
    def left(self) -> list[str]:
        rows = self.sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
        return sorted(row["indicator"] if isinstance(row, dict) else row for row in rows)


def test_from_a_plan_to_its_undo(
    tmp_path: Path, store: Location, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox() as sandbox:
        desk = Desk(sandbox, tmp_path, store, capsys)
        before = desk.left
        file = str(tmp_path / "iocs.txt")
        words = ("run", "remove-iocs-after-triage", "--indicators", file)
        plan = desk.says(0, *words, "--dry-run")["plan"]
        assert desk.left == before

        waiting = desk.says(4, "run", "--plan", plan["plan"], "--actor", "carl")
        run = waiting["run"]
        desk.says(2, "approve", run, "--actor", "carl", "--plan", plan["sha256"][:8])
        assert desk.left == before
        desk.says(0, "approve", run, "--actor", "anna", "--plan", plan["sha256"][:8])
        done = desk.says(0, "resume", run)
        assert (done["run"], done["result"]) == (run, "succeeded")
        assert sum(done["counts"].values()) == 2 * len(IOCS)
        assert set(desk.left) == set(before) - set(IOCS)
        [error] = desk.says(2, "run", "--plan", plan["plan"], "--actor", "carl")["errors"]
        assert error["message"].startswith(f"plan {plan['plan']}: it is used up: run {run} did all")

        undone = desk.says(0, "undo", run, "--indicator", IOCS[0], "--reason", "true positive")
        assert undone["counts"]
        assert IOCS[0] in desk.left
        rows = desk.says(0, "journal", "--indicator", IOCS[0])
        assert {row["run"] for row in rows} == {plan["plan"], run, undone["run"]}
        assert desk.says(0, "journal", "verify")["intact"]
