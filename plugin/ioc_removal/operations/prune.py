"""Take old runs away, and let the journal tell that, when, and by whom."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..errors import ArgumentError
from ..outcome import PARTIAL, SUCCEEDED
from ..secret import Secret
from ..store.chain import Hashing
from ..store.database import Database
from ..store.entries import heads_of
from ..store.journal import moment_text
from ..store.kin import Kept, kin
from ..store.lease import is_held, lease
from ..store.pruned import pruned_runs
from ..store.pruning import Changed, described, forget_counts, forget_plans, sweep, take
from ..store.run_verification import RunVerification
from ..store.runs import (
    ENDED,
    INTERRUPTED,
    PRUNE,
    Requester,
    begin_run,
    end_run,
)
from ..store.statements import Held

LEAST = timedelta(days=7)  # younger runs are taken only when that is said twice
ENGINE_AT_ONCE = 50  # runs whose steps are taken away together

Told = Callable[[int, int], None]  # how many runs are done, of how many
Forget = Callable[[Database, Sequence[str]], int]  # takes away what the engine keeps of runs


@dataclass(frozen=True)
class Choice:
    """What may be taken away: groups of runs that belong together; kept: others, and why."""

    runs: Mapping[str, Kept]
    groups: list[list[str]]
    kept: dict[str, str]

    @property
    def chosen(self) -> list[Kept]:
        """The runs of all groups."""
        return [self.runs[run] for group in self.groups for run in group]


@dataclass
class Taken:
    """What a prune took away: runs, rows of the store, workflows of the engine."""

    runs: int = 0
    rows: int = 0
    workflows: int = 0
    bytes: int | None = None
    left: dict[str, str] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return it as a JSON object, without what is not known."""
        row = {"runs": self.runs, "rows": self.rows, "workflows": self.workflows}
        return row if self.bytes is None else {**row, "bytes": self.bytes}


def choose(database: Database, before: datetime) -> Choice:
    """Choose the runs that ended before a moment, and to which no other belongs."""
    runs, groups = kin(database)
    now, limit = moment_text(database.moment()), moment_text(before)
    query = "SELECT plan FROM plans WHERE expires > ?"
    valid = {plan for (plan,) in database.rows(query, (now,))}
    query = "SELECT run, name FROM schedules WHERE run IS NOT NULL"
    scheduled: dict[str, str] = dict(database.rows(query))
    chosen, kept = [], dict[str, str]()

    def why(run: Kept) -> str:
        """Say why a run cannot be taken away; empty when it can."""
        if run.status != ENDED or run.ended is None:
            return "it has not ended"
        if run.ended >= limit:
            return "it is younger"
        if run.run in valid or run.plan in valid:  # by which each is done once
            return "its plan can still be applied"
        if run.run in scheduled:
            return f"it is the newest of the schedule {scheduled[run.run]}"
        return "a process is at it" if is_held(database, run.run) else ""

    for group in groups:
        known = [runs[run] for run in group]
        old = [one for one in known if one.started < limit and one.kind != PRUNE]
        if not old:
            continue
        reason = next(((one.run, text) for one in known if (text := why(one))), None)
        if reason is None:
            chosen.append(group)
        for one in old if reason else ():
            run, text = reason or ("", "")
            kept[one.run] = why(one) or f"it belongs to run {run}: {text}"
    return Choice(runs, chosen, kept)


def prune(
    database: Database,
    before: datetime,
    older_than: str,
    *,
    requester: Requester,
    former: Iterable[Secret] = (),
    forget: Forget,
    progress: Told = lambda _done, _total: None,
    began: Callable[[str], None] = lambda _: None,
) -> tuple[str | None, Taken, Choice]:
    """Take the runs away that ended before a moment; return the run that did, None for nothing.

    older_than: as it was wanted; former: keys of the journal before the one of the settings;
    forget: takes away what the engine keeps. Raises ArgumentError while another process does it.
    """
    try:
        with database.lease("prune"):
            _finish(database, forget)
            choice = choose(database, before)
            if not choice.groups:
                return None, Taken(), choice
            details = {"older_than": older_than, "before": moment_text(before)}
            run = begin_run(
                database, PRUNE, f"older than {older_than}",
                dry_run=False, details=details, requester=requester,
            )  # fmt: skip
            began(run)
            pruning = _Pruning(database, run, forget, former)
            with lease(database, run):
                return run, pruning.take(choice, moment_text(before), progress), choice
    except Held as held:
        raise ArgumentError(f"{held.by or 'another process'} is pruning: let that end") from None


class _Pruning:
    """Takes groups of runs away, one after the other."""

    def __init__(
        self, database: Database, run: str, forget: Forget, former: Iterable[Secret]
    ) -> None:
        self._database, self._run, self._forget = database, run, forget
        known = [Hashing(), *map(Hashing, former), database.hashing]
        self._hashings: Mapping[str | None, Hashing] = {one.name: one for one in known}
        self._taken = Taken()

    def take(self, choice: Choice, before: str, progress: Told) -> Taken:
        """Take groups away, and end the run that does so."""
        database, taken = self._database, self._taken
        free, total, waiting = database.free_bytes(), len(choice.chosen), list[str]()
        try:
            for group in choice.groups:
                waiting += self._group(group)
                if len(waiting) >= ENGINE_AT_ONCE:
                    taken.workflows += self._forget(database, waiting)
                    waiting = []
                progress(taken.runs + len(taken.left), total)
            taken.workflows += self._forget(database, waiting)
            now = moment_text(database.moment())
            gone = {run for group in choice.groups for run in group} - taken.left.keys()
            named = {one.plan for one in choice.runs.values() if one.plan and one.run not in gone}
            taken.rows += forget_plans(database, before, now, named)
            forget_counts(database)
        except KeyboardInterrupt:
            end_run(database, self._run, None, INTERRUPTED)
            raise
        if free is not None:
            taken.bytes = max(0, (database.free_bytes() or 0) - free)
        _end(database, self._run, taken)
        return taken

    def _group(self, group: Sequence[str]) -> list[str]:
        """Take runs that belong together away; return them, or none when they stay."""
        database, taken = self._database, self._taken
        facts = {run: described(database, run) for run in group}
        for run in group:
            if why := self._wrong(run, facts[run]):
                taken.left |= dict.fromkeys(group, f"run {run}: {why}")
                return []
        try:
            take(database, self._run, facts)
        except Changed:
            taken.left |= dict.fromkeys(group, "another run began to belong to it just now")
            return []
        taken.runs += len(group)
        for run in group:
            taken.rows += sweep(database, run)
        return list(group)

    def _wrong(self, run: str, facts: Mapping[str, Any]) -> str | None:
        """Say what is wrong with a run's chain, of which nobody could tell once it is gone."""
        heads = [head for head, _ in heads_of(self._database, run)]
        one = RunVerification(self._database, run, heads, self._hashings, lambda _: None)
        problem = next(one.problems(), None)
        if problem is not None:
            return f"{problem.what} (`ioc-removal journal verify`)"
        if one.unknown_keys:
            return "its hashes are made with another key: name it in journal.former_keys"
        return None if one.links == facts["links"] else "links were added to its chain"


def _finish(database: Database, forget: Forget) -> None:
    """Take away the rows that prunes left which did not come to their end."""
    query = "SELECT run FROM runs WHERE kind = ? AND status != ?"
    for (run,) in database.rows(query, (PRUNE, ENDED)):
        if is_held(database, run):
            continue
        taken = Taken()
        gone = [one.run for one in pruned_runs(database, run)]
        for one in gone:
            taken.rows += sweep(database, one)
        taken.runs, taken.workflows = len(gone), forget(database, gone)
        forget_counts(database)
        _end(database, run, taken, PARTIAL)


def _end(database: Database, run: str, taken: Taken, result: str | None = None) -> None:
    result = result or (PARTIAL if taken.left else SUCCEEDED)
    end_run(database, run, result, pruned=taken.row(), counts={})
