"""A real PostgreSQL on loopback: the server's own programs, in a folder of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from ports import free_port

PLACES = "/usr/lib/postgresql/*/bin/initdb"  # of Debian
ABSENT = "no PostgreSQL server here; on Debian: apt-get install postgresql"
FAST = {"fsync": "off", "full_page_writes": "off"}  # a test pulls no plug
_numbers = count()


class PostgreSQLServer:
    """A server that can be stopped and started again.

    made: the data of a server that never ran, to copy: that is cheaper than to make them.
    """

    def __init__(self, folder: Path, programs: Path, made: Path | None = None) -> None:
        self._folder, self._programs = folder, programs
        self._as: list[str] = []
        if os.geteuid() == 0:  # it refuses to run as root
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(folder, "postgres", "postgres")
        self.port = free_port()
        self.made = made or folder / "made"
        if made is None:
            words = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
            self._do("initdb", *words, f"--pgdata={self.made}")
        copy = ["cp", "--archive", str(self.made), str(folder / "data")]
        subprocess.run(copy, check=True)
        self.start()

    def start(self) -> None:
        options = {**FAST, "listen_addresses": "127.0.0.1", "max_connections": "200"}
        words = " ".join(f"-c {name}={value}" for name, value in options.items())
        words += f" -p {self.port} -k {self._folder}"
        log = f"--log={self._folder / 'log'}"
        self._do("pg_ctl", *self._where, "--wait", log, "-o", words, "start")

    def stop(self, mode: str = "fast") -> None:
        self._do("pg_ctl", *self._where, "--wait", f"--mode={mode}", "stop")

    def database(self, how: str = "") -> str:
        """Make an empty database, and return its URL; how: what CREATE DATABASE is told of it."""
        name = f"store{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" {how}'.encode())
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def _where(self) -> Sequence[str]:
        return [f"--pgdata={self._folder / 'data'}"]

    def _do(self, program: str, *words: str) -> None:
        command = [*self._as, str(self._programs / program), *words]
        out = self._folder / "said"
        with out.open("w") as said:  # a pipe would stay open as long as the server runs
            done = subprocess.run(command, stdout=said, stderr=said, cwd=self._folder, check=False)
        log = self._folder / "log"
        assert done.returncode == 0, out.read_text() + (log.read_text() if log.exists() else "")


def programs() -> Path | None:
    """Return the folder of the newest server's programs, None when there is none."""
    here = sorted(Path("/").glob(PLACES.lstrip("/")), key=lambda path: path.parts[-3])
    found = str(here[-1]) if here else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def running(like: PostgreSQLServer | None = None) -> Iterator[PostgreSQLServer]:
    """Run a server in a folder of its own; skip where its programs are not installed.

    like: another server, of which it has a new one's data.
    """
    found = programs()
    if found is None:
        pytest.skip(ABSENT)
    # Not in a folder of pytest, which only its own user may enter.
    with TemporaryDirectory(prefix="postgresql-") as folder:
        server = PostgreSQLServer(Path(folder), found, like.made if like else None)
        try:
            yield server
        finally:
            server.stop("immediate")
