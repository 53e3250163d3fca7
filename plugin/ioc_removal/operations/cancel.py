"""Cancel a run: nothing more of it is sent, and it ends with what was done until then."""

from collections.abc import Callable
from time import sleep
from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import Summary
from ..store.cancelling import cancel, cancellation
from ..store.database import Database
from ..store.results import run_summary
from ..store.runs import ENDED, Requester, get_run
from ..store.statements import Held
from .cancelled import end_cancelled
from .history import run_record

PAUSE = 0.2  # seconds between two looks whether its process has ended it


def cancel_run(
    database: Database,
    integration: Integration,
    run: str,
    requester: Requester,
    *,
    noted: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Any], Summary]:
    """Cancel a run, wait until it has ended, and return its record and summary.

    run: its id, or the first characters; requester: who cancels it, and why; noted: told once it is
    cancelled who ends it. The process that conducts it does, and lets what is in flight end; this
    one, when there is none, and likewise of a run that was cancelled before. Raises ArgumentError
    when there is nothing to cancel.
    """
    run = get_run(database, run).run
    before = cancellation(database, run)
    holder = database.holders((run,)).get(run)
    if before is None and not (requester.reason or "").strip():
        raise ArgumentError("--reason: say why, in a few words")
    if before is None or holder or get_run(database, run).status == ENDED:
        cancel(database, run, requester)
        noted(
            f"the run {run} is cancelled: nothing more is sent; "
            + (f"{holder} lets what is in flight end, and ends it" if holder else "it is ended")
        )
    else:
        noted(f"the run {run} was cancelled already, at {before.at}, and is ended now")
    while get_run(database, run).status != ENDED:
        try:
            with database.lease(run):
                if get_run(database, run).status != ENDED:
                    return end_cancelled(database, integration.definitions, run)
        except Held:
            sleep(PAUSE)
    known = get_run(database, run)
    summary = run_summary(database, run)
    return run_record(database, integration.definitions, known, summary), summary
