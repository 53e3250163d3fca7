"""--verify and --lookup, of the command."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import KNOWN
from ioc_removal.cli import main
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema

CALL = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
NOTE = "Kaspersky CyberTrace cannot be read back: nothing there is verified"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    with Sandbox() as sandbox:
        (tmp_path / "ioc-removal.yml").write_text(json.dumps(sandbox.settings()))
        yield sandbox


def test_a_call_is_verified(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    removal = ("secmaster-indicators-delete", "--arg", f"batch_ids={KNOWN}")
    assert main(["call", *removal, "--verify", "--json"]) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert not list(Schema(read("schemas/result.json")).problems(record))
    [row] = record["outcomes"]
    assert (row["verified"], row["snapshot"]["id"]) == (True, KNOWN)
    assert "cannot be read back" not in said.err
    assert main(["show", record["run"]]) == 0
    assert "snapshot" not in capsys.readouterr().out
    assert [row["method"] for row in sandbox.requests] == ["POST", "DELETE", "POST"]


def test_what_cannot_be_read_back_is_said_once(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    values = ("--arg", "indicators=192.0.2.10", "--arg", "indicators=tux.example.com")
    assert main([*CALL, *values, "--verify"]) == 0
    said = capsys.readouterr()
    assert said.err.count(NOTE) == 1
    assert "verified" not in said.out
    assert {row["method"] for row in sandbox.requests} <= {"DELETE", "GET"}


def test_a_run_is_verified_and_keeps_lookups(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = sandbox.settings()
    settings["connections"]["cybertrace"]["api_version"] = "1.2"  # 1.3 looks up below a tenant only
    (tmp_path / "ioc-removal.yml").write_text(json.dumps(settings))
    (tmp_path / "iocs.txt").write_text("203.0.113.7\nmalware.example\n")
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--verify", "--lookup")
    said = subprocess.run(
        [sys.executable, "-m", "ioc_removal", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert said.stderr.count(NOTE) == 1
    rows = json.loads(said.stdout)["outcomes"]
    ids = [row for row in rows if row["action"] == "secmaster-indicators-delete"]
    assert {row["outcome"] for row in ids} == {"removed"}
    assert all(row["verified"] and row["snapshot"]["id"] == row["id"] for row in ids)
    values = [row for row in rows if row["action"].startswith("cybertrace")]
    assert [row["snapshot"]["result"] for row in values] == ["detected"] * len(values)
    lookups = [row for row in sandbox.requests if row["target"].endswith("/lookup")]
    assert len(lookups) == 1
