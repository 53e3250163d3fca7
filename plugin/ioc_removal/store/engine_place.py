"""Where the engine of playbooks keeps its rows: in a file beside the store, or a schema."""

from pathlib import Path

from .database import Database
from .location import Server

SCHEMA = "ioc_removal_engine"


def engine_file(store: Path) -> Path:
    """Return the file in which the engine keeps the steps of the runs of a store."""
    return store.with_name(f"{store.name}.engine")


def engine_is_there(database: Database) -> bool:
    """Tell whether the engine has ever kept anything of the runs of a store."""
    store = database.location
    if not isinstance(store, Server):
        return engine_file(store).exists()
    [(found,)] = database.rows("SELECT to_regclass(?)", (f"{SCHEMA}.workflow_status",))
    return found is not None
