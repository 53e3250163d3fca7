"""Count the outcomes of a run, in one walk through its rows."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .database import Database

_BATCHES = """
SELECT o.call, o.batch, count(*), min(o.target), max(o.target), min(o.outcome), max(o.outcome),
max(CASE WHEN o.attempts > 0 THEN 1 ELSE 0 END),
max(CASE WHEN o.outcome = 'failed' AND o.http_status IS NULL AND o.settled = 0 THEN 1 ELSE 0 END)
FROM outcomes o WHERE o.run = ? GROUP BY o.call, o.batch ORDER BY o.call, o.batch
"""  # in the order in which they are stored: nothing is sorted
_BATCH = """
SELECT target, outcome, count(*) FROM outcomes WHERE run = ? AND call = ? AND batch = ?
GROUP BY target, outcome ORDER BY min(position)
"""
Key = tuple[str, str, str]  # call, target as it is stored, outcome


class Tallies(NamedTuple):
    """How many rows a run has.

    counts: by call, target as it is stored, and outcome, in the order in which the first of each
    call and target comes; sent: whether anything was; unreachable: whether something failed because
    no answer could be had.
    """

    counts: dict[Key, int]
    sent: bool
    unreachable: bool

    @property
    def outcomes(self) -> dict[str, int]:
        """How many rows each outcome has."""
        found: Counter[str] = Counter()
        for (_, _, outcome), count in self.counts.items():
            found[outcome] += count
        return dict(found)

    @property
    def calls(self) -> dict[str, dict[str, int]]:
        """How many rows each outcome has, by call."""
        found: dict[str, dict[str, int]] = {}
        for (call, _, outcome), count in self.counts.items():
            of_call = found.setdefault(call, {})
            of_call[outcome] = of_call.get(outcome, 0) + count
        return found


def tallies_of(database: Database, run: str) -> Tallies:
    """Count the rows of a run."""
    counts: Counter[Key] = Counter()
    sent = unreachable = 0
    for call, batch, *told, tried, unanswered in database.walk(_BATCHES, (run,)):
        sent, unreachable = sent | tried, unreachable | unanswered
        for target, outcome, count in _of_batch(database, (run, call, batch), told):
            counts[call, target, outcome] += count
    places = {(call, target): at for at, (call, target, _) in reversed([*enumerate(counts)])}
    found = sorted(counts, key=lambda key: (places[key[0], key[1]], key[2]))
    return Tallies({key: counts[key] for key in found}, bool(sent), bool(unreachable))


def _of_batch(
    database: Database, batch: tuple[str, str, int], told: list[object]
) -> Iterator[tuple[str, str, int]]:
    """Yield targets and outcomes of a batch, each with its count; most batches have but one."""
    count, target, last_target, outcome, last = told
    if target == last_target and outcome == last:
        yield target, outcome, count  # type: ignore[misc]  # as the tables have it
    else:
        yield from database.rows(_BATCH, batch)
