"""Run a playbook, or go on with a run whose process died."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import ArgumentError, PluginError, SettingsError
from ..integration import Integration
from ..outcome import FAILED, PARTIAL, Summary
from ..playbooks.engine import Engine, check_engine
from ..playbooks.model import Playbook
from ..playbooks.performing import Performing, Progress
from ..settings import Settings
from ..store.approvals import PLAN, Ask
from ..store.database import Database
from ..store.journal import CONNECTIONS, RESUME, note
from ..store.lease import lease
from ..store.plans import StoredPlan, get_plan
from ..store.results import run_summary
from ..store.runs import (
    ENDED,
    INTERRUPTED,
    OVERRIDES,
    PLAYBOOK,
    WAITING,
    Requester,
    Run,
    add_details,
    begin_run,
    end_run,
    get_run,
    requester_of,
    set_status,
)
from ..store.sets import by_reference, by_value
from ..trust.approval import approving_of
from ..trust.guards import Guards
from ..trust.perform import EARNEST
from ..trust.record import error_row
from ..trust.terms import Terms
from .approval import Attend, ask_for_plan, may_go_on
from .history import run_record
from .inputs import INDICATORS, IndicatorFile, note_inputs
from .plan import make_plan, plan_row
from .plan_check import check_plan, plan_changes
from .playbooks import gather, input_document, parse_all, systems_of
from .unreached import record_unreached

Told = Callable[[Progress], None]


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
    if terms.dry_run or not approving_of(settings.approval, settings.source).most:
        return run_playbook(
            database, integration, settings, name, inputs, terms=terms, file=file, **more
        )
    dry = replace(terms, dry_run=True)
    planned, summary = run_playbook(
        database, integration, settings, name, inputs, terms=dry, file=file, **more
    )
    if "plan" not in planned:  # nothing would be done, and the errors tell why
        details = get_run(database, planned["run"]).details
        if "inputs" not in details:
            return planned, summary
        given = by_value(database, details["inputs"])  # a file is read once: it may be a pipe
        return run_playbook(database, integration, settings, name, given, terms=terms, **more)
    plan = get_plan(database, planned["plan"]["plan"])
    return apply_plan(database, integration, settings, plan, terms=terms, **more)


def run_playbook(
    database: Database,
    integration: Integration,
    settings: Settings,
    name: str,
    inputs: Mapping[str, Any],
    *,
    file: IndicatorFile | None = None,
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    progress: Told = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
    attend: Attend = lambda _: False,
) -> tuple[dict[str, Any], Summary]:
    """Run a playbook; return its record and summary, with what went wrong in the record.

    name: of one that ships, or a file's path; file: fills the input `indicators`; choose: the
    connection of a system where there are several; requester: who wants it, and why; began: told
    the id of the run; attend: what to do while a person is asked. Raises DefinitionError and
    ArgumentError for a playbook that cannot be read.
    """
    check_engine()
    texts = gather(name, integration)
    playbooks = parse_all(texts, integration)
    own = next(iter(texts))
    details: dict[str, Any] = {
        "texts": texts,
        "source": name,
        "choose": dict(choose or {}),
        "settings": settings.source,
        "terms": {"verify": terms.verify, "lookup": terms.lookup},
    }
    if terms.guards and terms.guards.overrides:
        details[OVERRIDES] = dict(terms.guards.overrides)
    run = begin_run(
        database, PLAYBOOK, own, dry_run=terms.dry_run, details=details, requester=requester
    )
    began(run)
    with lease(database, run):
        try:
            given = dict(inputs)
            if file is not None:
                given[INDICATORS] = _from_file(database, run, playbooks[own], given, file)
            given = playbooks[own].check_inputs(given, input_document(own))
            add_details(database, run, inputs=by_reference(given))
            note_inputs(database, run, given)
            performing = _performing(
                database, run, integration, settings, choose or {}, playbooks, terms, progress
            )
        except PluginError as error:
            return _ended(database, integration, get_run(database, run), [error_row(error)])
        return _execute(performing, playbooks, own, given, integration, attend)


def apply_plan(
    database: Database,
    integration: Integration,
    settings: Settings,
    plan: StoredPlan,
    *,
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester | None = None,
    progress: Told = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
    attend: Attend = lambda _: False,
) -> tuple[dict[str, Any], Summary]:
    """Do what a plan says, and nothing else; its playbook runs again with the plan's inputs.

    Above the counts of the settings it waits for an approval first.
    choose: connections in place of the plan's, if they lead to the same place; the rest as for
    run_playbook. Raises ArgumentError, before anything is recorded, when the plan expired or what
    it was made of changed.
    """
    check_engine()
    header = plan.header
    given = terms.guards.overrides if terms.guards else {}
    overrides = {**header["overrides"], **given}
    chosen = {**header["choose"], **(choose or {})}
    check_plan(database, integration, settings, plan, chosen)
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
        **({OVERRIDES: overrides} if overrides else {}),
    }
    run = begin_run(
        database,
        PLAYBOOK,
        header["playbook"],
        dry_run=False,
        details=details,
        requester=requester,
    )
    began(run)
    with lease(database, run):
        try:
            performing = _performing(
                database, run, integration, settings, chosen, playbooks, terms, progress
            )
        except PluginError as error:
            return _ended(database, integration, get_run(database, run), [error_row(error)])
        given = by_value(database, header["inputs"])
        note_inputs(database, run, given)
        ask_for_plan(database, settings, run, plan)
        return _execute(performing, playbooks, header["playbook"], given, integration, attend)


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
    times of what was asked cannot be true.
    """
    check_engine()
    run = get_run(database, run).run  # a few characters may name it
    with lease(database, run):
        known = get_run(database, run)
        if known.status == ENDED or known.kind != PLAYBOOK:
            what = "has ended" if known.status == ENDED else "is a single call: call it again"
            raise ArgumentError(f"the run {run} {what}")
        if "inputs" not in known.details:
            raise ArgumentError(
                f"the run {known.run} stopped while its input was read and sent nothing; start anew"
            )
        playbooks = parse_all(known.details["texts"], integration)
        note(database, run, RESUME, {"user": requester_of().user})
        performing = _performing(
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
        return _execute(performing, playbooks, known.name, given, integration, attend)


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


def _performing(
    database: Database,
    run: str,
    integration: Integration,
    settings: Settings,
    choose: Mapping[str, str],
    playbooks: Mapping[str, Playbook],
    terms: Terms,
    progress: Told,
) -> Performing:
    """Make the calls' side of a run; each connection is made now, so that none is missing later."""
    details = get_run(database, run).details
    performing = Performing(
        database,
        run,
        integration,
        settings,
        choose,
        terms=terms,
        plan=details.get("plan"),
        progress=progress,
    )
    systems = systems_of(playbooks.values(), integration)
    addresses = {
        system: made.place for system in systems if (made := performing.connection(system))
    }
    before = details.get("addresses", addresses)
    for system, address in addresses.items():
        if before.get(system) != address:
            raise SettingsError(
                f"the run {run} was begun on {before.get(system)}, the settings now name {address} "
                f"for {system}: go on with the settings that it began with"
            )
    add_details(database, run, addresses=addresses)
    note(database, run, CONNECTIONS, {"addresses": addresses, "settings": settings.source})
    return performing


def _execute(
    performing: Performing,
    playbooks: Mapping[str, Playbook],
    name: str,
    inputs: Mapping[str, Any],
    integration: Integration,
    attend: Attend,
) -> tuple[dict[str, Any], Summary]:
    """Conduct a run until it ends, or waits for a person whom nobody attends."""
    database, run = performing.database, performing.run
    systems = systems_of(playbooks.values(), integration)
    while may_go_on(database, run, attend, lambda ask: _check_plan(performing, ask)):
        turn = get_run(database, run).details.get("turn", 1)
        try:
            ended = Engine(performing, playbooks).execute(name, inputs, systems, turn)
        except KeyboardInterrupt:
            end_run(database, run, None, INTERRUPTED)
            raise
        except PluginError as error:
            return _ended(database, integration, get_run(database, run), [error_row(error)])
        finally:
            performing.hang_up()  # the engine has ended: what breaks now is no result
        if "waiting" not in ended:
            errors, output = ended["errors"], by_value(database, ended["output"])
            if plan := get_run(database, run).details.get("plan"):
                errors = [*errors, *_unreached(performing, plan)]
            if performing.dry_run:
                errors = [*errors, *_planned(performing, [row["message"] for row in errors])]
            return _ended(database, integration, get_run(database, run), errors, output)
        set_status(database, run, WAITING, turn=turn + 1)
    performing.hang_up()
    record = run_record(database, integration.definitions, get_run(database, run))
    return record, run_summary(database, run)


def _unreached(performing: Performing, plan: str) -> list[dict[str, Any]]:
    """Record what the plan of a run names and it did not come to; return what went wrong then."""
    try:
        record_unreached(performing, get_plan(performing.database, plan))
    except PluginError as error:
        return [error_row(error)]
    return []


def _check_plan(performing: Performing, ask: Ask) -> None:
    """Refuse an approval of a plan that is not what it was; raises ArgumentError."""
    database = performing.database
    details = get_run(database, ask.run).details
    if ask.ask != PLAN:
        return
    plan = get_plan(database, details["plan"])
    changed = plan_changes(
        database, performing.integration, performing.settings, plan, details["choose"]
    )
    if ask.plan != plan.hash:
        changed = [f"it has the hash {plan.hash}, and {ask.plan} was approved", *changed]
    if changed:
        raise ArgumentError(
            *(f"plan {plan.plan}: {line}" for line in changed),
            f"the approval of the run {ask.run} does not count for that: put it back, or run anew",
        )


def _planned(performing: Performing, errors: list[str]) -> list[dict[str, Any]]:
    """Make the plan of a dry run; return what went wrong with it."""
    database, run = performing.database, performing.run
    try:
        plan = make_plan(
            database,
            performing.integration,
            performing.settings,
            run,
            errors,
            performing.warnings,
        )
    except PluginError as error:
        return [error_row(error)]
    if plan is not None:
        add_details(database, run, planned=plan_row(plan))
    return []


def _ended(
    database: Database,
    integration: Integration,
    run: Run,
    errors: list[dict[str, Any]],
    output: Any = None,
) -> tuple[dict[str, Any], Summary]:
    """End a run and make its record."""
    summary = run_summary(database, run.run)
    result = summary.result
    if errors:
        result = PARTIAL if result != FAILED and summary.counts else FAILED
    add_details(
        database,
        run.run,
        counts=summary.counts,
        errors=errors,
        output=by_reference(output or {}),
    )
    end_run(database, run.run, result)
    return run_record(database, integration.definitions, get_run(database, run.run)), summary
