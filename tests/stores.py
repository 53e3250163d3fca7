"""A store of each kind, for tests that are the same for all."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, Server, server_of
from lending import Lender
from postgresql import PostgreSQLServer, running

KINDS = ("sqlite", "postgresql")


def long_ago(database: Database) -> None:
    """Let all that is in flight have begun so long ago that it cannot be in flight any more.

    Whoever goes on with what another process had in flight on a shared store waits for that.
    """
    with database.transaction() as transaction:
        transaction.execute("UPDATE batches SET at = at - 1000")


def change_by_hand(
    database: Database, table: str, statement: str, values: Sequence[Any] = ()
) -> None:
    """Change rows of a table that are only ever added to, as who may write the store can."""
    with database.transaction() as transaction:
        if isinstance(database.location, Server):
            transaction.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_update")
        else:
            transaction.execute(f"DROP TRIGGER IF EXISTS {table}_update")
        transaction.execute(statement, values)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """A server of PostgreSQL."""
    with running() as server:
        yield server


@pytest.fixture
def own(postgresql: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """A server that no other test uses, to be stopped."""
    with running(like=postgresql) as server:
        yield server


@pytest.fixture
def both(postgresql: PostgreSQLServer) -> Iterator[tuple[Database, Database]]:
    """Two sessions of one store."""
    location = server_of(postgresql.database())
    with closing(Database(location)) as one, closing(Database(location)) as other:
        yield one, other


@pytest.fixture(scope="session")
def lender(postgresql: PostgreSQLServer) -> Lender:
    """Databases of that server, with an empty store each."""
    return Lender(postgresql)


@pytest.fixture
def shared(lender: Lender) -> Iterator[Location]:
    """Where an empty store is that processes share."""
    with lender.lent() as url:
        yield server_of(url)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where an empty store is to be, or is."""
    if request.param == "sqlite":
        return tmp_path / "store.db"
    location: Location = request.getfixturevalue("shared")
    return location


@pytest.fixture(params=KINDS)
def unmade(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where a store is to be, and no tables are."""
    if request.param == "sqlite":
        return tmp_path / "store.db"
    server: PostgreSQLServer = request.getfixturevalue("postgresql")
    return server_of(server.database())
