"""Runs: begin, end, list, show."""

import json
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Any, NamedTuple

from ..errors import ArgumentError
from ..events import NOTED, tell
from .columns import parsed
from .database import Database
from .found import index_short
from .journal import END, OVERRIDE, RESOLVED, add_begin, add_event, now, resolved
from .kept import kept
from .retries import RETRY_OF, note_retry

LONG = 100_000  # characters of details that take long to be parsed
CALL, PLAYBOOK, UNDO, PRUNE = "call", "playbook", "undo", "prune"  # the kinds
RUNNING, INTERRUPTED, ENDED = "running", "interrupted", "ended"
WAITING = "waiting"  # for a person's decision, without a process
OVERRIDES = "overrides"  # of details: the reason of each guard that a person overrode
CANCELLED = "cancelled"  # of details: who cancelled the run, when and why
REQUEST = "request"  # of details: the id by which the caller names the run
DETACHED = "detached"  # of details: whether it was left to a worker from the start
COLUMNS = "run, kind, name, status, result, requester, dry_run, started, ended, details"


class Requester(NamedTuple):
    """Who wants a run, and why.

    actor: as told, else the user; user: of the operating system; ticket, reason: as told.
    """

    actor: str
    user: str
    ticket: str | None = None
    reason: str | None = None


class Run(NamedTuple):
    """One execution of a call or a playbook.

    requester: the actor; started, ended: ISO 8601 in UTC; details: requester, inputs, the
    playbook's text, names of settings, and when it ended its counts, errors and output.
    """

    run: str
    kind: str
    name: str
    status: str
    result: str | None
    requester: str
    dry_run: bool
    started: str
    ended: str | None
    details: Mapping[str, Any]


def begin_run(
    database: Database,
    kind: str,
    name: str,
    *,
    dry_run: bool,
    details: Mapping[str, Any],
    requester: Requester | None = None,
) -> str:
    """Note the beginning of a run and return its id, which sorts by time.

    Raises AskedBefore when the request of its details began one already, ArgumentError when
    another one that has not ended tries the same run again.
    """
    requester = requester or requester_of()
    started = now()
    date, time = started[:10].replace("-", ""), started[11:19].replace(":", "")
    run = f"{date}-{time}-{token_hex(3)}"
    known = {**details, "requester": requester._asdict()}
    values = (
        run, kind, name, RUNNING, None, requester.actor, dry_run, started, None, json.dumps(known)
    )  # fmt: skip
    with database.transaction() as connection:
        if REQUEST in known and not dry_run:
            from .requests import claim_request  # the command line names no run

            claim_request(connection, known[REQUEST], run)
        if RETRY_OF in known and not dry_run:
            note_retry(connection, known[RETRY_OF], run)
        connection.execute("INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?)", values)
        facts = {"kind": kind, "name": name, "dry_run": dry_run, **constant(known)}
        add_begin(connection, database.hashing, run, facts, started)
        for guard, reason in known.get(OVERRIDES, {}).items():
            told = {"guard": guard, "reason": reason}
            add_event(connection, database.hashing, run, OVERRIDE, told, started)
    tell(NOTED, "run begun", run=run, kind=kind, name=name, requester=requester.actor)
    return run


def constant(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal says of a run's details: of playbooks' texts, their SHA-256."""
    texts = details.get("texts", {})
    hashes = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    facts = {name: value for name, value in details.items() if name != "texts"}
    return {**facts, "playbooks": hashes} if texts else facts


def add_details(database: Database, run: str, **details: Any) -> None:
    """Add to what is known of a run."""
    database.outliving(lambda: _add_details(database, run, details))


def _add_details(database: Database, run: str, details: Mapping[str, Any]) -> None:
    with database.transaction() as connection:
        [known] = connection.execute("SELECT details FROM runs WHERE run = ?", (run,)).fetchone()
        text = json.dumps({**_details(known, run), **details})
        connection.execute("UPDATE runs SET details = ? WHERE run = ?", (text, run))


def end_run(
    database: Database, run: str, result: str | None, status: str = ENDED, **details: Any
) -> None:
    """Note the end of a run, and what is known of it with that.

    result: succeeded, partial or failed, None when it was interrupted.
    """
    if status == INTERRUPTED:
        database.leave()
    database.outliving(lambda: _end(database, run, result, status, details))


def _end(
    database: Database, run: str, result: str | None, status: str, details: Mapping[str, Any]
) -> None:
    if status == ENDED:
        if get_run(database, run).status == ENDED:
            return
        index_short(database, run)
    ended, own = now(), dict[str, str | None]()
    if status == ENDED:  # before the transaction: others may write meanwhile
        own |= kept(database, run, get_run(database, run).details.get("plan"))
    with database.transaction() as connection:
        if details:
            _add_details(database, run, details)
        connection.execute(
            "UPDATE runs SET status = ?, result = ?, ended = ? WHERE run = ?",
            (status, result, ended, run),
        )
        kind = END if status == ENDED else status
        found = resolved(database.walk(RESOLVED, (run,)))
        facts: dict[str, Any] = {"status": status, "result": result, "resolved": found}
        facts |= own
        add_event(connection, database.hashing, run, kind, facts, ended)
    tell(NOTED, f"run {status}", run=run, **({"result": result} if result else {}))


def set_status(database: Database, run: str, status: str, **details: Any) -> None:
    """Note that a run waits, or goes on, and what is known of it with that."""
    with database.transaction() as connection:
        [known] = connection.execute("SELECT details FROM runs WHERE run = ?", (run,)).fetchone()
        text = json.dumps({**_details(known, run), **details})
        connection.execute(
            "UPDATE runs SET status = ?, ended = NULL, details = ? WHERE run = ?",
            (status, text, run),
        )
        add_event(connection, database.hashing, run, status, {"status": status, **details})


def get_run(database: Database, run: str) -> Run:
    """Return a run by its id; the first characters are enough when only one begins so."""
    found = database.rows(
        f"SELECT {COLUMNS} FROM runs WHERE run = ? OR substr(run, 1, ?) = ? LIMIT 3",  # noqa: S608
        (run, len(run), run),
    )
    exact = [row for row in found if row[0] == run] or found
    if not run or not exact:
        raise ArgumentError(_said_of_no_run(database, run))
    if len(exact) > 1:
        raise ArgumentError(f"several runs begin with {run!r}; name one whole")
    return run_of(exact[0])


def _said_of_no_run(database: Database, run: str) -> str:
    from .pruned import find_pruned, said_of

    if pruned := find_pruned(database, run):
        return (
            f"{said_of(database, pruned)}: only the journal tells of it, "
            f"`ioc-removal journal --run {pruned.by}`"
        )
    return f"there is no run {run!r}; `ioc-removal runs` lists them"


def known_run(database: Database, run: str) -> Run | None:
    """Return a run by its whole id, None when there is none."""
    found = database.rows(f"SELECT {COLUMNS} FROM runs WHERE run = ?", (run,))  # noqa: S608
    return run_of(found[0]) if found else None


def run_of(row: tuple[Any, ...]) -> Run:
    """Return the run of a row of COLUMNS; raises StoreError."""
    *columns, details = row
    run, kind, name, status, result, requester, dry_run, started, ended = columns
    return Run(
        run, kind, name, status, result, requester, bool(dry_run), started, ended,
        _details(details, run),
    )  # fmt: skip


def _details(text: str, run: str) -> dict[str, Any]:
    """Parse the details of a run; those that hold many inputs once, as long as they are the same.

    Raises StoreError.
    """
    global _last  # one at a time, so that it takes little memory
    last = _last
    if last is not None and last[0] == text:
        return dict(last[1])
    details: dict[str, Any] = parsed(text, "runs.details", run, dict)
    if len(text) >= LONG:
        _last = text, details
    return details


_last: tuple[str, dict[str, Any]] | None = None


def requester_of(
    actor: str | None = None, ticket: str | None = None, reason: str | None = None
) -> Requester:
    """Return who wants something: the user of the operating system, unless an actor is told."""
    user = _user()
    return Requester(actor or user, user, ticket, reason)


def _user() -> str:
    """Return the user of the operating system, whatever environment variables call him."""
    if sys.platform == "win32":
        from getpass import getuser

        return getuser()
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without a name, as in containers
        return f"uid {os.getuid()}"
