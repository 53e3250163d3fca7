"""What is kept beside the chains: plans, their use, and what undos have; each change is named."""

import json
import sqlite3
from pathlib import Path

import pytest

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox
from tampering import said, tampered, verified

VALUES = ["192.0.2.10", "malware.example"]
GIVEN = f"indicators:={json.dumps(VALUES)}"
MARKED = f"indicators:={json.dumps(['192.0.2.53', 'intranet.example.com'])}"
PLAN = ["run", "unmark-false-positives", "--input", MARKED, "--input", "unmark_detections:=false"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a call, two undos of it, and a plan that was applied."""
    folder = tmp_path_factory.mktemp("tables")
    path, place = folder / "store.db", folder / "settings.yml"
    with Sandbox() as sandbox:
        place.write_text(json.dumps(sandbox.settings()))
        options = ["--store", str(path), "--settings", str(place), "--quiet"]
        delete = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
        assert main([*delete, "--arg", GIVEN, *options]) == 0
        [run] = names(path)
        for value in VALUES:
            assert main(["undo", run, "--indicator", value, *options]) == 0
        assert main([*PLAN, "--dry-run", *options]) == 0
        assert main(["run", "--plan", names(path)[-1], *options]) == 0
    return path


def names(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [run for (run,) in connection.execute("SELECT run FROM runs ORDER BY rowid")]
    finally:
        connection.close()


def test_nothing_is_found_where_nothing_was_changed(store: Path) -> None:
    assert verified(store).intact, said(verified(store))


CHANGES = {
    "DELETE FROM undone WHERE position = 0": "was taken away from table undone",
    "UPDATE undone SET position = 7 WHERE position = 1": "was added in table undone",
    "UPDATE undone SET undo = (SELECT min(undo) FROM undone)": "was changed in table undone",
    "DELETE FROM uses": "what was done of its plan (table uses) was taken away",
    "DELETE FROM uses WHERE key = (SELECT min(key) FROM uses)": "(table uses) was changed",
    "UPDATE uses SET key = '0' WHERE key = (SELECT min(key) FROM uses)": "(table uses) was changed",
    "UPDATE plans SET expires = '2090-01-01T00:00:00.000Z'": "the plan that it made",
    "UPDATE plans SET header = json_set(header, '$.playbook', 'x')": "the plan that it applied",
    "DELETE FROM plans": "the plan that it applied",
    "INSERT INTO planned SELECT plan, 'x', section, outcome, assumed, times, line FROM planned"
    " LIMIT 1": "the plan that it made (tables plans, planned) was changed",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(store: Path, change: str) -> None:
    verdict = verified(tampered(store, lambda connection: connection.execute(change)))
    assert CHANGES[change] in said(verdict)
    assert all(problem.run in names(store) for problem in verdict.problems)
