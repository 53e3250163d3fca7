"""Start a real proxy on loopback: tinyproxy, and stunnel before it where the proxy speaks TLS."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from socket import create_connection
from threading import Event
from time import monotonic
from typing import NamedTuple

import pytest

from ports import free_port

PATIENCE = 20.0  # seconds until a program listens
TINYPROXY = """\
Port {port}
Listen 127.0.0.1
MaxClients 50
LogLevel Connect
LogFile "{log}"
DisableViaHeader Yes
{more}
"""
STUNNEL = """\
foreground = yes
pid =
[proxy]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{behind}
cert = {certificate}
"""


class Proxy(NamedTuple):
    """A proxy that runs.

    address: as HOST:PORT; log: what it was asked is written there.
    """

    address: str
    log: Path

    @property
    def asked(self) -> int:
        """How often it was asked for anything."""
        return self.log.read_text(encoding="utf-8").count("Request (file descriptor")


def needed(program: str) -> str:
    """Return where a program is, or skip the test."""
    path = which(program) or which(f"/usr/sbin/{program}")
    if path is None:
        pytest.skip(f"{program} is not installed; on Debian: apt-get install {program}")
    return path


@contextmanager
def tinyproxy(folder: Path, *more: str) -> Iterator[Proxy]:
    """Run tinyproxy; more: lines of its configuration."""
    port, log, file = free_port(), folder / "tinyproxy.log", folder / "tinyproxy.conf"
    lines = "\n".join(more)
    file.write_text(TINYPROXY.format(port=port, log=log, more=lines), encoding="utf-8")
    with _running([needed("tinyproxy"), "-d", "-c", str(file)], port):
        yield Proxy(f"127.0.0.1:{port}", log)


@contextmanager
def over_tls(folder: Path, behind: Proxy, certificate: Path) -> Iterator[Proxy]:
    """Run stunnel before a proxy; certificate: with its key, PEM."""
    port, file = free_port(), folder / "stunnel.conf"
    listening = behind.address.rpartition(":")[2]
    text = STUNNEL.format(port=port, behind=listening, certificate=certificate)
    file.write_text(text, encoding="utf-8")
    with _running([needed("stunnel4"), str(file)], port):
        yield Proxy(f"127.0.0.1:{port}", behind.log)


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    """Run a program until it is not needed any more; it listens at the port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        end = monotonic() + PATIENCE
        while not _listens(port):
            said = process.communicate()[0].decode() if process.poll() is not None else ""
            assert process.returncode is None, f"{command}: {said}"
            assert monotonic() < end, f"{command} does not listen"
            Event().wait(0.02)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)
        if process.poll() is None:
            process.kill()
            process.communicate()


def _listens(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    return False
