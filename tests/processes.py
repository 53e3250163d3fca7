"""The command as a process of its own, or on a terminal, with settings that lead to a sandbox."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.sandbox import Sandbox

DELETE = "cybertrace-indicators-delete"
PROGRAM = (sys.executable, "-m", "ioc_removal")
LONGEST = 120.0  # seconds until a test gives up
SECRETS = ("sandbox-password", "sandbox-secret-key", "sandbox-iam-token", "c2FuZGJveC1vcGVyYXRvc")


class Program:
    """The command, with a store of its own and settings that lead to a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path, **limits: int) -> None:
        settings = sandbox.settings()
        for connection in settings["connections"].values():
            connection["limits"] = limits
        (folder / "ioc-removal.yml").write_text(json.dumps(settings))
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("IOC_REMOVAL_")}
        self.environment = {**kept, "IOC_REMOVAL_STORE": str(folder / "store.db")}
        self.environment.pop("NO_COLOR", None)
        self.status: int | None = None

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=LONGEST)
        for secret in SECRETS:
            assert secret not in out + err
        return process.returncode, out, err

    def on_a_terminal(self, *words: str) -> str:
        """Return what a person sees."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env={**self.environment, "TERM": "xterm-256color", "COLUMNS": "100"},
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            seen += piece
        self.status = process.wait(LONGEST)
        os.close(ours)
        return seen.decode()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the program, also where the tests themselves run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Program:
    return Program(sandbox, tmp_path)


def remove(*values: str) -> tuple[str, ...]:
    words = (word for value in values for word in ("--arg", f"indicators={value}"))
    return ("call", DELETE, "--arg", "supplier=InternalTI", *words)
