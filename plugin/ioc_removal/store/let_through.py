"""Which batches of a run were let through by its plan, whichever process performs them."""

from time import monotonic, sleep

from .chunks import lease_name
from .database import Database

Name = tuple[str, int]  # call and batch
MOMENT = 0.1  # seconds between two looks
PATIENCE = 5.0  # seconds in which a worker goes on with what a dead process was at
_LOOK = """
SELECT o.number, b.finished, (SELECT m.number FROM let_through m
    WHERE m.run = o.run AND m.call = ? AND m.batch = ?)
FROM let_through o JOIN batches b ON b.run = o.run AND b.call = o.call AND b.batch = o.batch
WHERE o.run = ? AND o.call = ? AND o.batch = ?
"""
_CHUNK = """
SELECT first, errors FROM chunks WHERE run = ? AND call = ? AND first <= ?
ORDER BY first DESC LIMIT 1
"""


class LetThrough:
    """The batches of a run that were let through, by all processes of a store, in that order.

    One waits only for those that were let through before it, so that no two wait for each other;
    and only while a process is at them, or may soon be.
    """

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run
        self._left: dict[str, float] = {}  # since when nobody is at some batches

    def begin(self, call: str, batch: int) -> None:
        """Let a batch through; to be called in the transaction that says what it may do."""
        with self._database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO let_through SELECT ?, ?, ?, coalesce(max(number), 0) + 1"
                " FROM let_through WHERE run = ? ON CONFLICT DO NOTHING",
                (self._run, call, batch, self._run),
            )

    def wait(self, other: Name, own: Name) -> bool:
        """Wait a moment for another batch; False when there is nothing to wait for."""
        looked = self._database.rows(_LOOK, (*own, self._run, *other))
        for number, finished, mine in looked:
            before = mine is None or number < mine
            if not finished and before and self._goes_on(*other):
                sleep(MOMENT)
                return True
        return False

    def _goes_on(self, call: str, batch: int) -> bool:
        """Tell whether a process is at a batch, or may soon be."""
        chunk = self._database.rows(_CHUNK, (self._run, call, batch))
        first, errors = chunk[0] if chunk else (0, None)
        name = lease_name(self._run, call, first)
        if errors is not None:
            return False
        if self._database.is_held(name):
            self._left.pop(name, None)
            return True
        since = self._left.setdefault(name, monotonic())
        return self._database.is_shared and monotonic() - since < PATIENCE
