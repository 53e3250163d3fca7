"""An export of the journal can be verified elsewhere, overwrites nothing, and has no formulas."""

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ioc_removal.operations.export import csv_lines
from ioc_removal.operations.journal import Wanted
from ioc_removal.store.database import Database
from journalling import DELETE, DOCUMENT, VALUES, WHY, Journal, journal, recorded_once

__all__ = ["journal", "recorded_once"]


def script(folder: Path) -> Path:
    """Write down the program that the document gives to verify an export."""
    [text] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    path = folder / "verify_export.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("key", [None, "a key of the journal"])
@pytest.mark.parametrize("only", ["all", "run", "indicator", "since"])
def test_json_lines_can_be_verified_elsewhere(
    journal: Journal, tmp_path: Path, key: str | None, only: str
) -> None:
    if key:
        document = json.loads((tmp_path / "settings.yml").read_text())
        (tmp_path / "settings.yml").write_text(json.dumps({**document, "journal": {"key": key}}))
        journal.store.unlink()
        journal(*DELETE, "--arg", f"indicators={VALUES[0]}", *WHY)
    run = journal.rows()[0]["run"]
    words = {"all": [], "run": ["--run", run], "indicator": ["--indicator", VALUES[0]],
             "since": ["--since", "1h"]}[only]  # fmt: skip
    out = tmp_path / "journal.jsonl"
    journal("journal", "--format", "jsonl", "--out", str(out), *words)
    verify = [sys.executable, str(script(tmp_path)), str(out), *([key] if key else [])]
    assert subprocess.run(verify, check=True, capture_output=True).stdout.startswith(b"the hashes")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {"row"} <= {line["line"] for line in lines} <= {"row", "link", "head"}
    assert out.stat().st_mode & 0o777 == 0o600
    changed = out.read_text().replace('"outcome": "removed"', '"outcome": "absent"', 1)
    if changed != out.read_text():
        out.write_text(changed)
        assert subprocess.run(verify, check=False, capture_output=True).returncode != 0


def test_an_export_never_overwrites_and_leaves_no_half(journal: Journal, tmp_path: Path) -> None:
    out = tmp_path / "journal.csv"
    journal("journal", "--format", "csv", "--out", str(out))
    before = out.read_bytes()
    assert "is there already" in journal("journal", "--format", "csv", "--out", str(out), status=2)
    assert out.read_bytes() == before
    nowhere = str(tmp_path / "no" / "journal.csv")
    assert "cannot be written" in journal("journal", "--format", "csv", "--out", nowhere, status=2)
    with closing(sqlite3.connect(journal.store)) as connection:
        connection.execute("DROP TABLE resolved")
    half = tmp_path / "half.csv"
    journal("journal", "--format", "csv", "--out", str(half), status=3)
    assert not half.exists()


def test_no_cell_of_an_export_is_a_formula(journal: Journal) -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1"]
    words = [word for value in (evil[0], VALUES[0]) for word in ("--arg", f"indicators={value}")]
    journal(*DELETE, *words, "--actor", evil[1], "--ticket", evil[3], "--reason", evil[4], status=1)
    text = journal("journal", "--format", "csv")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert {f"'{value}" for value in (evil[0], evil[1], evil[3], evil[4])} <= set(cells)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["value"] == VALUES[0]
    assert rows[0]["target"] == "supplier InternalTI"


def test_exports_are_read_as_they_are_written(journal: Journal) -> None:
    with closing(Database(journal.store)) as database:
        lines = csv_lines(database, Wanted())
        assert next(lines).startswith("when,run,")
        assert VALUES[0] in next(lines)
