"""Open a session of PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import getpid
from socket import gethostname
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import IntLoader

from ..errors import SettingsError
from .location import Server
from .postgresql_schema import SCHEMA

PROGRAM = "ioc-removal "  # begins the name by which the server knows a session
# Unless the URL tells otherwise: a dead network is noticed in half a minute.
USUAL: Mapping[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
SETTINGS = f"""
SET search_path = {SCHEMA};
SET lock_timeout = '30s';
SET idle_in_transaction_session_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""

Session = psycopg.Connection[tuple[Any, ...]]


def plain_session(server: Server) -> Session:
    """Open a session as another library wants it."""
    url = server.url.reveal()
    given = conninfo_to_dict(url)
    own = {"application_name": f"{PROGRAM}process {getpid()} on {gethostname()}"}
    usual = {key: value for key, value in {**USUAL, **own}.items() if key not in given}
    return psycopg.connect(make_conninfo(url, **usual))


def store_session(server: Server) -> Session:
    """Open a session for the store's own tables; raises SettingsError and psycopg.Error."""
    session = plain_session(server)
    with closed_by_errors(session):
        session.autocommit = True
        session.adapters.register_dumper(bool, _FlagDumper)
        session.adapters.register_loader("numeric", IntLoader)  # sums of numbers
        [(encoding,)] = session.execute(b"SHOW server_encoding").fetchall()
        if encoding != "UTF8":
            raise SettingsError(
                f"the store {server} is a database in {encoding}, it must be in UTF8: make one "
                "with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )
        session.execute(SETTINGS.encode())
    return session


@contextmanager
def closed_by_errors(session: Session) -> Iterator[None]:
    """Close a session when what is done with it fails."""
    try:
        yield
    except BaseException:
        session.close()
        raise


class _FlagDumper(Dumper):
    """Keeps a truth value as 0 or 1."""

    oid = 21  # smallint

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"
