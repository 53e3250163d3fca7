"""What is known of batches that nobody will finish."""

from collections.abc import Iterable, Iterator, Mapping

from ..action import Action
from ..batches import Batch
from ..outcome import REFUSED, UNKNOWN
from ..trust.recorder import Finished
from .database import Database

TRIES = "SELECT tries, finished FROM batches WHERE run = ? AND call = ? AND batch = ?"


def unfinished(
    database: Database,
    key: tuple[str, str],
    action: Action,
    target: Mapping[str, str],
    batches: Iterable[Batch],
    reason: str,
    unsent: str,
) -> Iterator[Finished]:
    """Yield those of some batches that are not finished, with what is known of them.

    key: run and call; reason: why they will not be; unsent: another one for what was not sent, if
    there is one.
    """
    for batch in batches:
        found = database.rows(TRIES, (*key, batch.number))
        tries, finished = found[0] if found else (0, 0)
        if not finished:
            outcome = UNKNOWN if tries else REFUSED
            text = f"it may have been sent: {reason}" if tries else unsent or f"not sent: {reason}"
            outcomes = action.outcomes(batch, batch.items, target, outcome, text, tries)
            yield Finished(batch, outcomes=outcomes)
