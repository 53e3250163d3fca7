"""Whether a chunk may be performed: it and its run have to be as the run's chain has them."""

from threading import Lock

from ..errors import RunError
from ..integration import Integration
from ..store.chunks import Chunk
from ..store.database import Database
from ..store.given import check_call
from ..store.runs import Run
from ..trust.removal_key import digest
from .plan_check import check_kept


class ChunkCheck:
    """Checks chunks as `resume` checks a run: each call once in this process, and each plan.

    What is long is read once, however many chunks a call has.
    """

    def __init__(self, integration: Integration) -> None:
        self._integration = integration
        self._calls: set[tuple[str, str]] = set()
        self._plans: set[str] = set()
        self._lock = Lock()

    def refusal(self, database: Database, run: Run, chunk: Chunk) -> RunError | None:
        """Say why a chunk is not as it was when it was shared; None when it is."""
        try:
            self._check(database, run, chunk)
        except RunError as error:
            return error
        return None

    def _check(self, database: Database, run: Run, chunk: Chunk) -> None:
        with self._lock, database.snapshot():
            if (run.run, chunk.call) not in self._calls:
                check_call(database, run.run, chunk.call)
                self._calls.add((run.run, chunk.call))
            if run.run not in self._plans:
                check_kept(database, self._integration, run)
                self._plans.add(run.run)
        query = "SELECT action FROM calls WHERE run = ? AND call = ?"
        known = database.rows(query, (chunk.run, chunk.call))
        definition = self._integration.definitions.get(chunk.action)
        facts = run.details.get("connections", {}).get(definition.system) if definition else None
        if known != [(chunk.action,)] or facts is None or digest(facts) != chunk.queue:
            raise RunError(
                f"the store was changed by hand: run {run.run}: {chunk.call}: what is shared of it "
                "(table chunks) is of another action or connection; nothing was sent of that"
            )
