"""The tables of the store in a file of SQLite: made, or brought to this version."""

from .statements import Transaction
from .tables import MIGRATIONS, TABLES
from .trust_tables import ONLY_ADDED, TAKEN_FROM
from .version import VERSION


def _trigger(table: str, verb: str, of: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb}{of} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'the journal is only ever added to'); END"
    )


# What the journal covers is only ever added to, but for what lift() lets.
TRIGGERS = tuple(
    _trigger(table, verb, of)
    for table, columns in ONLY_ADDED.items()
    for verb, of in (("UPDATE", f" OF {columns}" if columns else ""), ("DELETE", ""))
)


def migrated(connection: Transaction) -> int:
    """Make the tables, or bring them to this version; return the version that they have."""
    [found] = connection.execute("PRAGMA user_version").fetchone()
    version = int(found)
    if not version:
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
        version = VERSION
    while version in MIGRATIONS:
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
        version += 1
    if version != found:
        for statement in TRIGGERS:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    return version


def lift(connection: Transaction) -> None:
    """Let the transaction that has begun take away rows of the journal."""
    for table in TAKEN_FROM:
        connection.execute(f"DROP TRIGGER {table}_delete")


def restore(connection: Transaction) -> None:
    """Let rows of the journal only be added again."""
    for table in TAKEN_FROM:
        connection.execute(_trigger(table, "DELETE", ""))
