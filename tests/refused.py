"""Hostile input is taken, or refused in lines that can be shown; and a home to try it in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError, PluginError, SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.settings import Settings

INTEGRATION = load_integration()
LONGEST_LINE = 2_000  # characters


def check(error: PluginError, kind: type[PluginError], start: str = "") -> None:
    """Check that an error is of a kind, and its lines can be shown; start: of the first."""
    assert isinstance(error, kind), repr(error)
    assert str(error).startswith(start)
    lines = error.problems if isinstance(error, ArgumentError) else [str(error)]
    for line in lines:
        assert line
        assert len(line) < LONGEST_LINE, line[:300]
        assert line.isprintable(), ascii(line)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home, with nothing set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)
    return tmp_path


def opened(settings: Settings) -> None:
    """Open every connection, as a command would."""
    for name, own in settings.connections.items():
        connection = Connection(name, settings, INTEGRATION.systems[own["system"]])
        assert all(line.isprintable() for line in connection.warnings)
        connection.hang_up()


def taken(make: Callable[[], Settings]) -> None:
    """Check that settings are used, or refused in one line."""
    try:
        opened(make())
    except PluginError as error:
        check(error, SettingsError)
