"""What the engine keeps of runs that are gone: taken away without launching it."""

import logging
from collections.abc import Sequence

from dbos import DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine, create_engine, text

from ..store.database import Database
from ..store.engine_place import SCHEMA, engine_file, engine_is_there
from ..store.location import Server
from .engine import POOL

AT_ONCE = 50  # runs whose workflows are looked for together


def forget_workflows(database: Database, runs: Sequence[str]) -> int:
    """Take away the workflows of runs, with their steps; return how many there were."""
    if not runs or not engine_is_there(database):
        return 0
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    engine = _engine(database)
    taken = 0
    try:
        client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=SCHEMA if database.is_shared else None,
            serializer=DBOSPortableJSONSerializer(),
        )
        try:
            for start in range(0, len(runs), AT_ONCE):
                portion = runs[start : start + AT_ONCE]
                found = client.list_workflows(
                    workflow_id_prefix=list(portion), load_input=False, load_output=False
                )
                client.delete_workflows([one.workflow_id for one in found])
                taken += len(found)
                _forget_versions(engine, portion, shared=database.is_shared)
        finally:
            client.destroy()
    finally:
        engine.dispose()
    return taken


def _forget_versions(engine: Engine, runs: Sequence[str], *, shared: bool) -> None:
    """Take away the versions of the application: each run is one (engine.py)."""
    table = f"{SCHEMA}.application_versions" if shared else "application_versions"
    query = text(f"DELETE FROM {table} WHERE version_name LIKE :name")  # noqa: S608  # our own names
    with engine.begin() as connection:
        connection.execute(query, [{"name": f"%.{run}"} for run in runs])


def _engine(database: Database) -> Engine:
    store = database.location
    if isinstance(store, Server):
        return create_engine(
            "postgresql+psycopg://", creator=database.session, pool_size=POOL, pool_pre_ping=True
        )
    return create_engine(f"sqlite:///{engine_file(store)}", connect_args={"timeout": 30})
