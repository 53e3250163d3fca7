"""Conduct a run until it ends, or waits for a person; and end it."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import PluginError, StoreError
from ..integration import Integration
from ..outcome import Summary
from ..playbooks.engine import Engine, OtherVersionError
from ..playbooks.model import Playbook
from ..playbooks.performing import Performing
from ..store.asks import Ask
from ..store.cancelling import cancellation, watched
from ..store.denials import denial_of_plan
from ..store.given import check_given
from ..store.plans import get_plan
from ..store.results import run_summary
from ..store.runs import INTERRUPTED, WAITING, add_details, end_run, get_run, set_status
from ..store.sets import by_value
from ..trust.record import error_row
from .approval import Attend, may_go_on
from .cancelled import end_cancelled
from .ending import end_by
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
    with watched(database, run, performing.stop):
        ended = _conducted(performing, playbooks, name, inputs, attend)
    performing.connections.hang_up()
    if cancellation(database, run):
        return end_cancelled(database, integration.definitions, run)
    if ended is None:
        summary, known = run_summary(database, run), get_run(database, run)
        return run_record(database, integration.definitions, known, summary), summary
    return end_by(database, integration.definitions, get_run(database, run), *ended)


def _conducted(
    performing: Performing,
    playbooks: Mapping[str, Playbook],
    name: str,
    inputs: Mapping[str, Any],
    attend: Attend,
) -> tuple[list[dict[str, Any]], Any] | None:
    """Conduct a run; return its errors and output, None when it waits, or was cancelled."""
    database, run = performing.database, performing.run
    while _goes_on(performing, attend):
        if why := denial_of_plan(database, run):
            return _rest_of_plan(performing, record_denied, why), None
        turn = get_run(database, run).details.get("turn", 1)
        try:
            ended = Engine(performing, playbooks).execute(name, inputs, turn)
        except KeyboardInterrupt:
            end_run(database, run, None, INTERRUPTED)
            raise
        except (StoreError, OtherVersionError):
            raise  # the run has not ended
        except PluginError as error:
            return [error_row(error)], None
        finally:
            performing.connections.hang_up()  # the engine has ended: what breaks now is no result
        if cancellation(database, run):
            return None
        if "waiting" not in ended:
            errors, output = ended["errors"], by_value(database, ended["output"])
            if "plan" in get_run(database, run).details:
                errors = [*errors, *_rest_of_plan(performing, record_unreached)]
            if performing.dry_run:
                errors = [*errors, *_planned(performing, [row["message"] for row in errors])]
            return errors, output
        set_status(database, run, WAITING, turn=turn + 1)
    return None


def _goes_on(performing: Performing, attend: Attend) -> bool:
    """Tell whether a run goes on: nobody cancelled it, also not while it waited for somebody."""
    database, run = performing.database, performing.run
    if cancellation(database, run):
        return False
    goes_on = may_go_on(database, run, attend, lambda ask: _check(performing, ask))
    return goes_on and not cancellation(database, run)


def _rest_of_plan(
    performing: Performing, record: Callable[..., None], *why: str
) -> list[dict[str, Any]]:
    """Record what became of the rest of the plan that a run applies; return what went wrong."""
    database, run = performing.database, performing.run
    try:
        plan = get_plan(database, get_run(database, run).details["plan"])
        record(database, run, performing.bind, plan, *why)
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
