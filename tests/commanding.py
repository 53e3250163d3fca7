"""The command, called in this process against a sandbox, and what it said without a secret."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox

DELETE = "cybertrace-indicators-delete"
SECRETS = ("sandbox-password", "sandbox-secret-key", "sandbox-iam-token")


class Said:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        for secret in SECRETS:
            assert secret not in out + err

    @property
    def record(self) -> dict[str, Any]:
        """The JSON of standard output, which holds nothing else."""
        record: dict[str, Any] = json.loads(self.out)
        return record

    @property
    def error(self) -> str:
        """The only line of standard error."""
        [line] = self.err.splitlines()
        return line


Command = Callable[..., Said]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def bare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return the command with a store of its own, and nothing set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)

    def command(*words: str) -> Said:
        status = main(words)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return command


@pytest.fixture
def command(bare: Command, sandbox: Sandbox, tmp_path: Path) -> Command:
    """Return the command with settings that lead to the sandbox."""
    (tmp_path / "ioc-removal.yml").write_text(json.dumps(sandbox.settings()))
    return bare


def remove(*values: str, supplier: str = "InternalTI") -> list[str]:
    arguments = [word for value in values for word in ("--arg", f"indicators={value}")]
    return ["call", DELETE, "--arg", f"supplier={supplier}", *arguments]
