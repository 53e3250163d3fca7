"""The catalogue as JSON, where its text was read and checked before."""

import json
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli.catalogue import KEPT, load_catalogue
from ioc_removal.cli.commands import PARTS, parser_with_commands
from ioc_removal.integration import load_integration


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / KEPT


def test_is_the_same_from_the_file_and_from_its_text(file: Path) -> None:
    whole = load_integration()
    for _ in range(2):
        found = load_catalogue()
        assert found.systems == whole.systems
        assert [*found.definitions] == [*whole.definitions]
        for name in whole.definitions:
            ours, theirs = found.definitions[name], whole.definitions[name]
            assert (ours.handler, ours.endpoint, ours.limits) == (
                theirs.handler,
                theirs.endpoint,
                theirs.limits,
            )
        assert file.exists()
    assert file.stat().st_mode & 0o77 == 0


def test_does_not_use_a_file_that_is_damaged_or_of_others(file: Path) -> None:
    load_catalogue()
    good = file.read_text()
    for text, mode in (("{", 0o600), ('{"catalogues": 1}', 0o600), (good, 0o644)):
        file.write_text(text)
        file.chmod(mode)
        assert load_catalogue().systems == load_integration().systems
        assert json.loads(file.read_text()) == json.loads(good)
        assert file.stat().st_mode & 0o77 == 0


def test_does_without_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    assert load_catalogue().systems
    taken = tmp_path / "taken"
    taken.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(taken))
    assert load_catalogue().systems
    assert [*tmp_path.iterdir()] == [taken]


def commands_of(only: str = "") -> list[str]:
    parser: Any = parser_with_commands(only)
    [commands] = [action for action in parser._actions if action.dest == "command"]
    return [*commands.choices]


def test_each_command_is_added_by_the_part_that_is_said_to() -> None:
    named = [name for _, _, names in PARTS for name in names]
    assert sorted(named) == sorted(commands_of())
    assert all(commands_of(name) == [name] for name in named)
