"""Verify what the store says of a run against what its chain says: who, why, what, how it ended."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .ahead import SAID as AHEAD
from .ahead import changed_lists, verify_ahead
from .called import called, flag
from .chain import Link
from .database import Database
from .entries import Linked
from .journal import (
    BEFORE,
    BEGIN,
    CALLED,
    CANCEL,
    CONNECTIONS,
    END,
    INPUTS,
    RESOLVED,
    fingerprint,
    resolved,
)
from .kept import SAID, kept
from .runs import CANCELLED, constant
from .verdict import Problem


def verify_facts(database: Database, linked: Linked) -> Iterator[Problem]:
    """Yield what the tables `runs` and `calls` say otherwise than a link that tells of them."""
    link = linked.link
    try:
        facts = json.loads(link.facts)
        if link.kind in AHEAD:
            yield from verify_ahead(database, link, facts)
            return
        if link.kind == INPUTS:
            yield from changed_lists(database, link.run, "of its inputs", facts)
        if (compared := _compared(database, link, facts)) is None:
            return
    except (ValueError, TypeError, KeyError, AttributeError):
        yield Problem("what is told of it cannot be read: it was changed", link.run, link.number)
        return
    known, said = compared
    if known is None:
        yield Problem(f"the {link.kind} is not in the store any more", link.run, call=link.call)
        return
    for name, value in known.items():
        if name in said and said[name] != value:
            what = f"{name} was changed: it was {_shown(said[name])}, now {_shown(value)}"
            if name in SAID:
                what = f"{SAID[name]} was {'changed' if value else 'taken away'} after it ended"
            yield Problem(what, link.run, call=link.call)


def _compared(
    database: Database, link: Link, facts: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]] | None:
    """Return what the tables know now of a link's facts, and what it said; None: no fact of them.

    What they know is None where it is gone.
    """
    if link.kind == BEGIN:
        said = {**facts, "started": link.at, "actor": facts["requester"]["actor"]}
        return _run(database, link.run, facts), said
    if link.kind == END:
        return _end(database, link.run), {**facts, "ended": link.at}
    if link.kind == CALLED:
        return _call(database, link.run, link.call), {**facts}
    if link.kind == CONNECTIONS:
        return _given(database, link.run), {**facts}
    if link.kind == INPUTS:
        return _given(database, link.run), {"inputs": facts["sha256"]}
    if link.kind == CANCEL:
        return _given(database, link.run), {CANCELLED: {**facts["by"], "at": link.at}}
    return None


def _shown(value: Any) -> str:
    return json.dumps(value, default=repr)


def _run(database: Database, run: str, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the store says now of the facts with which a run began."""
    query = "SELECT kind, name, requester, dry_run, started, details FROM runs WHERE run = ?"
    for kind, name, actor, dry_run, started, text in database.rows(query, (run,)):
        details = constant(json.loads(text))
        own = {"kind": kind, "name": name, "dry_run": flag(dry_run), "started": started}
        known = {name: details.get(name) for name in facts if name != BEFORE}
        return {**known, **own, "actor": actor}
    return None


def _given(database: Database, run: str) -> Mapping[str, Any] | None:
    """Return the SHA-256 of a run's inputs, where its connections lead, who cancelled it."""
    for (text,) in database.rows("SELECT details FROM runs WHERE run = ?", (run,)):
        details = json.loads(text)
        known = {name: details.get(name) for name in ("addresses", "connections", CANCELLED)}
        return {"inputs": fingerprint(details.get("inputs")), **known}
    return None


def _end(database: Database, run: str) -> Mapping[str, Any] | None:
    query = "SELECT status, result, ended, details FROM runs WHERE run = ?"
    for status, result, ended, text in database.rows(query, (run,)):
        found = resolved(database.rows(RESOLVED, (run,)))
        own = kept(database, run, json.loads(text).get("plan"))
        return {"status": status, "result": result, "ended": ended, "resolved": found, **own}
    return None


def _call(database: Database, run: str, call: str | None) -> Mapping[str, Any] | None:
    query = (
        "SELECT action, connection, target, arguments, duplicates, filled, assumed FROM calls"
        " WHERE run = ? AND call = ?"
    )
    for row in database.rows(query, (run, call)):
        return called(row)
    return None
