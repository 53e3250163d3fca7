"""Apply a plan: do what it says, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ArgumentError, PluginError
from ..integration import Integration
from ..outcome import Summary
from ..playbooks.engine import check_engine
from ..settings import Settings
from ..store.database import Database
from ..store.lease import lease
from ..store.plans import StoredPlan
from ..store.requests import Request
from ..store.retries import RETRY_OF
from ..store.runs import (
    OVERRIDES,
    PLAYBOOK,
    Requester,
    begin_run,
    get_run,
    known_run,
    requester_of,
)
from ..store.sets import by_value
from ..store.unused import used_up_by
from ..trust.perform import EARNEST
from ..trust.record import error_row
from ..trust.terms import Terms
from .approval import Attend, ask_for_plan, needs_approval
from .detach import left_to_a_worker
from .ending import end_by
from .execute import execute
from .inputs import note_inputs
from .performing import Told, performing_of
from .plan_check import check_plan
from .playbooks import parse_all


def apply_plan(
    database: Database,
    integration: Integration,
    settings: Settings,
    plan: StoredPlan,
    *,
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    request: Request | None = None,
    progress: Told = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
    attend: Attend = lambda _: False,
    detach: bool = False,
) -> tuple[dict[str, Any], Summary]:
    """Do what a plan says, and nothing else; its playbook runs again with the plan's inputs.

    Above the counts of the settings it waits for an approval first.
    choose: connections in place of the plan's, if they lead to the same place; requester: a ticket
    and a reason that are not given are the plan's; the rest as for run_playbook. Raises
    ArgumentError, before anything is recorded, when the plan expired or what it was made of
    changed.
    """
    check_engine(database)
    header = plan.header
    given = terms.guards.overrides if terms.guards else {}
    overrides = {**header["overrides"], **given}
    chosen = {**header["choose"], **(choose or {})}
    check_plan(database, integration, settings, plan, chosen)
    if needs_approval(settings, plan) and (before := used_up_by(database, plan.plan)):
        raise ArgumentError(  # nobody is asked for nothing
            f"plan {plan.plan}: it is used up: run {before} did all of it, or was let to; "
            "make a new plan"
        )
    if RETRY_OF in header and not known_run(database, header[RETRY_OF]):
        raise ArgumentError(
            f"plan {plan.plan}: it tries run {header[RETRY_OF]} again, which this store does not "
            "have: apply it where that run is"
        )
    texts = header["texts"]
    playbooks = parse_all(texts, integration)
    details = {
        "texts": texts,
        "source": header["source"],
        "choose": chosen,
        "settings": settings.source,
        "plan": plan.plan,
        "sha256": plan.hash,
        "terms": {"verify": terms.verify, "lookup": terms.lookup},
        "inputs": header["inputs"],
        **({"input": header["input"]} if "input" in header else {}),
        **({OVERRIDES: overrides} if overrides else {}),
        **(request.details if request else {}),
        **({RETRY_OF: header[RETRY_OF]} if RETRY_OF in header else {}),
    }
    run = begin_run(
        database,
        PLAYBOOK,
        header["playbook"],
        dry_run=False,
        details=details,
        requester=wanting(requester or requester_of(), header["requester"]),
    )
    began(run)
    with lease(database, run):
        try:
            performing = performing_of(
                database, run, integration, settings, chosen, playbooks, terms, progress
            )
        except PluginError as error:
            return end_by(
                database, integration.definitions, get_run(database, run), [error_row(error)]
            )
        given = by_value(database, header["inputs"])
        note_inputs(database, run, given)
        ask_for_plan(database, settings, run, plan)
        if detach:
            return left_to_a_worker(performing, integration)
        return execute(performing, playbooks, header["playbook"], given, integration, attend)


def wanting(requester: Requester, before: Mapping[str, str | None]) -> Requester:
    """Return who wants something again, for what it was wanted where nothing else is told.

    before: who wanted it first, of the details of a run.
    """
    ticket, reason = requester.ticket or before["ticket"], requester.reason or before["reason"]
    return requester._replace(ticket=ticket, reason=reason)
