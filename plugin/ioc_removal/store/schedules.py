"""Schedules: runs that workers begin by the clock, and what became of their newest tick."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError
from .columns import parsed
from .database import Database

COLUMNS = "name, cron, timezone, what, since, paused, tick, run, said"


@dataclass(frozen=True)
class Schedule:
    """A schedule.

    cron: five fields; timezone: IANA; what: source and texts of the playbook, inputs, file, choose,
    connections, terms, requester; since: up to when ticks are not its; paused: since when; tick:
    the newest that was begun or skipped; run: that it began; said: why it was skipped. Moments are
    ISO 8601 in UTC.
    """

    name: str
    cron: str
    timezone: str
    what: Mapping[str, Any]
    since: str
    paused: str | None = None
    tick: str | None = None
    run: str | None = None
    said: str | None = None

    @property
    def decided(self) -> str:
        """Up to when nothing is to be begun any more."""
        return max(self.since, self.tick or "")

    def request(self, tick: str) -> str:
        """Return the request by which a tick has one run."""
        return f"schedule/{self.name}/{tick}"


def add_schedule(database: Database, schedule: Schedule) -> None:
    """Keep a new schedule; raises ArgumentError when there is one of that name."""
    query = f"INSERT INTO schedules ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"  # noqa: S608
    own = vars(schedule)
    values = [
        json.dumps(own[name]) if name == "what" else own[name] for name in COLUMNS.split(", ")
    ]
    with database.transaction() as transaction:
        if not transaction.execute(query, values).rowcount:
            raise ArgumentError(
                f"there is a schedule {schedule.name} already: "
                f"`ioc-removal schedule remove {schedule.name}` first, or take another name"
            )


def list_schedules(database: Database) -> list[Schedule]:
    """Return all schedules by their names."""
    query = f"SELECT {COLUMNS} FROM schedules ORDER BY name"  # noqa: S608
    return [_schedule(row) for row in database.rows(query)]


def get_schedule(database: Database, name: str) -> Schedule:
    """Return a schedule; raises ArgumentError when there is none of that name."""
    query = f"SELECT {COLUMNS} FROM schedules WHERE name = ?"  # noqa: S608
    for row in database.rows(query, (name,)):
        return _schedule(row)
    names = ", ".join(one.name for one in list_schedules(database))
    raise ArgumentError(
        f"there is no schedule {name!r}"
        + (f"; there are {names}" if names else "; `ioc-removal schedule add` makes one")
    )


def remove_schedule(database: Database, name: str) -> None:
    """Take a schedule away; the runs that it began stay."""
    with database.transaction() as transaction:
        transaction.execute("DELETE FROM schedules WHERE name = ?", (name,))


def pause_schedule(database: Database, name: str, at: str) -> None:
    """Begin nothing of a schedule any more."""
    query = "UPDATE schedules SET paused = ? WHERE name = ? AND paused IS NULL"
    with database.transaction() as transaction:
        transaction.execute(query, (at, name))


def resume_schedule(database: Database, name: str, at: str) -> None:
    """Let a schedule go on from now."""
    query = "UPDATE schedules SET paused = NULL, since = ? WHERE name = ? AND paused IS NOT NULL"
    with database.transaction() as transaction:
        transaction.execute(query, (at, name))


def note_begun(database: Database, name: str, tick: str, run: str) -> None:
    """Note the run of a tick."""
    query = (
        "UPDATE schedules SET tick = ?, run = ?, said = NULL WHERE name = ?"
        " AND (tick IS NULL OR tick <= ?)"
    )
    with database.transaction() as transaction:
        transaction.execute(query, (tick, run, name, tick))


def note_skipped(database: Database, name: str, tick: str, why: str) -> bool:
    """Note that a tick has no run; tell whether that was not decided before.

    The run before stays noted.
    """
    query = "UPDATE schedules SET tick = ?, said = ? WHERE name = ? AND (tick IS NULL OR tick < ?)"
    with database.transaction() as transaction:
        return bool(transaction.execute(query, (tick, why, name, tick)).rowcount)


def _schedule(row: tuple[Any, ...]) -> Schedule:
    name, cron, timezone, what, *rest = row
    return Schedule(name, cron, timezone, parsed(what, "schedules.what", name, dict), *rest)
