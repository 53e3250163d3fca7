"""Make all hashes of a store anew, as somebody can who may write the file of one without a key."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ioc_removal.store.chain import START, Hashing, Head, Link
from ioc_removal.store.database import Database
from ioc_removal.store.kept import kept
from ioc_removal.store.runs import get_run

LINKS = "SELECT run, link, kind, call, batch, rows, marks, facts, at, key FROM links"


def rechain(connection: sqlite3.Connection) -> None:
    """Make the hashes of all links and heads fit to what is in them now."""
    hashing = Hashing()
    names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for (name,) in connection.execute(names).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    last: dict[tuple[str, int], str] = {}
    for columns in connection.execute(f"{LINKS} ORDER BY run, link").fetchall():
        link = Link(*columns)
        query = (
            "SELECT hash FROM outcomes WHERE run = ? AND call = ? AND batch = ? ORDER BY position"
        )
        key = (link.run, link.call, link.batch)
        rows = [hash_ for (hash_,) in connection.execute(query, key)] if link.rows else []
        before = last.get((link.run, link.number - 1), START)
        last[link.run, link.number] = hashing.link(before, link, rows)
        connection.execute(
            "UPDATE links SET hash = ? WHERE run = ? AND link = ?",
            (last[link.run, link.number], link.run, link.number),
        )
    before = START
    query = "SELECT head, run, links, rows, last, key FROM heads ORDER BY head"
    for columns in connection.execute(query).fetchall():
        head = Head(*columns)
        head = head._replace(last=last[head.run, head.links - 1])
        before = hashing.head(before, head)
        connection.execute(
            "UPDATE heads SET last = ?, hash = ? WHERE head = ?", (head.last, before, head.number)
        )


def redate(connection: sqlite3.Connection, run: str, dates: Mapping[str, str]) -> None:
    """Change the times of what a run asks now; dates: of the columns of approvals."""
    rechain(connection)  # which lets the links be changed
    query = "SELECT ask FROM approvals WHERE run = ? AND used IS NULL"
    [(ask,)] = connection.execute(query, (run,)).fetchall()
    of_run = "run = ? AND kind = 'approval'"
    for name, date in dates.items():
        where = f"WHERE {of_run} AND json_extract(facts, '$.asked.ask') = ?"
        change = f"UPDATE links SET at = ? {where}"
        if name == "expires":
            change = f"UPDATE links SET facts = json_set(facts, '$.asked.expires', ?) {where}"
        if name == "decided":
            where = f"WHERE {of_run} AND json_extract(facts, '$.ask') = ?"
            change = f"UPDATE links SET at = ? {where}"
        connection.execute(change, (date, run, ask))
        connection.execute(
            f"UPDATE approvals SET {name} = ? WHERE run = ? AND ask = ?", (date, run, ask)
        )
    rechain(connection)


def expire_plan(store: Path, run: str) -> None:
    """Let the plan that a run applied have expired long ago."""
    with closing(sqlite3.connect(store)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(query).fetchall()
        rechain(connection)  # which lets the links be changed
        connection.execute("UPDATE plans SET expires = '2020-01-02T00:00:00.000Z'")
        connection.commit()
        with closing(Database(store)) as database:
            applied = kept(database, run, get_run(database, run).details["plan"])["applied"]
        change = "UPDATE links SET facts = json_set(facts, '$.applied', ?)"
        connection.execute(f"{change} WHERE run = ? AND kind = 'end'", (applied, run))
        rechain(connection)
        for (trigger,) in triggers:
            connection.execute(trigger)
        connection.commit()
