"""Columns of the store that somebody made unreadable: one line names them, and nothing is sent."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ioc_removal.batches import Batch
from ioc_removal.cli import main
from ioc_removal.errors import StoreError
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.columns import parsed
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from tampering import tampered

EXAMPLE = Path(__file__).parents[1] / "examples" / "ask-before-unmarking.yml"
MARKED = f"indicators:={json.dumps(['192.0.2.53', 'intranet.example.com'])}"
DELETE = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a call, a plan, and a run that asks; beside it the settings."""
    folder = tmp_path_factory.mktemp("columns")
    path, place = folder / "store.db", folder / "settings.yml"
    with Sandbox() as sandbox:
        settings = {**sandbox.settings(), "approval": {"approvers": ["anna"]}}
        place.write_text(json.dumps(settings))
        options = ["--store", str(path), "--settings", str(place), "--quiet"]
        assert main([*DELETE, "--arg", 'indicators:=["192.0.2.10"]', "--lookup", *options]) == 0
        run = ["run", "unmark-false-positives", "--input", MARKED, "--dry-run"]
        assert main([*run, "--input", "unmark_detections:=false", *options]) == 0
        assert main(["run", str(EXAMPLE), "--input", MARKED, *options]) == 4
    return path


def ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [run for (run,) in connection.execute("SELECT run FROM runs ORDER BY rowid")]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("plans.header", "{", ("plans",)),
        ("plans.header", "[]", ("plan", "PLANNED")),
        ("plans.header", "{", ("run", "--plan", "PLANNED")),
        ("planned.line", "{", ("plan", "PLANNED")),
        ("approvals.question", "{", ("approvals",)),
        ("approvals.question", "{}", ("approvals",)),
        ("approvals.question", "[]", ("approve", "ASKING", "--actor", "anna")),
        ("approvals.response", "{", ("approvals",)),
        ("runs.details", "{", ("runs",)),
        ("runs.details", "[]", ("resume", "ASKING")),
        ("calls.arguments", "{", ("undo", "CALLED")),
        ("calls.target", "{", ("show", "CALLED")),
        ("outcomes.target", "{", ("undo", "CALLED")),
        ("outcomes.snapshot", "{", ("undo", "CALLED")),
        ("outcomes.response", "x", ("journal", "--run", "CALLED")),
        ("outcomes.outcome", "zz", ("show", "CALLED")),
    ],
)
def test_a_column_that_cannot_be_read_is_named(
    store: Path,
    column: str,
    value: str,
    words: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, name = column.split(".")
    changed = tampered(
        store,
        lambda connection: connection.execute(f"UPDATE {table} SET {name} = ?", (value,)),
    )
    known = dict(zip(("CALLED", "PLANNED", "ASKING"), ids(store), strict=True))
    settings = str(store.with_name("settings.yml"))
    options = ["--store", str(changed), "--settings", settings, "--quiet"]
    status = main([*(known.get(word, word) for word in words), *options])
    err = capsys.readouterr().err
    assert status in {2, 3}, err
    assert "internal error" not in err
    assert len(err.strip().splitlines()) == 1, err
    assert "the store was changed by hand" in err
    assert column in err
    assert any(run in err for run in known.values())
    assert "`ioc-removal journal verify`" in err


def test_a_snapshot_that_cannot_be_read_is_named(store: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO batches VALUES ('r1', 'call', 0, '[]', 1, 0, 0)")
        connection.execute("INSERT INTO snapshots VALUES ('r1', 'call', 0, 'x', '{')")

    action = load_integration().bind("secmaster-indicators-delete", None)
    with closing(Database(tampered(store, change))) as database:
        recorder = StoreRecorder(database, "r1", "call", action)
        with pytest.raises(StoreError, match=r"snapshots\.raw of r1 cannot be read"):
            recorder.known(Batch(0, {}))


@pytest.mark.nested
@pytest.mark.parametrize("text", ["{", "", None, b"\xff", "[" * 100_000, "[]", '"{}"'])
def test_whatever_a_column_holds_is_one_error(text: object) -> None:
    with pytest.raises(StoreError, match=r"snapshots\.raw of r1 cannot be read"):
        parsed(text, "snapshots.raw", "r1", dict)
    assert parsed('{"a": 1}', "snapshots.raw", "r1", dict) == {"a": 1}
