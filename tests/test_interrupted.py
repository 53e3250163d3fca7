"""A signal ends the command whatever it waits for, in a line, and makes up no outcome."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import SHUT_RDWR, create_server, socket
from threading import Event, Thread

import pytest

from holding import HoldingSandbox
from ioc_removal.errors import StoreError
from ioc_removal.store import postgresql_lasting
from ioc_removal.store.database import Database
from ioc_removal.store.location import server_of
from killing import Program
from postgresql import PostgreSQLServer

LONGEST = 120.0  # seconds until a test gives up
PLACE = {"project_id": "p", "workspace_id": "w"}
CALLS = {
    "a removal": ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI",
                  "--arg", "indicators=192.0.2.10"),
    "a removal that logs in": ("call", "secmaster-indicators-delete", "--arg", "batch_ids=id-1"),
    "a read": ("call", "cybertrace-suppliers-list"),
    "a test": ("test", "cybertrace"),
}  # fmt: skip
DRIP = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
LATER = b"HTTP/1.1 503 x\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def stuck(start: bytes, drop: bytes) -> Iterator[tuple[str, Event]]:
    """Answer with a start, and then with drops for ever; the event: something was asked."""
    asked, over = Event(), Event()

    def serve(connection: socket) -> None:
        with connection, suppress(OSError):
            connection.recv(1)
            connection.sendall(start)
            asked.set()
            while not over.wait(0.02):
                connection.sendall(drop)

    def accept(listener: socket) -> None:
        with suppress(OSError):
            while not over.is_set():
                connection, _ = listener.accept()
                Thread(target=serve, args=(connection,), daemon=True).start()

    with create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            over.set()
            listener.shutdown(SHUT_RDWR)  # closing it alone would leave it to who waits at it


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the program, also where the tests themselves run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_while_the_program_is_still_loaded(tmp_path: Path) -> None:
    """A library that takes its time, in place of a slow disk."""
    (tmp_path / "requests.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n"
    )
    for program in (
        ("-m", "ioc_removal"),
        ("-c", "import sys; from ioc_removal.__main__ import start; sys.exit(start())"),
    ):
        ended = subprocess.run(
            [sys.executable, *program, "runs"],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert (ended.returncode, ended.stdout) == (130, "")
        assert ended.stderr == "error: interrupted; nothing was sent\n"


@pytest.mark.parametrize(
    ("call", "scheme", "start", "drop", "kind"),
    [
        ("a removal", "http", b"", b"", signal.SIGINT),
        ("a removal", "http", DRIP, b" ", signal.SIGTERM),
        ("a removal", "http", LATER, b"", signal.SIGINT),
        ("a removal", "https", b"", b"", signal.SIGINT),
        ("a removal that logs in", "http", b"", b"", signal.SIGINT),
        ("a read", "http", DRIP, b" ", signal.SIGINT),
        ("a test", "https", b"", b"", signal.SIGINT),
        ("a test", "https", b"", b"", signal.SIGTERM),
    ],
)
def test_a_signal(
    call: str, scheme: str, start: bytes, drop: bytes, kind: signal.Signals, tmp_path: Path
) -> None:
    with stuck(start, drop) as (address, asked):
        url = f"{scheme}://{address}"
        basic = {"type": "basic", "username": "user", "password": "made-up"}
        login = {**basic, "type": "iam_password", "domain": "d", "project": "p", "iam_url": url,
                 "token_cache": False}  # fmt: skip
        connections = {
            "cybertrace": {"system": "cybertrace", "url": url, "auth": basic, "api_version": "1.2"},
            "secmaster": {"system": "secmaster", "url": url, "auth": login, "defaults": PLACE},
        }
        (tmp_path / "ioc-removal.yml").write_text(json.dumps({"connections": connections}))
        kept = {k: v for k, v in os.environ.items() if not k.startswith("IOC_REMOVAL_")}
        program = (sys.executable, "-m", "ioc_removal")
        environment = {**kept, "IOC_REMOVAL_STORE": str(tmp_path / "store.db")}
        options = {"cwd": tmp_path, "env": environment, "text": True}
        process = subprocess.Popen(
            [*program, *CALLS[call]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,  # type: ignore[call-overload]
        )
        assert asked.wait(LONGEST)
        if start == LATER:  # it says that it waits
            assert "trying again in 60 s" in process.stderr.readline()
        process.send_signal(kind)
        out, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 130
    assert out == ""
    [line] = err.splitlines()
    assert line.startswith("error: interrupted")
    if call == "a test":
        return
    [run] = [word.strip("`;") for word in line.split() if word.startswith("20")]
    shown = subprocess.run(
        [*program, "show", run, "--json"],
        capture_output=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    record = json.loads(shown.stdout)
    assert record["status"] == "interrupted"
    assert {row["outcome"] for row in record.get("outcomes", ())} <= {"unknown"}


def test_a_signal_while_the_store_is_away(own: PostgreSQLServer, tmp_path: Path) -> None:
    sandbox = HoldingSandbox()
    with sandbox:
        program = Program(sandbox, tmp_path, store=server_of(own.database()))
        sandbox.hold("DELETE")
        words = ("--arg", "supplier=InternalTI", "--indicators", "iocs.txt")
        process = program.start("call", "cybertrace-indicators-delete", *words)
        sandbox.has_come()
        own.stop()
        sandbox.go_on()
        time.sleep(1)  # it waits for the server
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONGEST)
    own.start()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith(
        "error: interrupted: a request in flight may have been carried out; `ioc-removal show "
    )
    [run] = program.runs()
    record = program.record(program.start("show", run))
    assert (record["status"], record.get("outcomes")) == ("running", [])
    assert run in err


def test_a_store_that_stays_away_is_waited_for_no_longer(
    own: PostgreSQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_lasting, "PATIENCE", 0.5)
    database = Database(server_of(own.database()))
    asked = 0

    def ask() -> object:
        nonlocal asked
        asked += 1
        return database.rows("SELECT count(*) FROM runs")

    own.stop()
    for _ in range(2):
        with pytest.raises(StoreError, match="Connection refused"):
            database.outliving(ask)
    assert asked == 2
    own.start()
    assert database.outliving(ask) == [(0,)]
    database.close()
