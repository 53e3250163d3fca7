"""Schedules: what they run is checked when they are added, and begun by workers at each tick."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import Summary
from ..settings import Settings
from ..store.database import Database
from ..store.requests import AskedBefore, Request
from ..store.runs import Requester, get_run
from ..store.schedules import Schedule, get_schedule, note_begun
from ..store.statements import Held
from ..trust.guards import Guards
from ..trust.removal_key import connection_facts
from ..trust.terms import Terms
from .cron import Cron
from .input_rules import input_rules
from .inputs import INDICATORS, IndicatorFile
from .plan_parts import open_connections
from .playbooks import gather, parse_all, shipped
from .run import run_approved

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def new_schedule(
    integration: Integration,
    settings: Settings,
    name: str,
    cron: str,
    timezone: str,
    playbook: str,
    inputs: Mapping[str, Any],
    *,
    file: IndicatorFile | None,
    choose: Mapping[str, str],
    terms: Terms,
    requester: Requester,
    now: datetime,
) -> Schedule:
    """Return a schedule of a playbook, checked as a run would be; nothing is sent.

    file: is read anew at each tick; choose: connections by system; now: ticks from then on are its.
    Raises ArgumentError, DefinitionError, SettingsError.
    """
    if not NAME.fullmatch(name):
        raise ArgumentError(
            f"{name!r} is no name of a schedule: letters, digits, dots, - and _, 64 at most"
        )
    checked = Cron(cron, timezone)
    texts = gather(playbook, integration)
    playbooks = parse_all(texts, integration)
    own = next(iter(texts))
    given = dict(inputs)
    if file is not None:
        if INDICATORS not in dict(playbooks[own].inputs):
            raise ArgumentError(f"{own} has no input {INDICATORS!r} for a file to fill")
        if INDICATORS in given:
            raise ArgumentError(f"{INDICATORS}: give it, or --indicators FILE, not both")
        if not Path(file.path).is_file():
            raise ArgumentError(
                f"--indicators {file.path}: there is no such file; it is read at each tick, on the "
                "host of the worker that begins the run"
            )
        given[INDICATORS] = ()  # which no rule is for: it is checked when it is read
    playbooks[own].check_inputs(given, input_rules(own, playbooks, integration))
    made = open_connections(playbooks.values(), integration, settings, choose)
    what = {
        "source": playbook if playbook in shipped() else f"schedule {name}",
        "playbook": own,
        "texts": None if playbook in shipped() else texts,
        "inputs": dict(inputs),
        "file": file and {**_plain(file), "path": str(Path(file.path).resolve())},
        "choose": {system: one.name for system, one in made.items()},
        "connections": {system: connection_facts(one, settings) for system, one in made.items()},
        "terms": {"verify": terms.verify, "lookup": terms.lookup},
        "requester": requester._asdict(),
    }
    return Schedule(name, checked.expression, timezone, what, tick_text(now))


def begin_scheduled(
    database: Database,
    integration: Integration,
    settings: Settings,
    schedule: Schedule,
    tick: str,
    *,
    told: Callable[[str], None],
) -> tuple[dict[str, Any], Summary] | None:
    """Run a schedule for a tick; None when another process does, or did.

    told: the id of the run.
    """
    what = schedule.what
    guards = Guards(settings.guards, settings.source, {})
    guards.load()

    def began(run: str, *, dry: bool = False) -> None:
        """Note the run of the tick; of a plan that a run begins with, only when nothing follows."""
        told(run)
        if dry or not get_run(database, run).dry_run:
            note_begun(database, schedule.name, tick, run)

    try:
        with database.lease(lease_of(schedule.name)):
            if tick <= get_schedule(database, schedule.name).decided:
                return None  # another worker began it just now
            record, summary = run_approved(
                database,
                integration,
                settings,
                what["source"] if what["texts"] else what["playbook"],
                what["inputs"],
                file=IndicatorFile(**what["file"]) if what["file"] else None,
                texts=what["texts"],
                details={"connections": what["connections"]},
                choose=what["choose"],
                terms=Terms(guards=guards, **what["terms"]),
                requester=Requester(**what["requester"]),
                request=Request(schedule.request(tick)),
                began=began,
            )
            began(record["run"], dry=True)
            return record, summary
    except Held:
        return None
    except AskedBefore as asked:
        note_begun(database, schedule.name, tick, asked.run)
        return None


def lease_of(schedule: str) -> str:
    """Return the name that a process holds while it runs a schedule."""
    return f"schedule {schedule}"


def tick_text(moment: datetime) -> str:
    """Return a tick as it is kept: ISO 8601, UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(file: IndicatorFile) -> dict[str, Any]:
    return {name: getattr(file, name) for name in ("format", "column", "to_ids_only")}
