"""Conduct a run until it ends, or waits for a person; and end it."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import PluginError, StoreError
from ..integration import Integration
from ..outcome import FAILED, PARTIAL, Summary
from ..playbooks.engine import Engine, OtherVersionError
from ..playbooks.model import Playbook
from ..playbooks.performing import Performing
from ..store.approvals import Ask, denial_of_plan
from ..store.database import Database
from ..store.given import check_given
from ..store.plans import StoredPlan, get_plan
from ..store.results import run_summary
from ..store.runs import INTERRUPTED, WAITING, Run, add_details, end_run, get_run, set_status
from ..store.sets import by_reference, by_value
from ..trust.record import error_row
from .approval import Attend, may_go_on
from .history import run_record
from .plan import make_plan, plan_row
from .plan_check import check_approved
from .unreached import record_denied, record_unreached


def execute(
    performing: Performing,
    playbooks: Mapping[str, Playbook],
    name: str,
    inputs: Mapping[str, Any],
    integration: Integration,
    attend: Attend,
) -> tuple[dict[str, Any], Summary]:
    """Conduct a run until it ends, or waits for a person whom nobody attends."""
    database, run = performing.database, performing.run
    while may_go_on(database, run, attend, lambda ask: _check(performing, ask)):
        if why := denial_of_plan(database, run):
            errors = _noted(lambda: record_denied(performing, _plan_of(performing), why))
            performing.connections.hang_up()
            return end_by(database, integration, get_run(database, run), errors)
        turn = get_run(database, run).details.get("turn", 1)
        try:
            ended = Engine(performing, playbooks).execute(name, inputs, turn)
        except KeyboardInterrupt:
            end_run(database, run, None, INTERRUPTED)
            raise
        except (StoreError, OtherVersionError):
            raise  # the run has not ended
        except PluginError as error:
            return end_by(database, integration, get_run(database, run), [error_row(error)])
        finally:
            performing.connections.hang_up()  # the engine has ended: what breaks now is no result
        if "waiting" not in ended:
            errors, output = ended["errors"], by_value(database, ended["output"])
            if "plan" in get_run(database, run).details:
                left = _noted(lambda: record_unreached(performing, _plan_of(performing)))
                errors = [*errors, *left]
            if performing.dry_run:
                errors = [*errors, *_planned(performing, [row["message"] for row in errors])]
            return end_by(database, integration, get_run(database, run), errors, output)
        set_status(database, run, WAITING, turn=turn + 1)
    performing.connections.hang_up()
    record = run_record(database, integration.definitions, get_run(database, run))
    return record, run_summary(database, run)


def end_by(
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


def _plan_of(performing: Performing) -> StoredPlan:
    """Return the plan that a run applies."""
    database = performing.database
    return get_plan(database, get_run(database, performing.run).details["plan"])


def _noted(record: Callable[[], None]) -> list[dict[str, Any]]:
    """Record what became of the rest of a plan; return what went wrong then."""
    try:
        record()
    except StoreError:
        raise
    except PluginError as error:
        return [error_row(error)]
    return []


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
    except StoreError:
        raise
    except PluginError as error:
        return [error_row(error)]
    if plan is not None:
        add_details(database, run, planned=plan_row(plan))
    return []


def _check(performing: Performing, ask: Ask) -> None:
    check_given(performing.database, performing.run)  # also while somebody attended
    check_approved(performing.database, performing.integration, performing.settings, ask)
