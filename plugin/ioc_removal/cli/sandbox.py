"""`sandbox`: stand-ins of the three systems, until Ctrl-C."""

import json
from collections.abc import Iterator, Mapping
from os import O_CREAT, O_TRUNC, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path
from time import sleep
from typing import Any

from ..errors import ArgumentError
from ..loader import read_text
from ..sandbox import Sandbox, read_faults, read_seed
from ..sandbox.seed import FAULTS_EXAMPLE
from .extras import needed_by
from .output import Output
from .parser import Options
from .session import Session
from .table import shown

LOOK = 0.5  # seconds between two looks at the requests


class Told:
    """Which requests were told."""

    def __init__(self, running: Sandbox, output: Output) -> None:
        self._running, self._output, self._count = running, output, 0

    def rest(self) -> None:
        """Tell those that were not, a line each."""
        requests = self._running.requests
        for row in requests[self._count :]:
            self._output.note(shown(f"{row['method']} {row['target']} {_became(row)}"))
        self._count = len(requests)


def sandbox(session: Session) -> int:
    """Start a sandbox and tell what is asked of it."""
    options, output = session.options, session.output
    if options.given("list_faults"):
        output.say(read_text(FAULTS_EXAMPLE).rstrip("\n"))
        return 0
    with _made(options) as running:
        told = Told(running, output)
        try:
            _show(running, options, output)
            while True:
                told.rest()
                sleep(LOOK)
        except KeyboardInterrupt:
            told.rest()
            output.note(f"ended after {len(running.requests):,} requests")
    return 0


def _show(running: Sandbox, options: Options, output: Output) -> None:
    """Tell where the systems answer, and the settings that lead there."""
    settings = running.settings(options.given("huawei_auth"))
    text = "".join(f"{line}\n" for line in settings_lines(settings))
    file = options.given("write_settings")
    if file:
        _write(file, text)
    if output.json:
        certificate = {"fingerprint": running.fingerprint} if running.fingerprint else {}
        output.print_json({"url": running.url, **certificate, "settings": settings})
    else:
        output.say(f"# CyberTrace, SecMaster and WAF answer at {running.url}")
        if running.fingerprint:
            output.say(f"# SHA-256 fingerprint of its certificate: {running.fingerprint}")
        output.say(f"# settings written to {file}" if file else text.rstrip("\n"))
    output.flush()
    output.note("Ctrl-C ends it. Requests:")


def settings_lines(document: Mapping[str, Any], pad: str = "") -> Iterator[str]:
    """Return settings as lines of YAML."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield f"{pad}{key}:"
            yield from settings_lines(value, f"{pad}  ")
        else:
            yield f"{pad}{key}: {json.dumps(value)}"


def _made(options: Options) -> Sandbox:
    """Make the sandbox that the options ask for; it does not listen yet."""
    seed_file, faults_file = options.given("seed"), options.given("faults")
    seed = read_seed(seed_file) if seed_file else {}
    if faults_file:
        seed["faults"] = read_faults(faults_file)
    client = bool(options.given("client_certificate"))
    tls = client or bool(options.given("tls"))
    file = options.given("write_settings")
    with needed_by("sandbox --tls"):
        return Sandbox(
            seed,
            options.given("port") or 0,
            tls=tls,
            client_certificate=client,
            certificates=Path(file).with_suffix("") if file and Path(file).name else None,
        )


def _became(row: Mapping[str, Any]) -> str:
    """Say how a request was answered, and what a fault hid."""
    told = str(row["status"] or "no answer")
    if row["fault"] is None:
        return told
    truth = f"answered {row['system_status']}" if row["acted"] else "did not see it"
    return f"{told} (fault {row['fault']}; the system {truth})"


def _write(path: str, text: str) -> None:
    try:
        with fdopen(open_file(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise ArgumentError(f"{path}: cannot be written: {error.strerror}") from error
