"""A run that was begun for a worker to go on with."""

from ..operations.history import run_record
from ..store.runs import get_run
from .how_far import workers_of
from .session import Session


def show_detached(session: Session, run: str) -> int:
    """Print the id of a run that goes on elsewhere, with --json its record so far."""
    known = get_run(session.database, run)
    if session.output.json:
        record = run_record(session.database, session.integration.definitions, known)
        session.output.print_json(record)
    else:
        session.output.say(run)
    session.output.note(
        f"{workers_of(known)} goes on with it; `ioc-removal show {run}` tells how far it is"
    )
    return 0
