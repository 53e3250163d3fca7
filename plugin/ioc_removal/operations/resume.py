"""Go on with a run whose process died, or that waited for a person."""

from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import Summary
from ..playbooks.engine import check_engine
from ..settings import Settings
from ..store.cancelling import cancellation
from ..store.database import Database
from ..store.given import check_given
from ..store.journal import RESUME, note
from ..store.lease import lease
from ..store.runs import (
    ENDED,
    INTERRUPTED,
    PLAYBOOK,
    PRUNE,
    RUNNING,
    Run,
    get_run,
    requester_of,
    set_status,
)
from ..store.sets import by_value
from ..trust.guards import Guards
from ..trust.terms import Terms
from .approval import Attend
from .cancelled import end_cancelled
from .execute import execute
from .performing import Told, performing_of
from .plan_check import check_kept
from .playbooks import parse_all


def resume_run(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: str,
    *,
    guards: Guards | None = None,
    progress: Told = lambda _: None,
    attend: Attend = lambda _: False,
) -> tuple[dict[str, Any], Summary]:
    """Go on with a run whose process died, or that waited for a person.

    guards: with the run's overrides; by default those of the settings; attend: what to do while
    nobody has decided. Raises ArgumentError when there is nothing to go on, RunError when the
    times of what was asked cannot be true, or the store was changed by hand.
    """
    check_engine(database)
    run = get_run(database, run).run  # a few characters may name it
    with lease(database, run):
        known = get_run(database, run)
        if known.status != ENDED and cancellation(database, run):
            return end_cancelled(database, integration.definitions, run)
        if known.status == ENDED or known.kind != PLAYBOOK:
            raise ArgumentError(f"the run {run} {_over(known)}")
        if "inputs" not in known.details:
            raise ArgumentError(
                f"the run {known.run} stopped while its input was read and sent nothing; start anew"
            )
        check_given(database, run)
        check_kept(database, integration, known)
        playbooks = parse_all(known.details["texts"], integration)
        note(database, run, RESUME, {"user": requester_of().user})
        if known.status == INTERRUPTED:
            set_status(database, run, RUNNING)
        performing = performing_of(
            database,
            known.run,
            integration,
            settings,
            known.details["choose"],
            playbooks,
            Terms(dry_run=known.dry_run, guards=guards, **known.details.get("terms", {})),
            progress,
        )
        given = by_value(database, known.details["inputs"])
        return execute(performing, playbooks, known.name, given, integration, attend)


def _over(run: Run) -> str:
    """Say why there is nothing to go on with."""
    if run.status == ENDED:
        return "has ended"
    if run.kind == PRUNE:
        return "was a prune: the next `ioc-removal prune` finishes what it left"
    return "is a single call: call it again"
