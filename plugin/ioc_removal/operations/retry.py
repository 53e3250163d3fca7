"""Try again what a run did not do, and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..connection import Connection
from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import Summary
from ..settings import Settings
from ..store.database import Database
from ..store.given import check_given
from ..store.lease import is_held
from ..store.retries import (
    RETRY_OF,
    bounding_plan,
    call_before,
    family_of,
    left_of,
    not_done_items,
    retries_of,
)
from ..store.runs import CALL, ENDED, PLAYBOOK, UNDO, WAITING, Requester, Run, get_run
from ..store.sets import by_value
from ..trust.approval import approving_of
from ..trust.perform import EARNEST
from ..trust.removal_key import connection_facts
from ..trust.terms import Terms
from .apply import wanting
from .approval import Attend
from .call import ONLY, call_action
from .performing import Told
from .plan_parts import changes, open_connections
from .playbooks import parse_all, systems_of


@dataclass(frozen=True)
class Left:
    """What is left of a run to do.

    run: that is tried again; lines: indicators that it did not do, each at its target, whatever
    other retries of it did since; errors: what went wrong beside them, in the newest of these.
    """

    run: Run
    lines: int
    errors: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to try again."""
        return not self.lines and not self.errors


def left_in(database: Database, integration: Integration, run: str) -> Left:
    """Return what is left of a run to do.

    run: its id, or the first characters. Raises ArgumentError for one that cannot be tried again.
    """
    known = get_run(database, run)
    _check(database, integration, known)
    family = family_of(database, known.run)
    searches = [one.name for one in integration.definitions.values() if one.resolves]
    lines, errors = left_of(database, family, bounding_plan(database, family), searches)
    return Left(known, lines, len(errors))


def retry_run(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: Run,
    *,
    connect: Callable[[str], Connection],
    choose: Mapping[str, str] | None = None,
    terms: Terms = EARNEST,
    requester: Requester,
    progress: Told = lambda _: None,
    began: Callable[[str], None] = lambda _: None,
    attend: Attend = lambda _: False,
) -> tuple[dict[str, Any], Summary]:
    """Do what a run did not do, as a run of its own; return its record and summary.

    connect: opens a connection by its name; choose: connections in place of the run's, if they lead
    to the same place; requester: a ticket and a reason that are not given are the run's; the rest
    as for run_playbook. Raises ArgumentError when the connections lead elsewhere, RunError when the
    store was changed by hand.
    """
    requester = wanting(requester, {"ticket": None, "reason": None, **run.details["requester"]})
    if run.kind == CALL:
        return _call_again(
            database, integration, settings, run,
            connect=connect, choose=choose or {}, terms=terms, requester=requester, began=began,
        )  # fmt: skip
    from .run import run_approved  # needs the extra playbooks

    check_given(database, run.run)
    chosen = {**run.details["choose"], **(choose or {})}
    playbooks = parse_all(run.details["texts"], integration).values()
    for system in systems_of(playbooks, integration):
        connect(settings.pick(system, chosen.get(system)))  # its mistakes and warnings, before
    _check_places(integration, settings, run, chosen)
    given = by_value(database, run.details["inputs"])
    return run_approved(
        database, integration, settings, run.details["source"], given,
        texts=run.details["texts"], details=_as_before(run), choose=chosen, terms=terms,
        requester=requester, progress=progress, began=began, attend=attend,
    )  # fmt: skip


def _call_again(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: Run,
    *,
    connect: Callable[[str], Connection],
    choose: Mapping[str, str],
    terms: Terms,
    requester: Requester,
    began: Callable[[str], None],
) -> tuple[dict[str, Any], Summary]:
    definition = integration.definition(run.name)
    check_given(database, run.run, inputs=False)
    connection, arguments = call_before(database, run.run, ONLY)
    name = choose.get(definition.system, connection)
    if name not in settings.connections:
        raise ArgumentError(
            f"{settings.source} has no connection {name!r}, which the run {run.run} used: "
            f"--connection {definition.system}=NAME tells how it is called now"
        )
    made = connect(name)
    system = made.system.name
    before = run.details.get("addresses", {}).get(system, made.place)
    if before != made.place:
        raise _elsewhere(run, [f"{system} was {before}, is {made.place}"])
    if limits := definition.limits:
        items = not_done_items(database, run.run, ONLY, definition.named_by)
        many = definition.schema.part["properties"][limits.argument]["type"] == "array"
        arguments[limits.argument] = items if many else items[0]
    return call_action(
        database, integration.bind(definition.name, made), arguments,
        terms=terms, most=approving_of(settings.approval, settings.source).most,
        requester=requester, retry_of=run.run, began=began,
    )  # fmt: skip


def _as_before(run: Run) -> dict[str, Any]:
    """Return what a run that tries another one again begins with: it goes where that went."""
    kept = ("addresses", "connections")
    return {RETRY_OF: run.run, **{name: run.details[name] for name in kept if name in run.details}}


def _check_places(
    integration: Integration, settings: Settings, run: Run, chosen: Mapping[str, str]
) -> None:
    """Refuse to try a run again elsewhere than where it was."""
    playbooks = parse_all(run.details["texts"], integration)
    made = open_connections(playbooks.values(), integration, settings, chosen)
    now = {system: connection_facts(one, settings) for system, one in made.items()}
    before = {"connections": run.details.get("connections", now)}
    names = {system: one.name for system, one in made.items()}
    if found := list(changes(before, {"connections": now}, names)):
        raise _elsewhere(run, found)


def _elsewhere(run: Run, found: list[str]) -> ArgumentError:
    return ArgumentError(
        f"the run {run.run} used other settings: {'; '.join(found)}: try it again with those, or "
        "run it anew"
    )


def _check(database: Database, integration: Integration, run: Run) -> None:
    """Refuse runs that cannot be tried again."""
    where = f"the run {run.run}"
    if run.kind == UNDO:
        raise ArgumentError(
            f"{where} is an undo: another `ioc-removal undo {run.details['undo_of']}` tries again "
            "what it did not put back"
        )
    if run.kind not in {CALL, PLAYBOOK}:
        raise ArgumentError(f"{where} is no call and no playbook: there is nothing to try again")
    if run.dry_run:
        raise ArgumentError(f"{where} is a dry run, it sent nothing: run it in earnest")
    if is_held(database, run.run):
        raise ArgumentError(f"{where} is alive: let it end, or stop it")
    if run.status != ENDED:
        on = "call it again" if run.kind == CALL else f"`ioc-removal resume {run.run}` goes on"
        state = "waits for a decision" if run.status == WAITING else "stopped without ending"
        raise ArgumentError(f"{where} {state}: {on}")
    definition = integration.definitions.get(run.name)
    if run.kind == CALL and not (definition and definition.acts):
        raise ArgumentError(f"{where} only read: call {run.name} again")
    if run.kind == PLAYBOOK and "inputs" not in run.details:
        raise ArgumentError(
            f"{where} stopped while its input was read and sent nothing: start anew"
        )
    for again in retries_of(database, run.run):
        if is_held(database, again):
            raise ArgumentError(f"{where} is being tried again by run {again}: let that end")
