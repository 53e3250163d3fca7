"""`sandbox`: stand-ins of the three systems, until Ctrl-C."""

import json
from collections.abc import Iterator, Mapping
from os import O_CREAT, O_TRUNC, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path
from time import sleep
from typing import Any

from ..errors import ArgumentError, DefinitionError
from ..loader import parse
from ..sandbox import Sandbox, read_seed
from .output import Output
from .session import Session
from .table import shown

LOOK = 0.5  # seconds between two looks at the requests


def sandbox(session: Session) -> int:
    """Start a sandbox and tell what is asked of it."""
    options, output = session.options, session.output
    seed_file, faults_file = options.given("seed"), options.given("faults")
    seed = read_seed(seed_file) if seed_file else {}
    if faults_file:
        seed["faults"] = _faults(faults_file)
    port = options.given("port") or 0
    with Sandbox(seed, port) as running:
        text = "".join(f"{line}\n" for line in settings_lines(running.settings()))
        file = options.given("write_settings")
        if file:
            _write(file, text)
        if output.json:
            output.print_json({"url": running.url, "settings": running.settings()})
        else:
            output.say(f"# CyberTrace, SecMaster and WAF answer at {running.url}")
            output.say(f"# settings written to {file}" if file else text.rstrip("\n"))
        output.flush()
        output.note("Ctrl-C ends it. Requests:")
        try:
            _watch(running, output)
        except KeyboardInterrupt:
            output.note(f"ended after {len(running.requests):,} requests")
    return 0


def settings_lines(document: Mapping[str, Any], pad: str = "") -> Iterator[str]:
    """Return settings as lines of YAML."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield f"{pad}{key}:"
            yield from settings_lines(value, f"{pad}  ")
        else:
            yield f"{pad}{key}: {json.dumps(value)}"


def _watch(running: Sandbox, output: Output) -> None:
    told = 0
    while True:
        requests = running.requests
        for row in requests[told:]:
            status = row["status"] or "no answer"
            output.note(shown(f"{row['method']} {row['target']} {status}"))
        told = len(requests)
        sleep(LOOK)


def _faults(path: str) -> list[Any]:
    try:
        faults = parse(Path(path).read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"faults {path}: cannot be read: {error}") from error
    except DefinitionError as error:
        raise ArgumentError(str(error)) from error
    if not isinstance(faults, list):
        raise ArgumentError(f"faults {path}: must hold a list, as in examples/sandbox-seed.yml")
    return faults


def _write(path: str, text: str) -> None:
    try:
        with fdopen(open_file(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise ArgumentError(f"{path}: cannot be written: {error.strerror}") from error
