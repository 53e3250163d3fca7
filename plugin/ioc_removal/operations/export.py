"""Export the journal, line by line: JSON lines that can be verified elsewhere, or CSV."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

from ..handlers.report import target_of
from ..store.chain import ROW, START
from ..store.database import Database
from ..store.entries import Linked, heads_of
from .journal import Wanted, asked, context_of, journal_rows, parts

JSONL, CSV = "jsonl", "csv"
COLUMNS = (
    "when", "run", "name", "actor", "user", "ticket", "why", "action", "connection", "target",
    "value", "id", "found_for", "outcome", "reason", "advice", "http_status", "request_id",
    "attempts", "maybe_ours", "settled", "verified", "call", "batch", "position", "hash",
)  # fmt: skip
# What a spreadsheet would take for the beginning of a formula, also in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def json_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Yield the journal as lines of JSON: links, each before its rows, and then the heads.

    A row has its columns exactly as they are stored, of which its hash is made. By indicator there
    are rows only.
    """
    for run, indexed in wanted.runs(database):
        before, about = START, asked(run)
        for linked, rows in parts(database, wanted, run, indexed=indexed):
            if linked is not None:
                yield _line(_link(linked, _before(database, linked, before)))
                before = linked.hash
            for entry in rows:
                columns = dict(zip(ROW, entry.row.columns, strict=True))
                context = context_of(run, entry)
                yield _line({"line": "row", **columns, "hash": entry.row.hash, **about, **context})
    if wanted.indicator is None:
        yield from _heads(database, wanted.run)


def csv_lines(database: Database, wanted: Wanted) -> Iterator[str]:
    """Yield the rows of the journal as lines of CSV, after a line with the names of the columns.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    yield _csv(COLUMNS)
    for row in journal_rows(database, wanted):
        known = {**row, "target": target_of(row)}
        yield _csv([_cell(known.get(name)) for name in COLUMNS])


def _link(linked: Linked, before: str) -> dict[str, Any]:
    link = _named("link", linked.link._asdict())
    return {"line": "link", **link, "previous": before, "hash": linked.hash}


def _before(database: Database, linked: Linked, known: str) -> str:
    """Return the hash of the link before, which may not be among those that are wanted."""
    if known != START or not linked.link.number:
        return known
    query = "SELECT hash FROM links WHERE run = ? AND link = ?"
    found = database.rows(query, (linked.link.run, linked.link.number - 1))
    return str(found[0][0]) if found else START


def _heads(database: Database, run: str | None) -> Iterator[str]:
    before = START
    for head, hash_ in heads_of(database):
        if run in (None, head.run):
            own = _named("head", head._asdict())
            yield _line({"line": "head", **own, "previous": before, "hash": hash_})
        before = hash_


def _named(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a link or head, its number under the name that the table has for it."""
    return {name if field == "number" else field: value for field, value in fields.items()}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value) + "\n"


def _csv(cells: Any) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
