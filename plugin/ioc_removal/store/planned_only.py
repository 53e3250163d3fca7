"""What a run that applies a plan may do: what is in it, once."""

from collections.abc import Sequence

from ..batches import Batch
from ..definition import Definition
from ..outcome import Outcome
from ..trust.removal_key import removal_key
from ..trust.snapshot import Snapshot
from ..trust.terms import Planned, Target
from ..trust.told import difference
from .database import Database
from .let_through import LetThrough
from .outcome_rows import OUTCOME_COLUMNS, outcome_of
from .plans import StoredPlan, line_of

AGAIN = "done once, by {} of this run"
_Use = tuple[str, str, int]  # run, call and batch


class PlannedOnly:
    """What a call may do: what is in the plan, and was not done by another call or run before.

    What another call of the run does is done once; this one is told what became of it, and waits
    for that. fingerprint: of the call's connection; let_through: those of the run's.
    """

    def __init__(
        self,
        database: Database,
        plan: StoredPlan,
        run: str,
        call: str,
        fingerprint: str,
        let_through: LetThrough,
    ) -> None:
        self._database, self._plan, self._fingerprint = database, plan.plan, fingerprint
        self._effects = [section["effect"] for section in plan.header["sections"]]
        self._run, self._call, self._let_through = run, call, let_through

    def judged(self, definition: Definition, target: Target, batch: Batch) -> Planned:
        """Say what of a batch is not planned, and what was done already; nothing is used up."""
        refused: dict[str, str] = {}
        used: dict[str, _Use] = {}
        for item, key in self._keys(definition, target, batch):
            found = self._database.rows(
                "SELECT u.run, u.call, u.batch FROM planned p LEFT JOIN uses u"
                " ON u.plan = p.plan AND u.key = p.key WHERE p.plan = ? AND p.key = ?",
                (self._plan, key),
            )
            if not found:
                refused[item] = f"not in plan {self._plan}"
            elif found[0][0] is not None:
                used[item] = found[0]
        told = self._told(definition, batch, used)
        return Planned({**refused, **told.refused}, told.done)

    def claimed(
        self, definition: Definition, target: Target, batch: Batch, before: Snapshot
    ) -> Planned:
        """Say of each item that is not what was planned why; the others are used up."""
        reasons: dict[str, str] = {}
        used: dict[str, _Use] = {}
        keys = self._keys(definition, target, batch)
        for item, key in keys:
            if why := self._difference(definition, batch, before, item, key):
                reasons[item] = f"not in plan {self._plan}: {why}"
        with self._database.transaction() as connection:
            self._let_through.begin(self._call, batch.number)
            for item, key in keys:
                if item in reasons:
                    continue
                own = (self._plan, key, *self._own(batch))
                if not connection.execute(
                    "INSERT INTO uses VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING", own
                ).rowcount:
                    query = "SELECT run, call, batch FROM uses WHERE plan = ? AND key = ?"
                    used[item] = connection.execute(query, own[:2]).fetchone()
        told = self._told(definition, batch, used)
        return Planned({**reasons, **told.refused}, told.done)

    def _difference(
        self, definition: Definition, batch: Batch, before: Snapshot, item: str, key: str
    ) -> str | None:
        """Say why an item is not what the plan says of it, None when it is."""
        row, unread = before.rows.get(item), before.unread.get(item)
        if not row and unread is None:
            return None
        [(section, line)] = self._database.rows(
            "SELECT section, line FROM planned WHERE plan = ? AND key = ?", (self._plan, key)
        )
        said, effect = line_of(line, self._plan), self._effects[section]
        if row:
            return difference(definition, batch.arguments, said, effect, row)
        if said.get("told") or ("id" in said and said.get("value")):
            return f"whether it is what the plan says is not known: {unread}"
        return None

    def _keys(self, definition: Definition, target: Target, batch: Batch) -> list[tuple[str, str]]:
        """Return the items of a batch, each with its key."""
        limits = definition.limits
        arguments = {
            name: value
            for name, value in batch.arguments.items()
            if not limits or name != limits.argument
        }
        named = (definition.name, self._fingerprint, arguments, target)
        return [(item, removal_key(*named, item)) for item in batch.items]

    def _told(self, definition: Definition, batch: Batch, used: dict[str, _Use]) -> Planned:
        """Say what became of items that are used, those of this batch left out."""
        refused: dict[str, str] = {}
        done: dict[str, Outcome] = {}
        for item, use in used.items():
            run, call, _ = use
            if use == self._own(batch):
                continue
            if run != self._run:
                refused[item] = f"not in plan {self._plan} any more: used already by run {run}"
            elif outcome := self._outcome(definition.named_by, batch, item, use):
                done[item] = outcome
            else:
                refused[item] = (
                    f"not in plan {self._plan} a second time: {call} of this run was at it, and "
                    "what became of that is not known"
                )
        return Planned(refused, done)

    def _outcome(self, named_by: str, batch: Batch, item: str, use: _Use) -> Outcome | None:
        """Return what became of an item in the batch that used it, once that is known.

        None when nothing more comes of that batch now: the process that was at it died.
        """
        query = (
            f"SELECT {OUTCOME_COLUMNS} FROM outcomes WHERE run = ? AND call = ? AND batch = ?"  # noqa: S608
            f" AND {named_by} = ?"
        )
        going = True
        while going:
            going = self._let_through.wait(use[1:], (self._call, batch.number))
            if rows := self._database.rows(query, (*use, item)):
                return _again(outcome_of(rows[0], use[0]), use[1])
        return None

    def _own(self, batch: Batch) -> _Use:
        return (self._run, self._call, batch.number)


def planned_keys(database: Database, plan: str, keys: Sequence[str]) -> set[str]:
    """Return which of some keys a plan would do."""
    query = (
        "SELECT key FROM planned WHERE plan = ? AND outcome = 'planned' AND key IN"  # noqa: S608
        f" ({', '.join('?' * len(keys))})"
    )
    return {key for (key,) in database.rows(query, (plan, *keys))} if keys else set()


def _again(outcome: Outcome, call: str) -> Outcome:
    """Return an outcome as a later call of the run gives it: nothing is sent for it."""
    reason = AGAIN.format(call) + (f": {outcome.reason}" if outcome.reason else "")
    return outcome.but(reason=reason, attempts=0, snapshot=None)
