"""A request that began a run already: follow it, go on with it, or show what came of it."""

from time import monotonic, sleep

from ..errors import ArgumentError
from ..operations.history import is_stopped, run_record
from ..store.requests import forget_request
from ..store.results import run_summary
from ..store.runs import ENDED, WAITING, Run, get_run
from .ended import show_record
from .session import Session
from .waiting import status_of

POLLING = 0.2  # seconds
BEGINNING = 10.0  # seconds that a process may take until a run has its inputs


def check_same(session: Session, request: str, run: Run, source: str, plan: str | None) -> None:
    """Refuse a request that stood for something else; raises ArgumentError.

    source: the playbook as it is named now, plan: the plan that is applied now.
    """
    known = (run.details.get("source"), run.details.get("plan"))
    if source not in (known[0], run.name) or (plan is not None and known[1] is None):
        raise ArgumentError(
            f"--request-id: {request} was for run {run.run} of {run.name}: take another id"
        )
    session.output.note(f"the request {request} began run {run.run} already")


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
