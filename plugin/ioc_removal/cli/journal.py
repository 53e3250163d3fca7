"""`journal`: what was done, found by indicator, run or time; exported; verified."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..handlers.report import target_of
from ..operations.export import CSV, csv_lines, json_lines
from ..operations.journal import Wanted, journal_rows
from ..store.runs import get_run
from .moments import moment
from .parser import Options
from .session import Session
from .table import Cell
from .verify import verify_journal

VERIFY = "verify"
MOST_ROWS = 50
COLUMNS = (
    "when", "run", "who", "action", "target", "indicator", "outcome", "reason", "ticket", "why"
)  # fmt: skip
ONLY_OF = {VERIFY: ("expect",), None: ("indicator", "since", "format", "out")}


def journal(session: Session) -> int:
    """Show, export or verify the journal."""
    options = session.options
    what = options.given("what")
    if what not in ONLY_OF:
        raise ArgumentError(f"there is no `journal {what}`: it is `journal` or `journal verify`")
    for other, names in ONLY_OF.items():
        for name in names:
            if other != what and options.given(name) is not None:
                raise ArgumentError(f"--{name}: goes with `journal{f' {other}' if other else ''}`")
    run = options.given("only_run")
    run = get_run(session.database, run).run if run is not None else None
    if what == VERIFY:
        return verify_journal(session, run, options.given("expect"))
    since = options.given("since")
    wanted = Wanted(_indicator(options), run, moment("--since", since) if since else None)
    if options.given("format"):
        return _export(session, wanted)
    if options.given("out") is not None:
        raise ArgumentError("--out: goes with --format jsonl or --format csv")
    if options.json:
        _print_json(session, journal_rows(session.database, wanted))
    else:
        _show(session, wanted)
    return 0


def _indicator(options: Options) -> str | None:
    indicator: str | None = options.given("indicator")
    if indicator is not None and not indicator.strip():
        raise ArgumentError("--indicator: it is empty")
    return indicator


def _show(session: Session, wanted: Wanted) -> None:
    output = session.output
    rows = list(islice(journal_rows(session.database, wanted, newest_first=True), MOST_ROWS + 1))
    if not rows:
        output.say("nothing in the journal" + (" for this" if wanted != Wanted() else " yet"))
        return
    output.table(COLUMNS, [_cells(row) for row in rows[:MOST_ROWS]])
    if len(rows) > MOST_ROWS:
        output.say("… and more; --json, or --format jsonl or csv, has all")


def _cells(row: dict[str, Any]) -> list[Cell]:
    indicator = row.get("value") or ", ".join(row.get("found_for", ())) or row.get("id")
    who = row["actor"]
    if row.get("user") not in (None, who):
        who = f"{who} ({row['user']})"
    return [
        row["when"][:19] + "Z", row["run"], who, row["action"], target_of(row), indicator,
        row["outcome"], row.get("reason"), row.get("ticket"), row.get("why"),
    ]  # fmt: skip


def _print_json(session: Session, rows: Iterator[dict[str, Any]]) -> None:
    """Print rows as one JSON list, without holding them all."""
    output, before = session.output, "["
    for row in rows:
        output.say(before + json.dumps(row))
        before = ","
    output.say("]" if before == "," else "[]")


def _export(session: Session, wanted: Wanted) -> int:
    """Write the journal to a file that is new, or to standard output."""
    options, output = session.options, session.output
    make = csv_lines if options.given("format") == CSV else json_lines
    lines = make(session.database, wanted)
    out = options.given("out")
    if out is None:
        for line in lines:
            output.write(line)
        return 0
    path = Path(out)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ArgumentError(f"--out: {out} is there already; name a new file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ArgumentError(f"--out: {out}: cannot be written: {why}") from None
    count = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            for count, line in enumerate(lines, 1):  # noqa: B007
                file.write(line)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()  # half a journal is none
        if isinstance(error, OSError):
            raise ArgumentError(f"--out: {out}: cannot be written: {error.strerror}") from None
        raise
    output.note(f"{count:,} lines written to {out}")
    return 0
