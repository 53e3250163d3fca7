"""Find, among many values, those that are one indicator once they are normalised."""

from collections.abc import Iterable, Iterator
from itertools import islice

from ..indicators.normal import normalised
from .database import Database

AT_ONCE = 2_000  # values written together


def collisions(
    database: Database, values: Iterable[str], first: int
) -> tuple[int, list[list[str]]]:
    """Return how many indicators have several spellings, and the spellings of the first of them."""
    walk = iter(values)
    with database.transaction() as connection:
        connection.execute("DROP TABLE IF EXISTS spellings")
        connection.execute(
            "CREATE TEMPORARY TABLE spellings (one TEXT, value TEXT, PRIMARY KEY (one, value))"
        )
    while portion := list(islice(walk, AT_ONCE)):
        with database.transaction() as connection:
            connection.executemany(
                "INSERT INTO spellings VALUES (?, ?) ON CONFLICT DO NOTHING", _rows(portion)
            )
    several = "SELECT one FROM spellings GROUP BY one HAVING count(*) > 1"
    [(count,)] = database.rows(f"SELECT count(*) FROM ({several}) spelt")  # noqa: S608
    spelt = "SELECT value FROM spellings WHERE one = ? ORDER BY value"
    found = [
        [value for (value,) in database.rows(spelt, (one,))]
        for (one,) in database.rows(f"{several} ORDER BY one LIMIT ?", (first,))
    ]
    with database.transaction() as connection:
        connection.execute("DROP TABLE spellings")
    return count, found


def _rows(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((normalised(value), value) for value in values)
