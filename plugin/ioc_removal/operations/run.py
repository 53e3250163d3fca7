"""Run a playbook: begin it with its inputs; where the settings count, plan it first."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ArgumentError, PluginError
from ..integration import Integration
from ..outcome import Summary
from ..playbooks.engine import check_engine
from ..playbooks.model import Playbook
from ..settings import Settings
from ..store.database import Database
from ..store.lease import lease
from ..store.plans import get_plan
from ..store.requests import Request
from ..store.runs import (
    CANCELLED,
    OVERRIDES,
    PLAYBOOK,
    Requester,
    Run,
    add_details,
    begin_run,
    get_run,
)
from ..store.sets import by_reference, by_value
from ..trust.approval import approving_of
from ..trust.perform import EARNEST
from ..trust.record import error_row
from ..trust.terms import Terms
from .apply import apply_plan
from .approval import Attend
from .detach import left_to_a_worker
from .ending import end_by
from .execute import execute
from .input_rules import input_rules
from .inputs import INDICATORS, READ_BY, IndicatorFile, note_inputs
from .performing import Told, performing_of
from .playbooks import gather, parse_all


def run_approved(
    database: Database,
    integration: Integration,
    settings: Settings,
    name: str,
    inputs: Mapping[str, Any],
    *,
    terms: Terms = EARNEST,
    file: IndicatorFile | None = None,
    **more: Any,
) -> tuple[dict[str, Any], Summary]:
    """Run a playbook; where the settings count, plan it first, and apply that plan.

    All is as for run_playbook.
    """
    given = (database, integration, settings, name)
    if terms.dry_run or not approving_of(settings.approval, settings.source).most:
        return run_playbook(*given, inputs, terms=terms, file=file, **more)
    dry = terms._replace(dry_run=True)
    here = {**more, "detach": False}
    planned, summary = run_playbook(*given, inputs, terms=dry, file=file, **here)
    if "plan" not in planned:  # nothing would be done, and the errors tell why
        known = get_run(database, planned["run"])
        if "inputs" not in known.details or CANCELLED in known.details:
            return planned, summary
        kept = by_value(database, known.details["inputs"])  # a file is read once: it may be a pipe
        return run_playbook(*given, kept, terms=terms, read_by=known, **more)
    plan = get_plan(database, planned["plan"]["plan"])
    for told in ("texts", "details"):  # by its plan
        more.pop(told, None)
    return apply_plan(database, integration, settings, plan, terms=terms, **more)


def run_playbook(
    database: Database,
    integration: Integration,
    settings: Settings,
    name: str,
    inputs: Mapping[str, Any],
    *,
    file: IndicatorFile | None = None,
    read_by: Run | None = None,
    texts: Mapping[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    request: Request | None = None,
    progress: Told = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
    attend: Attend = lambda _: False,
    detach: bool = False,
) -> tuple[dict[str, Any], Summary]:
    """Run a playbook; return its record and summary, with what went wrong in the record.

    name: of one that ships, or a file's path; file: fills the input `indicators`; read_by: the run
    that read the file of these inputs, if one did before; texts: of the playbooks by name, its own
    first, when they are known; details: more that the run begins with; choose: the connection of a
    system where there are several; requester: who wants it, and why; request: by which the caller
    names the run; began: told the id of the run; attend: what to do while a person is asked;
    detach: whether it is only begun, for a worker to go on with. Raises DefinitionError and
    ArgumentError for a playbook that cannot be read.
    """
    check_engine(database)
    texts = dict(texts or gather(name, integration))
    playbooks = parse_all(texts, integration)
    own = next(iter(texts))
    known: dict[str, Any] = {
        **(details or {}),
        "texts": texts,
        "source": name,
        "choose": dict(choose or {}),
        "settings": settings.source,
        "terms": {"verify": terms.verify, "lookup": terms.lookup},
    }
    if read_by and "input" in read_by.details:
        known |= {"input": read_by.details["input"], READ_BY: read_by.run}
    if request:
        known |= request.details
    if terms.guards and terms.guards.overrides:
        known[OVERRIDES] = dict(terms.guards.overrides)
    run = begin_run(
        database, PLAYBOOK, own, dry_run=terms.dry_run, details=known, requester=requester
    )
    began(run)
    with lease(database, run):
        try:
            given = dict(inputs)
            if file is not None:
                given[INDICATORS] = _from_file(database, run, playbooks[own], given, file)
            given = playbooks[own].check_inputs(given, input_rules(own, playbooks, integration))
            try:
                performing = performing_of(
                    database, run, integration, settings, choose or {}, playbooks, terms, progress
                )
            finally:  # last, as they may be long: all details are written together
                add_details(database, run, inputs=by_reference(given))
                note_inputs(database, run, given)
        except PluginError as error:
            return end_by(
                database, integration.definitions, get_run(database, run), [error_row(error)]
            )
        if detach:
            return left_to_a_worker(performing, integration)
        return execute(performing, playbooks, own, given, integration, attend)


def _from_file(
    database: Database,
    run: str,
    playbook: Playbook,
    given: Mapping[str, Any],
    file: IndicatorFile,
) -> Any:
    if INDICATORS not in dict(playbook.inputs):
        raise ArgumentError(f"{playbook.name} has no input {INDICATORS!r} for a file to fill")
    if INDICATORS in given:
        raise ArgumentError(f"{INDICATORS}: give it, or --indicators FILE, not both")
    indicators, sums = file.read(database, run)
    add_details(database, run, input=sums)
    return indicators
