"""A database of a store for a test, lent again to the next one: making its tables takes long."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from logging import NullHandler, getLogger

import psycopg

from ioc_removal.store.database import Database
from ioc_removal.store.engine_place import SCHEMA
from ioc_removal.store.location import server_of
from postgresql import PostgreSQLServer

OURS = ("ioc_removal", SCHEMA)
VERSIONS = ("version", "dbos_migrations")  # tables whose rows belong to what is made
OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid()
"""
SHAPE = """
SELECT n.nspname, c.relname, c.relkind::text,
    array(SELECT a.attname || ' ' || a.atttypid FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum),
    array(SELECT t.tgname || ' ' || t.tgenabled::text FROM pg_trigger t
          WHERE t.tgrelid = c.oid ORDER BY t.tgname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) ORDER BY 1, 2
"""
Shape = list[tuple[object, ...]]


class Lender:
    """Lends databases of a server; each has the tables of a store and its engine, and no rows."""

    def __init__(self, server: PostgreSQLServer) -> None:
        self._server, self._free = server, list[str]()
        self._ready = server.database()
        _make(self._ready)
        self._shape = _emptied(self._ready)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Lend a database, by its URL; the next test has it if this one leaves its tables alone."""
        if not self._free:
            ready = self._ready.rpartition("/")[2]
            self._free.append(self._server.database(f'TEMPLATE "{ready}"'))
        url = self._free.pop()
        yield url
        if _emptied(url) == self._shape:
            self._free.append(url)


def _make(url: str) -> None:
    """Have the program and its engine make their tables."""
    # Not imported by tests that need no engine.
    from dbos import DBOS
    from sqlalchemy import create_engine

    getLogger("dbos").addHandler(NullHandler())  # else it adds one with the stream of this test
    with closing(Database(server_of(url))) as database:
        engine = create_engine("postgresql+psycopg://", creator=database.session)
        DBOS(
            config={
                "name": "ioc-removal",
                "system_database_engine": engine,
                "dbos_system_schema": SCHEMA,
                "log_level": "CRITICAL",
                "use_listen_notify": False,
            }
        )
        DBOS.listen_queues([])
        DBOS.launch()
        DBOS.destroy(destroy_registry=True)
        engine.dispose()


def _emptied(url: str) -> Shape:
    """End all other sessions, delete the rows, and return what the tables look like."""
    with psycopg.connect(url) as connection:
        connection.execute(OTHERS)
        connection.execute("SET session_replication_role = replica")  # no triggers
        shape: Shape = connection.execute(SHAPE, (list(OURS),)).fetchall()
        for schema, table, kind, *_ in shape:
            if kind == "r" and table not in VERSIONS:
                connection.execute(f'DELETE FROM "{schema}"."{table}"'.encode())
        versions = [
            connection.execute(f'SELECT * FROM "{schema}"."{table}"'.encode()).fetchall()
            for schema, table, *_ in shape
            if table in VERSIONS
        ]
    return [*shape, *map(tuple, versions)]
