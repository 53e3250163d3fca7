"""Begin a run and leave it to a worker."""

from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import Summary
from ..playbooks.performing import Performing
from ..store.database import Database
from ..store.results import run_summary
from ..store.runs import DETACHED, add_details, get_run
from .history import run_record


def check_shared(database: Database, what: str) -> None:
    """Refuse a store that only one host can use; what: needs more. Raises ArgumentError."""
    if not database.is_shared:
        raise ArgumentError(
            f"{what} needs a store that it can share, postgresql://NAME@HOST/DATABASE; "
            f"{database.location} is a file"
        )


def left_to_a_worker(
    performing: Performing, integration: Integration
) -> tuple[dict[str, Any], Summary]:
    """Let go of a run that was begun; return its record as it is now, and its summary.

    To a worker it is as a run that stopped: all that it needs to go on is in the store.
    """
    performing.connections.hang_up()
    database, run = performing.database, performing.run
    add_details(database, run, **{DETACHED: True})
    record = run_record(database, integration.definitions, get_run(database, run))
    return record, run_summary(database, run)
