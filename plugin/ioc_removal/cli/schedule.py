"""`schedule`: runs that workers begin by the clock."""

from typing import Any

from ..errors import ArgumentError
from ..operations.inputs import IndicatorFile
from ..store.database import Database
from ..store.run_list import states_of
from ..store.runs import known_run
from ..store.schedules import (
    Schedule,
    add_schedule,
    get_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from .arguments import parsed
from .extras import needed_by
from .files import file_of
from .session import Session
from .table import Cell

UTC = "UTC"
ADD, LIST, REMOVE, PAUSE, RESUME, BEGIN = "add", "list", "remove", "pause", "resume", "begin"
WHAT = (ADD, LIST, REMOVE, PAUSE, RESUME)
OF_ADD = (
    "playbook", "cron", "timezone", "input", "indicators", "format", "column", "to_ids_only",
    "verify", "lookup", "actor", "ticket", "reason",
)  # fmt: skip


def schedule(session: Session) -> int:
    """Do what is wanted with schedules."""
    options = session.options
    what, name = options.given("schedule_does"), options.given("name")
    if what not in (*WHAT, BEGIN):
        raise ArgumentError(f"there is no `schedule {what}`: it is one of {', '.join(WHAT)}")
    with needed_by("schedule"):
        from ..operations.detach import check_shared
    check_shared(session.database, "a schedule")
    if what == LIST:
        for other in ("name", *OF_ADD):
            if options.given(other):
                raise ArgumentError(
                    f"{_shown(other)}: `schedule list` lists all, and takes nothing"
                )
        return _list(session)
    if name is None:
        raise ArgumentError(f"NAME is missing: `ioc-removal schedule {what} NAME`")
    if what == ADD:
        return _add(session, name)
    for other in OF_ADD:
        if options.given(other):
            raise ArgumentError(f"{_shown(other)}: goes with `schedule add`")
    known = get_schedule(session.database, name)
    if what == BEGIN:
        return _begin(session, known)
    return _change(session, what, known)


def _shown(name: str) -> str:
    """Return how an argument is written."""
    return name.upper() if name in {"name", "playbook"} else f"--{name.replace('_', '-')}"


def _add(session: Session, name: str) -> int:
    from ..operations.input_rules import input_rules
    from ..operations.playbooks import gather, parse_all
    from ..operations.schedule import new_schedule

    options, integration = session.options, session.integration
    playbook, cron = options.given("playbook"), options.given("cron")
    for wanted, shown in ((playbook, "PLAYBOOK"), (cron, "--cron")):
        if not wanted:
            raise ArgumentError(f"{shown} is missing (see ioc-removal schedule --help)")
    playbooks = parse_all(gather(playbook, integration), integration)
    own = next(iter(playbooks))
    rules = input_rules(own, playbooks, integration)["properties"]
    typed = {key: rules.get(key, {}) for key, _ in playbooks[own].inputs}
    file = file_of(options, lambda _: None)
    if file is not None and file.path == "-":
        raise ArgumentError("--indicators -: a schedule reads a file at each tick, not stdin")
    made = new_schedule(
        integration,
        session.settings,
        name,
        cron,
        options.given("timezone") or UTC,
        playbook,
        parsed(options.given("input") or (), typed, "input"),
        file=file and IndicatorFile(file.path, file.format, file.column, file.to_ids_only),
        choose=session.chosen,
        terms=session.terms,
        requester=session.requester,
        now=session.database.moment(),
    )
    add_schedule(session.database, made)
    return _tell(session, made, "added")


def _change(session: Session, what: str, known: Schedule) -> int:
    from ..operations.schedule import tick_text

    database, at = session.database, tick_text(session.database.moment())
    if what == REMOVE:
        remove_schedule(database, known.name)
        return _tell(session, known, "removed; the runs that it began stay")
    if what == PAUSE:
        pause_schedule(database, known.name, at)
        return _tell(session, get_schedule(database, known.name), "paused")
    resume_schedule(database, known.name, at)
    return _tell(session, get_schedule(database, known.name), "goes on")


def _begin(session: Session, known: Schedule) -> int:
    """Run it for a tick: what a worker starts."""
    from ..operations.schedule import begin_scheduled
    from .interruption import interruption
    from .waiting import status_of

    database, tick = session.database, session.options.given("tick")
    if not tick:
        raise ArgumentError("--tick is missing: workers begin a schedule")
    with interruption(database, session.output) as told:
        ended = begin_scheduled(
            database, session.integration, session.settings, known, tick, told=told
        )
    return status_of(*ended) if ended else 0


def _list(session: Session) -> int:
    output = session.output
    rows = [_row(session.database, one) for one in list_schedules(session.database)]
    if output.json:
        output.print_json(rows)
    elif rows:
        columns = ("schedule", "playbook", "cron", "next", "last", "run", "result", "by")
        output.table(columns, [_cells(row) for row in rows])
    else:
        output.say("no schedules yet; `ioc-removal schedule add` makes one")
    return 0


def _row(database: Database, one: Schedule) -> dict[str, Any]:
    """Return what is known of a schedule, without the texts of its playbook."""
    from ..operations.cron import Cron
    from ..operations.schedule import tick_text

    what, run = one.what, known_run(database, one.run) if one.run else None
    try:
        following = tick_text(Cron(one.cron, one.timezone).next_after(database.moment()))
    except ArgumentError as error:  # changed by hand
        following = str(error)
    row = {
        "schedule": one.name,
        "playbook": what["playbook"],
        "cron": one.cron,
        "timezone": one.timezone,
        "inputs": what["inputs"],
        "indicators": what["file"] and what["file"]["path"],
        "connections": what["choose"],
        "actor": what["requester"]["actor"],
        "ticket": what["requester"]["ticket"],
        "reason": what["requester"]["reason"],
        "next": None if one.paused else following,
        "paused": one.paused,
        "last": one.tick,
        "skipped": one.said,
        "run": one.run,
        "result": run and states_of(database, [run])[run.run],
    }
    return {name: value for name, value in row.items() if value not in (None, {})}


def _cells(row: dict[str, Any]) -> list[Cell]:
    zone = "" if row["timezone"] == UTC else f" {row['timezone']}"
    last = f"{row['last']}: skipped, {row['skipped']}" if row.get("skipped") else row.get("last")
    return [
        row["schedule"], row["playbook"], row["cron"] + zone,
        row.get("next") or f"paused since {row['paused']}",
        last, row.get("run"), row.get("result"), row["actor"],
    ]  # fmt: skip


def _tell(session: Session, one: Schedule, what: str) -> int:
    output, row = session.output, _row(session.database, one)
    if output.json:
        output.print_json(row)
        return 0
    following = f"; next: {row['next']}" if "next" in row and "removed" not in what else ""
    output.say(f"schedule {one.name} {what}{following}")
    return 0
