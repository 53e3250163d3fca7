"""Find what was done: by indicator, run and time; of each row who wanted it, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..store.database import Database
from ..store.entries import (
    Entry,
    Linked,
    entries_before,
    entries_of_batch,
    entries_of_indicator,
    links_of,
    runs_in_order,
)
from ..store.found import index_ended, runs_with
from ..store.journal import BATCH
from ..store.outcome_rows import outcome_of
from ..store.runs import Run, known_run
from .journal_events import event_rows

Part = tuple[Linked | None, Iterable[Entry]]


@dataclass(frozen=True)
class Wanted:
    """What of the journal is wanted: all that is not None must hold.

    indicator: a value or an id, compared after normalisation; run: its id; since: ISO 8601, UTC.
    """

    indicator: str | None = None
    run: str | None = None
    since: str | None = None

    def runs(self, database: Database, *, newest_first: bool = False) -> Iterator[tuple[Run, bool]]:
        """Yield the runs in which something may be wanted, in the order in which they began.

        Beside each: whether it is indexed.
        """
        may = None
        if self.indicator is not None:
            index_ended(database)
            may = runs_with(database, self.indicator)
        names = [self.run] if self.run else runs_in_order(database)
        for name in reversed(names) if newest_first else names:
            if may is not None and name not in may:
                continue
            if run := known_run(database, name):
                yield run, bool(may and may[name])

    def holds(self, at: str) -> bool:
        """Tell whether a time is wanted."""
        return self.since is None or at >= self.since


def parts(database: Database, wanted: Wanted, run: Run, *, indexed: bool) -> Iterator[Part]:
    """Yield what is wanted of a run: links in their order, each with its rows.

    By indicator, and from before the journal, there are rows without a link.
    """
    if wanted.indicator is not None:
        rows = entries_of_indicator(database, run.run, wanted.indicator, indexed=indexed)
        yield None, (entry for entry in rows if wanted.holds(entry.at or run.started))
        return
    for linked in links_of(database, run.run):
        if wanted.holds(linked.link.at):
            batch = linked.link.kind == BATCH
            yield linked, entries_of_batch(database, linked.link) if batch else ()
    if wanted.holds(run.started):
        yield None, entries_before(database, run.run)


def journal_rows(
    database: Database, wanted: Wanted, *, newest_first: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the rows that are wanted, for a person or a program, run by run.

    Unless by indicator, who asked, decided or overrode a guard has rows among them.
    """
    for run, indexed in wanted.runs(database, newest_first=newest_first):
        for linked, rows in parts(database, wanted, run, indexed=indexed):
            if linked is not None:
                yield from event_rows(linked, asked(run))
            yield from (journal_row(run, entry) for entry in rows)


def journal_row(run: Run, entry: Entry) -> dict[str, Any]:
    """Return a row: what became of an indicator, in which run, who wanted it, and why."""
    outcome = outcome_of(entry.row.columns[4:], run.run)
    known = {
        **asked(run),
        **context_of(run, entry),
        "run": run.run,
        "call": entry.row.columns[1],
        "batch": entry.row.columns[2],
        "position": entry.row.columns[3],
        "plan": run.details.get("plan"),
        "hash": entry.row.hash,
    }
    told = {name: value for name, value in known.items() if value not in (None, [])}
    return {**outcome.row(), **told}


def context_of(run: Run, entry: Entry) -> dict[str, Any]:
    """Return what the chain and the call say of a row."""
    return {
        "when": entry.at or run.started,
        "action": entry.action,
        "connection": entry.connection,
        "found_for": list(entry.found_for),
    }


def asked(run: Run) -> dict[str, Any]:
    """Return who wanted a run, and why; `why` is the reason that was given for it."""
    requester: Mapping[str, Any] = run.details.get("requester") or {}
    return {
        "name": run.name,
        "actor": requester.get("actor", run.requester),
        "user": requester.get("user"),
        "ticket": requester.get("ticket"),
        "why": requester.get("reason"),
    }
