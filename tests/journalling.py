"""The command with a journal that a call and a playbook's run have written, and what it tells."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.verification import Verification

DOCUMENT = Path(__file__).parents[1] / "docs" / "journal.md"
DELETE = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
WHY = ["--actor", "alice", "--ticket", "INC-7", "--reason", "benign after triage"]
VALUES = [f"host-{number}.example.com" for number in range(12)]


class Journal:
    """The command with a store of its own, against a sandbox."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.store, self._capsys = folder, folder / "store.db", capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        options = ["--store", str(self.store), "--settings", str(self.folder / "settings.yml")]
        got = main([*words, *options])
        said = self._capsys.readouterr()
        assert got == status, said.err
        return said.out if status in {0, 1} else said.err

    def rows(self, *words: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self("journal", "--json", *words))
        return rows

    def intact(self) -> bool:
        with closing(Database(self.store)) as database:
            return Verification(database).verify().intact


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with settings, and a store with a call and a playbook's run."""
    folder = tmp_path_factory.mktemp("recorded")
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": [*VALUES, "192.0.2.10"]}
    with Sandbox(seed) as sandbox:
        document = sandbox.settings()
        document["connections"]["cybertrace"]["limits"] = {"items": 5}
        (folder / "settings.yml").write_text(json.dumps(document))
        (folder / "iocs.txt").write_text("\n".join(VALUES))
        options = ["--store", str(folder / "store.db"), "--settings", str(folder / "settings.yml")]
        assert main([*DELETE, "--indicators", str(folder / "iocs.txt"), *WHY, *options]) == 0
        playbook = ["run", "remove-iocs-after-triage", "--input", f"indicators={VALUES[0]}"]
        more = ["--input", "indicators=192.0.2.10", "--ticket", "INC-8"]
        assert main([*playbook, *more, *options]) == 0
        yield folder


@pytest.fixture
def journal(recorded_once: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Journal:
    for name in ("store.db", "settings.yml"):
        shutil.copy(recorded_once / name, tmp_path / name)
    return Journal(tmp_path, capsys)
