"""`worker`: perform what runs of a shared store have to do."""

import json
import signal
from datetime import datetime, timezone
from os import getpid
from socket import gethostname
from threading import Event
from typing import Any

from ..errors import ArgumentError
from .extras import needed_by
from .session import Session

USUAL_CHUNKS, USUAL_RUNS = 4, 2


def worker(session: Session) -> int:
    """Work until SIGTERM or SIGINT; finish then what was taken."""
    options, output = session.options, session.output
    with needed_by("worker"):
        from ..operations.work import Served, Worker, check_shared
    check_shared(session.database)
    served = Served.of(session.integration, session.settings, options.given("serve") or ())
    stop = Event()
    name = f"{gethostname()} {getpid()}"

    def told(event: str, **about: Any) -> None:
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        output.say(json.dumps({"at": at, "worker": name, "event": event, **about}))
        output.flush()

    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stop.set())
    one = Worker(
        session.database,
        lambda: session.settings.journal.get("key"),
        session.integration,
        session.settings,
        options.settings,
        served,
        _number(session, "chunks", USUAL_CHUNKS),
        _number(session, "runs", USUAL_RUNS),
        told,
    )
    told("working", store=str(session.database.location), connections=sorted(
        name for _, name in served.queues.values()))  # fmt: skip
    one.work(stop)
    told("stopped")
    return 0


def _number(session: Session, name: str, usual: int) -> int:
    number = session.options.given(name)
    number = usual if number is None else int(number)
    if number < 1:
        raise ArgumentError(f"--{name}: {number} is not 1 or more")
    return number
