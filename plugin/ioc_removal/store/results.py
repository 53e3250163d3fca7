"""Sum up what came of a run, and why what is not done is not."""

from typing import Any

from ..outcome import DONE, OUTCOMES, PLANNED, Summary, ordered
from .called import THEN
from .database import Database
from .run_outcomes import KNOWN, VALUE, where_of
from .runs import CALL, UNDO
from .tallies import Tallies, tallies_of

WORST_FIRST = " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(OUTCOMES))
# What follows on a call counts with it.
FOLLOWED = f"substr(o.call, 1, length(o.call) - {len(THEN)})"
ROW_OF_UNDO = (
    f"CASE WHEN o.call LIKE '%{THEN}' THEN {FOLLOWED} ELSE o.call END, o.batch, o.position"
)
REMOVAL = (
    "coalesce((SELECT c.action FROM calls c WHERE c.run = o.run AND c.call = o.call), '')"
    " || '\n' || coalesce(o.value, '') || '\n' || coalesce(o.id, '') || '\n' || o.target"
)
DONE_ROWS = ", ".join(f"'{name}'" for name in sorted(DONE))
# A refusal does not count of what the run did by another call.
DONE_OTHERWISE = (
    f"LEFT JOIN (SELECT DISTINCT {REMOVAL} AS removal FROM outcomes o WHERE o.run = ?"  # noqa: S608
    f" AND o.outcome IN ({DONE_ROWS})) done ON o.outcome = 'refused' AND done.removal = {REMOVAL}"
)


def run_summary(
    database: Database, run: str, call: str | None = None, tallies: Tallies | None = None
) -> Summary:
    """Sum up the outcomes of a run or of one of its calls: the worst for a value and target.

    What was done is not undone by a later refusal of the same. Of an undo: for a row that is put
    back, with what follows on it. tallies: of the run or the call, where they are known.
    """
    where, values = where_of(run, call)
    [(kind,)] = database.rows("SELECT coalesce(max(kind), '') FROM runs WHERE run = ?", (run,))
    if kind != UNDO:
        tallies = tallies or tallies_of(database, run, call)
        if (kind == CALL and call is None) or _has_each_once(database, run, tallies):
            return Summary(ordered(tallies.outcomes), tallies.sent, tallies.unreachable)
    one = ROW_OF_UNDO if kind == UNDO else f"coalesce({VALUE}, o.id), o.target"
    query = f"SELECT 1 FROM alike o {where} AND o.outcome = 'refused' LIMIT 1"  # noqa: S608
    otherwise, counts_it = DONE_OTHERWISE, "AND done.removal IS NULL"
    first: tuple[Any, ...] = (run,)
    if not database.rows(query, values):  # as mostly; the others cost a look at all that is done
        otherwise, counts_it, first = "", "", ()
    lines = database.rows(
        f"SELECT rank, count(*) FROM (SELECT min(CASE o.outcome {WORST_FIRST} END) AS rank"  # noqa: S608
        f" FROM {KNOWN} {otherwise} {where} {counts_it} GROUP BY {one}) ranks GROUP BY rank",
        (*first, *values),
    )
    counts = {OUTCOMES[rank]: count for rank, count in lines}
    [(sent, unreachable)] = database.rows(
        "SELECT coalesce(max(CASE WHEN o.attempts > 0 THEN 1 END), 0),"  # noqa: S608
        " coalesce(max(CASE WHEN o.outcome = 'failed' AND o.http_status IS NULL"
        f" AND o.settled = 0 THEN 1 END), 0) FROM alike o {where}",
        values,
    )
    return Summary(ordered(counts), bool(sent), bool(unreachable))


def _has_each_once(database: Database, run: str, tallies: Tallies) -> bool:
    """Tell whether each indicator is there but once at each target: so it is within a call.

    An id that a search found has a value, or several, which other ids may have too.
    """
    places = {(call, target) for call, target, _ in tallies.counts}
    if len({target for _, target in places}) < len(places):
        return False
    return not database.rows("SELECT 1 FROM resolved WHERE run = ? LIMIT 1", (run,))


def reasons(database: Database, run: str, most: int) -> list[tuple[str, str, int]]:
    """Return why most of what is not done is not: outcome, reason, and of how many rows."""
    query = (
        "SELECT outcome, reason, sum(rows) FROM alike WHERE run = ? AND reason IS NOT NULL"  # noqa: S608
        f" AND outcome NOT IN ({DONE_ROWS}, '{PLANNED}') GROUP BY outcome, reason"
        " ORDER BY sum(rows) DESC, outcome, reason LIMIT ?"
    )
    return [
        (outcome, reason, count) for outcome, reason, count in database.rows(query, (run, most))
    ]
