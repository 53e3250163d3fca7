"""Plans: what a dry run would do, and what was done of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..batches import Batch
from ..definition import Definition
from ..errors import ArgumentError
from ..outcome import Outcome
from ..trust.removal_key import removal_key
from ..trust.snapshot import Snapshot
from ..trust.terms import Planned
from ..trust.told import difference
from .columns import parsed
from .database import Database
from .recorder import OUTCOME_COLUMNS, outcome_of

COLUMNS = "plan, hash, created, expires, header"
IN_WORK = "this run is at it already, in {}"
AGAIN = "done once, by {} of this run"
SHORTEST_HASH = 8  # digits by which a plan may be named


@dataclass(frozen=True)
class StoredPlan:
    """A plan without its lines.

    plan: its id, that of the dry run that made it; hash: SHA-256 of what it would do; created,
    expires: ISO 8601 in UTC; header: playbook, texts, inputs, requester, parts of the hash,
    sections (action, connection, arguments, target, effect), counts, warnings and more.
    """

    plan: str
    hash: str
    created: str
    expires: str
    header: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedLine:
    """One line of a plan.

    section: its number in the header; outcome: planned, or why it would not be done; assumed:
    whether it depends on what the plan assumes; times: how often the playbook came to it; line:
    value, id and what is known of it.
    """

    key: str
    section: int
    outcome: str
    assumed: bool
    times: int
    line: Mapping[str, Any]


class PlannedOnly:
    """What a call may do: what is in the plan, and was not done by another call or run before.

    fingerprint: of the call's connection.
    """

    def __init__(
        self, database: Database, plan: StoredPlan, run: str, call: str, fingerprint: str
    ) -> None:
        self._database, self._plan, self._fingerprint = database, plan.plan, fingerprint
        self._effects = [section["effect"] for section in plan.header["sections"]]
        self._run, self._call = run, call

    def judged(self, definition: Definition, target: Mapping[str, str], batch: Batch) -> Planned:
        """Say what of a batch is not planned, and what was done already; nothing is used up."""
        refused: dict[str, str] = {}
        done: dict[str, Outcome] = {}
        for item, key in self._keys(definition, target, batch):
            found = self._database.rows(
                "SELECT u.run, u.call, u.batch FROM planned p LEFT JOIN uses u"
                " ON u.plan = p.plan AND u.key = p.key WHERE p.plan = ? AND p.key = ?",
                (self._plan, key),
            )
            if not found:
                refused[item] = f"not in plan {self._plan}"
            elif found[0][0] not in (None, self._run):
                refused |= self._used(item, found[0], batch)
            elif found[0][0] and found[0] != self._own(batch):
                outcome = self._outcome(definition.named_by, item, found[0])
                if outcome:
                    done[item] = outcome
                else:
                    refused |= self._used(item, found[0], batch)
        return Planned(refused, done)

    def claims(
        self, definition: Definition, target: Mapping[str, str], batch: Batch, before: Snapshot
    ) -> Mapping[str, str]:
        """Say of each item that is not what was planned why; the others are used up."""
        reasons: dict[str, str] = {}
        keys = self._keys(definition, target, batch)
        for item, key in keys:
            [(section, line)] = self._database.rows(
                "SELECT section, line FROM planned WHERE plan = ? AND key = ?", (self._plan, key)
            )
            said, effect = line_of(line, self._plan), self._effects[section]
            why = before.unread.get(item)
            if row := before.rows.get(item):
                why = difference(definition, batch.arguments, said, effect, row)
            elif why is not None and (said.get("told") or ("id" in said and said.get("value"))):
                why = f"whether it is what the plan says is not known: {why}"
            else:
                why = None
            if why:
                reasons[item] = f"not in plan {self._plan}: {why}"
        with self._database.transaction() as connection:
            for item, key in keys:
                if item in reasons:
                    continue
                own = (self._plan, key, *self._own(batch))
                if not connection.execute(
                    "INSERT OR IGNORE INTO uses VALUES (?,?,?,?,?)", own
                ).rowcount:
                    query = "SELECT run, call, batch FROM uses WHERE plan = ? AND key = ?"
                    used = connection.execute(query, own[:2]).fetchone()
                    reasons |= self._used(item, used, batch)
        return reasons

    def _keys(
        self, definition: Definition, target: Mapping[str, str], batch: Batch
    ) -> list[tuple[str, str]]:
        """Return the items of a batch, each with its key."""
        limits = definition.limits
        arguments = {
            name: value
            for name, value in batch.arguments.items()
            if not limits or name != limits.argument
        }
        named = (definition.name, self._fingerprint, arguments, target)
        return [(item, removal_key(*named, item)) for item in batch.items]

    def _outcome(self, named_by: str, item: str, used: tuple[Any, ...]) -> Outcome | None:
        """Return what became of an item in the batch that used it, once that is known."""
        rows = self._database.rows(
            f"SELECT {OUTCOME_COLUMNS} FROM outcomes WHERE run = ? AND call = ? AND batch = ?"  # noqa: S608
            f" AND {named_by} = ?",
            (*used, item),
        )
        return _again(outcome_of(rows[0], used[0]), used[1]) if rows else None

    def _own(self, batch: Batch) -> tuple[str, str, int]:
        return (self._run, self._call, batch.number)

    def _used(self, item: str, used: tuple[Any, ...], batch: Batch) -> dict[str, str]:
        """Say that an item is used by another batch, if it is so."""
        if used == self._own(batch):
            return {}
        run, call, _ = used
        return {item: IN_WORK.format(call) if run == self._run else f"used already by run {run}"}


def _again(outcome: Outcome, call: str) -> Outcome:
    """Return an outcome as a later call of the run gives it: nothing is sent for it."""
    reason = AGAIN.format(call) + (f": {outcome.reason}" if outcome.reason else "")
    return replace(outcome, reason=reason, attempts=0, snapshot=None)


def get_plan(database: Database, name: str) -> StoredPlan:
    """Return a plan by its id or its hash; the first characters are enough for only one."""
    by_hash = name.lower() if len(name) >= SHORTEST_HASH else "-"
    found = database.rows(
        f"SELECT {COLUMNS} FROM plans WHERE substr(plan, 1, ?) = ?"  # noqa: S608
        " OR substr(hash, 1, ?) = ? LIMIT 3",
        (len(name), name, len(by_hash), by_hash),
    )
    exact = [row for row in found if row[0] == name] or found
    if not name or not exact:
        raise ArgumentError(f"there is no plan {name!r}, nor such a file; `ioc-removal plans`")
    if len(exact) > 1:
        raise ArgumentError(f"several plans begin with {name!r}; name one whole")
    return _plan(exact[0])


def find_plan(database: Database, plan: str) -> StoredPlan | None:
    """Return the plan of an id, None when there is none."""
    found = database.rows(f"SELECT {COLUMNS} FROM plans WHERE plan = ?", (plan,))  # noqa: S608
    return _plan(found[0]) if found else None


def plans_made_at(database: Database, created: str) -> list[StoredPlan]:
    """Return the plans that were made at a moment."""
    query = f"SELECT {COLUMNS} FROM plans WHERE created = ? ORDER BY plan"  # noqa: S608
    return [_plan(row) for row in database.rows(query, (created,))]


def list_plans(database: Database, limit: int = 50) -> list[StoredPlan]:
    """Return the newest plans, newest first."""
    query = f"SELECT {COLUMNS} FROM plans ORDER BY created DESC, plan DESC LIMIT ?"  # noqa: S608
    return [_plan(row) for row in database.rows(query, (limit,))]


def keep_plan(database: Database, plan: StoredPlan) -> None:
    """Keep a plan, whose lines are kept already, for good."""
    values = (plan.plan, plan.hash, plan.created, plan.expires, json.dumps(plan.header))
    with database.transaction() as connection:
        connection.execute("INSERT INTO plans VALUES (?,?,?,?,?)", values)


def planned_lines(
    database: Database, plan: str, section: int, limit: int | None = None
) -> Iterator[PlannedLine]:
    """Yield the lines of a section of a plan, ordered by their texts; limit: at most so many."""
    query = (
        "SELECT line, key, outcome, assumed, times FROM planned WHERE plan = ? AND section = ?"
        " ORDER BY line, key LIMIT ?"
    )
    rows = database.walk(query, (plan, section, -1 if limit is None else limit))
    for line, key, outcome, assumed, times in rows:
        yield PlannedLine(key, section, outcome, bool(assumed), times, line_of(line, plan))


def line_of(text: str, plan: str) -> Any:
    """Return what a line of a plan says; raises StoreError."""
    return parsed(text, "planned.line", f"plan {plan}", dict)


def uses_of(database: Database, plan: str) -> dict[str, int]:
    """Return the runs that did something of a plan, and how much each did."""
    query = "SELECT run, count(*) FROM uses WHERE plan = ? GROUP BY run ORDER BY run"
    return dict(database.rows(query, (plan,)))


def _plan(row: tuple[Any, ...]) -> StoredPlan:
    plan, hash_, created, expires, header = row
    return StoredPlan(
        plan, hash_, created, expires, parsed(header, "plans.header", f"plan {plan}", dict)
    )
