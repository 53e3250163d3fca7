"""A journal that real commands wrote, changed with plain SQLite, and what is found in it."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.secret import Secret
from ioc_removal.store.database import Database
from ioc_removal.store.verdict import Verdict
from ioc_removal.store.verification import Verification
from one_by_one import one_by_one

KEY = "a key that only the journal's owner has"
VALUES = [f"host-{number}.example.com" for number in range(12)]
DELETE = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
Change = Callable[[sqlite3.Connection], Any]


def written(folder: Path, key: str | None) -> Path:
    """Write a store by real commands: a call, a dry run, a playbook, a call that is refused."""
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": VALUES}
    (folder / "iocs.txt").write_text("\n".join(VALUES))
    store, place = folder / "store.db", folder / "settings.yml"
    with Sandbox(seed) as sandbox:
        document = {**sandbox.settings(), **({"journal": {"key": key}} if key else {})}
        document["connections"]["cybertrace"]["limits"] = {"items": 5}
        place.write_text(json.dumps(document))
        options = ["--store", str(store), "--settings", str(place), "--quiet", "--json"]
        iocs = ["--indicators", str(folder / "iocs.txt")]
        why = ["--actor", "alice", "--ticket", "INC-7", "--reason", "benign after triage"]
        assert main([*DELETE, *iocs, *why, *options]) == 0
        assert main([*DELETE, *iocs, "--dry-run", *options]) == 0
        words = ["run", "remove-iocs-after-triage", "--input", "indicators=192.0.2.10"]
        assert main([*words, "--input", f"indicators={VALUES[0]}", *options]) == 0
        assert main([*DELETE, "--arg", "indicators=", *options]) == 2
    return store


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("plain"), None)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("sealed"), KEY)


def verified(
    store: Path, key: str | None = None, former: Sequence[str] = (), **wanted: Any
) -> Verdict:
    database = Database(store, lambda: Secret(key) if key else None)
    with closing(database):
        return Verification(database, former=map(Secret, former)).verify(**wanted)


def tampered(store: Path, change: Change, *, rows: bool = True) -> Path:
    """Change a copy of a store with plain SQLite, as somebody who may write the file can.

    rows: whether the outcomes are rows while it is changed.
    """
    copy = store.with_name("copy.db")
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(f"copy.db{suffix}").unlink(missing_ok=True)
        if (source := store.with_name(f"{store.name}{suffix}")).exists():
            shutil.copy(source, copy.with_name(f"copy.db{suffix}"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(names).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        with one_by_one(connection) if rows else nullcontext():
            change(connection)
    return copy


def said(verdict: Verdict) -> str:
    return "\n".join(str(problem) for problem in verdict.problems)


def rows(store: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(query, values).fetchall()


def first_run(store: Path) -> str:
    return str(rows(store, "SELECT run FROM heads ORDER BY head")[0][0])
