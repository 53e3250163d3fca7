"""Write the journal: each batch's rows, and what else happens in a run, enter its chain.

What does not come from a batch makes a head of the global chain too, so that neither a run nor
what was decided in it can be taken away unseen. A run that did not end has its batches in a head
when the next run begins.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

from .chain import START, Hashing, Head, Link, RowHashes
from .columns import sorted_json
from .database import Database
from .statements import Transaction

BEGIN, CALLED, BATCH, END = "begin", "call", "batch", "end"
INPUTS, CONNECTIONS, RESUME = "inputs", "connections", "resume"
CUT, READ, SEEN = "cut", "read", "seen"  # see ahead.py
WITHOUT_HEAD = frozenset({BATCH, CALLED, CUT, READ, SEEN})
BEFORE = "before"  # how much there was before there were chains
RESOLVED = "SELECT id, value FROM resolved WHERE run = ? ORDER BY id, value"
OVERRIDE, CANCEL = "override", "cancel"
_BEFORE = "SELECT coalesce(sum(rows), 0) FROM alike WHERE hashes IS NULL"
_OPEN = """
SELECT run FROM runs WHERE status != 'ended'
AND (SELECT max(link) FROM links WHERE links.run = runs.run)
    >= coalesce((SELECT max(heads.links) FROM heads WHERE heads.run = runs.run), 0)
"""


def note(database: Database, run: str, kind: str, facts: Mapping[str, Any]) -> None:
    """Record in a run's chain what was decided or happened: an approval, an override, a plan.

    kind: one word; facts: JSON, without secrets. Inside a transaction of the caller it is kept with
    that transaction, or not at all. Raises StoreError.
    """
    with database.transaction() as connection:
        add_event(connection, database.hashing, run, kind, facts)


def add_event(
    connection: Transaction,
    hashing: Hashing,
    run: str,
    kind: str,
    facts: Mapping[str, Any],
    at: str | None = None,
) -> None:
    """Add a link for what happened, and a head; at: when, now by default."""
    add_link(connection, hashing, run, kind, facts=facts, at=at)
    add_head(connection, hashing, run)


def add_begin(
    connection: Transaction, hashing: Hashing, run: str, facts: Mapping[str, Any], at: str
) -> None:
    """Begin a run's chain; what other runs did since their last heads enters the global chain."""
    for (other,) in connection.execute(_OPEN).fetchall():
        add_head(connection, hashing, other)
    add_event(connection, hashing, run, BEGIN, {**facts, **_uncovered(connection, run)}, at)


def add_link(
    connection: Transaction,
    hashing: Hashing,
    run: str,
    kind: str,
    *,
    call: str | None = None,
    batch: int | None = None,
    rows: Sequence[str] | RowHashes = (),
    facts: Mapping[str, Any] | None = None,
    at: str | None = None,
) -> None:
    """Add a link to a run's chain; rows: the hashes of a batch's rows, in their order."""
    if not isinstance(rows, RowHashes):  # before others wait for this link
        rows = hashing.rows(rows) if rows else hashing.no_rows
    query = "SELECT link, hash FROM links WHERE run = ? ORDER BY link DESC LIMIT 1"
    number, before = connection.execute(query, (run,)).fetchone() or (-1, START)
    text = sorted_json(facts) if facts else "{}"
    link = Link(
        run, number + 1, kind, call, batch, rows.count, rows.marks, text, at or now(),
        hashing.name,
    )  # fmt: skip
    values = (*link, hashing.link(before, link, rows))
    connection.execute("INSERT INTO links VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a JSON value, for facts that are too long or too secret to be told."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def resolved(rows: Iterable[Sequence[Any]]) -> str:
    """Return the SHA-256 of which values each id of a run was found for; rows: of RESOLVED."""
    whole = sha256()
    for row in rows:
        whole.update(json.dumps(row, default=repr).encode())
    return whole.hexdigest()


def now() -> str:
    """Return the time as the store keeps it: ISO 8601, UTC."""
    return moment_text(datetime.now(timezone.utc))


def moment_text(moment: datetime) -> str:
    """Return a moment in UTC as the store keeps it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def add_head(connection: Transaction, hashing: Hashing, run: str) -> None:
    """Let the global chain know how far the chain of a run is."""
    query = "SELECT head, hash FROM heads ORDER BY head DESC LIMIT 1"
    number, before = connection.execute(query).fetchone() or (-1, START)
    query = "SELECT links, rows FROM heads WHERE run = ? ORDER BY links DESC LIMIT 1"
    links, rows = connection.execute(query, (run,)).fetchone() or (0, 0)
    query = "SELECT count(*), sum(rows) FROM links WHERE run = ? AND link >= ?"
    new_links, new_rows = connection.execute(query, (run, links)).fetchone()
    query = "SELECT hash FROM links WHERE run = ? ORDER BY link DESC LIMIT 1"
    [last] = connection.execute(query, (run,)).fetchone()
    head = Head(number + 1, run, links + new_links, rows + new_rows, last, hashing.name)
    values = (*head, hashing.head(before, head))
    connection.execute("INSERT INTO heads VALUES (?,?,?,?,?,?,?)", values)


def _uncovered(connection: Transaction, run: str) -> dict[str, Any]:
    """Return, for the first run that has a chain, how much the store held before there were any."""
    if connection.execute("SELECT 1 FROM links WHERE kind = 'begin' LIMIT 1").fetchone():
        return {}
    [runs] = connection.execute("SELECT count(*) FROM runs WHERE run != ?", (run,)).fetchone()
    [rows] = connection.execute(_BEFORE).fetchone()
    return {BEFORE: {"runs": runs, "rows": rows}} if runs else {}
