"""Count the outcomes of a run, in one walk through what its batches have alike."""

from collections import Counter
from typing import NamedTuple

from ..outcome import FAILED
from .database import Database

_ALIKE = """
SELECT call, target, outcome, rows, attempts > 0, http_status IS NULL AND settled = 0
FROM alike WHERE run = ?{} ORDER BY call, batch, part
"""  # in the order in which they are stored: nothing is sorted
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


def tallies_of(database: Database, run: str, call: str | None = None) -> Tallies:
    """Count the rows of a run, or of one of its calls."""
    counts: Counter[Key] = Counter()
    sent = unreachable = False
    query = _ALIKE.format("" if call is None else " AND call = ?")
    values = (run,) if call is None else (run, call)
    for name, target, outcome, rows, tried, unanswered in database.walk(query, values):
        counts[name, target, outcome] += rows
        sent |= bool(tried)
        unreachable |= bool(unanswered) and outcome == FAILED
    places = {(call, target): at for at, (call, target, _) in reversed([*enumerate(counts)])}
    found = sorted(counts, key=lambda key: (places[key[0], key[1]], key[2]))
    return Tallies({key: counts[key] for key in found}, sent, unreachable)
