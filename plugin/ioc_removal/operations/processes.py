"""Start this program as a process of its own, on the store of this one."""

import subprocess
import sys
from os import environ

from ..store.location import VARIABLE, Location, Server


def started(
    location: Location, settings_path: str | None, *words: str
) -> "subprocess.Popen[bytes]":
    """Start a command; what it prints is dropped, what it complains about is not."""
    command = [sys.executable, "-m", "ioc_removal", *words, "--quiet", "--json"]
    if settings_path:
        command += ["--settings", settings_path]
    url = location.url.reveal() if isinstance(location, Server) else str(location)
    return subprocess.Popen(  # noqa: S603  # this program; a URL may hold a password
        command, env={**environ, VARIABLE: url}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
