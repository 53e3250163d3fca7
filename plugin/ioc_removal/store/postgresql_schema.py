"""The tables of the store as PostgreSQL has them, in a schema of their own, and their version."""

import re
from collections.abc import Iterator
from functools import lru_cache

from ..errors import SettingsError
from .alike_tables import VIEW
from .location import CHOOSE, Server
from .statements import Transaction
from .tables import MIGRATIONS, TABLES
from .trust_tables import ONLY_ADDED
from .version import ALIKE_SINCE, BATCHES_SINCE, VERSION

SCHEMA = "ioc_removal"
# Text is ordered by its code points, as the hashes of plans need it; a number may be a moment.
TYPES = (
    (re.compile(r"\) WITHOUT ROWID"), ")"),
    (re.compile(r"\bINTEGER\b"), "BIGINT"),
    (re.compile(r"\bTEXT\b"), 'TEXT COLLATE "C"'),
    (re.compile(r"\bCOLLATE BINARY\b"), 'COLLATE "C"'),
)
# What a migration calls by SQLite's names, and what it is here.
CALLED = (("group_concat(", "string_agg("), ("json_array(", "json_build_array("))
HOLDERS = """
SELECT l.classid::bigint, l.objid::bigint, coalesce(a.application_name, '')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
TURN = """
INSERT INTO paces AS p VALUES (%s, extract(epoch FROM clock_timestamp()))
ON CONFLICT (place) DO UPDATE
SET next = greatest(p.next + %s, extract(epoch FROM clock_timestamp()))
RETURNING (next - extract(epoch FROM clock_timestamp()))::float8
"""
NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")  # a value of a statement
JSON_EACH = (
    "CREATE FUNCTION json_each(list text) RETURNS TABLE (key int, value text, atom text) IMMUTABLE"
    " LANGUAGE sql AS 'SELECT CAST(at - 1 AS int), CAST(one AS text), one #>> ''{}''"
    " FROM pg_catalog.json_array_elements(CAST(list AS json)) WITH ORDINALITY each (one, at)'"
)
JSON_FUNCTIONS = (
    "CREATE FUNCTION json_extract(list text, path text) RETURNS text IMMUTABLE LANGUAGE sql AS"
    " 'SELECT CAST(list AS json) ->> CAST(btrim(path, ''$[]'') AS int)'",
    JSON_EACH,
)
FUNCTIONS = (
    "CREATE FUNCTION json_array_length(list text) RETURNS BIGINT IMMUTABLE LANGUAGE sql AS"
    " 'SELECT CAST(pg_catalog.json_array_length(CAST(list AS json)) AS BIGINT)'",
    *JSON_FUNCTIONS,
    "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RAISE EXCEPTION ''the journal is only ever added to''; END'",
)


def migrate(transaction: Transaction, server: Server) -> None:
    """Make the tables, or bring them to this version.

    Raises SettingsError for a schema that is not a store's, or one of a newer version.
    """
    [found] = transaction.execute("SELECT to_regnamespace(?)", (SCHEMA,)).fetchone()
    if found is None:
        for statement in (f"CREATE SCHEMA {SCHEMA}", *_statements()):
            transaction.execute(statement)
        return
    version = version_of(transaction)
    if version is None:
        raise SettingsError(
            f"the store {server}: its schema {SCHEMA} is not one of this program: use another "
            "database"
        )
    while version in MIGRATIONS:
        for statement in _steps(version):
            transaction.execute(statement)
        version += 1
        transaction.execute("UPDATE version SET version = ?", (version,))
    if version != VERSION:
        raise SettingsError(
            f"the store {server} has version {version}, this program knows {VERSION}; {CHOOSE}"
        )


def version_of(transaction: Transaction) -> int | None:
    """Return the version of the tables, None where there is none."""
    if transaction.execute("SELECT to_regclass(?)", (f"{SCHEMA}.version",)).fetchone() == (None,):
        return None
    [version] = transaction.execute("SELECT version FROM version").fetchone()
    return int(version)


def typed(statement: str) -> str:
    """Return a statement with the types of PostgreSQL."""
    for pattern, text in TYPES:
        statement = pattern.sub(text, statement)
    return statement


@lru_cache(maxsize=1_000)
def translated(query: str, named: bool) -> bytes:
    """Return a statement as psycopg takes it; named: whether its values are by name."""
    defines = query.lstrip().startswith(("CREATE", "ALTER"))
    text = (typed(query) if defines else query).replace("%", "%%")
    text = NAMED.sub(r"%(\1)s", text) if named else text.replace("?", "%s")
    return text.encode()


def _statements() -> Iterator[str]:
    yield from FUNCTIONS
    yield from TABLES.split(";\n")
    for table in ONLY_ADDED:
        yield from _triggers(table)
    yield "CREATE TABLE version (version BIGINT NOT NULL)"
    yield f"INSERT INTO version VALUES ({VERSION})"  # noqa: S608  # our own number


def _steps(version: int) -> Iterator[str]:
    """Yield what turns tables of a version into those of the next."""
    if version + 1 == ALIKE_SINCE:
        yield from JSON_FUNCTIONS
    for statement in MIGRATIONS[version]:
        if version + 1 == BATCHES_SINCE and statement == VIEW:
            yield from ("DROP FUNCTION json_each(text)", JSON_EACH)
        yield _called(statement)
    if table := {ALIKE_SINCE: "alike", BATCHES_SINCE: "batches"}.get(version + 1):
        yield from _triggers(table)


def _triggers(table: str) -> Iterator[str]:
    """Yield what lets a table only be added to."""
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        columns = ONLY_ADDED[table] if verb == "UPDATE" else ""
        of = f" OF {columns}" if columns else ""
        yield (
            f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb}{of} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION only_added()"
        )


def _called(statement: str) -> str:
    """Return a statement of a migration with the names that functions have here."""
    for name, here in CALLED:
        statement = statement.replace(name, here)
    return statement
