"""A request that began a run already: follow it, go on with it, or show what came of it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..errors import ArgumentError
from ..operations.history import is_stopped, run_record
from ..store.requests import ASKED, Request, forget_request
from ..store.results import run_summary
from ..store.runs import ENDED, WAITING, Run, get_run
from .ended import show_record
from .parser import Options
from .session import Session
from .waiting import status_of

POLLING = 0.2  # seconds
PART = 1 << 20  # bytes of a file that are read at once
BEGINNING = 10.0  # seconds that a process may take until a run has its inputs


def request_of(options: Options) -> Request | None:
    """Return the request of --request-id, None without one."""
    name = options.given("request_id")
    if name is None:
        return None
    path = options.given("indicators")
    asked = [
        sorted(options.given("input") or ()),
        [options.given(option) for option in ("format", "column", "to_ids_only")],
        path and _content(path),
        sorted(options.connections),
    ]
    return Request(name, sha256(json.dumps(asked).encode()).hexdigest())


def _content(path: str) -> str | None:
    """Return a hash of what is in a file; None of what can be read but once, or not at all."""
    content = sha256()
    try:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as file:
            while part := file.read(PART):
                content.update(part)
    except OSError:
        return None
    return content.hexdigest()


def check_same(session: Session, run: Run, source: str, plan: str | None) -> None:
    """Refuse a request that stood for something else; raises ArgumentError.

    source: the playbook as it is named now, plan: the plan that is applied now.
    """
    request = request_of(session.options)
    assert request is not None  # noqa: S101  # it has begun a run
    known, asked = run.details, run.details.get(ASKED)
    other = None
    if source not in (known.get("source"), run.name):
        other = f"of {run.name}"
    elif plan is not None and not _is_of(plan, known):
        other = f"of {run.name} by another plan" if "plan" in known else f"of {run.name}"
    elif plan is None and asked not in (None, request.asked):
        other = f"of {run.name} with other inputs"
    if other:
        raise ArgumentError(
            f"--request-id: {request.id} was for run {run.run} {other}: take another id"
        )
    session.output.note(f"the request {request.id} began run {run.run} already")


def _is_of(plan: str, known: Mapping[str, Any]) -> bool:
    """Tell whether a run applies a plan, given by its id or SHA-256; a file is not read for it."""
    names = (known.get("plan"), known.get("sha256"))
    return any(name and (name.startswith(plan) or Path(plan).is_file()) for name in names)


def ended(session: Session, request: str, name: str) -> Run | None:
    """Wait until a run ended, waits for a person or has to go on; return it.

    None when it stopped before anything could be sent, so that the request may begin another.
    """
    database, since = session.database, monotonic()
    while True:
        run = get_run(database, name)
        if run.status in {ENDED, WAITING}:
            return run
        if is_stopped(database, run):
            if "inputs" in run.details and "connections" in run.details:
                return run
            if monotonic() > since + BEGINNING:
                forget_request(database, request, run.run)
                return None
        sleep(POLLING)


def show_ended(session: Session, run: Run) -> int:
    """Show what came of a run, as its own command did."""
    record = run_record(session.database, session.integration.definitions, run)
    summary = run_summary(session.database, run.run)
    show_record(session.output, session.database, record, summary)
    return status_of(record, summary)
