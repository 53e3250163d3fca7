"""The index by indicator: where a value, or an id, stands in the runs that ended."""

from itertools import islice

from ..indicators.normal import normalised
from ..indicators.refang import refang
from .database import Database

AT_ONCE = 20  # batches indexed together
_PLACE = "o.run, o.call, o.batch, o.position"
# A row is found by its value, by its id, and by the values for which a search found that id.
KEYS = f"""
SELECT normalised(o.value) AS indicator, {_PLACE} FROM outcomes o
WHERE o.value IS NOT NULL AND {{where}}
UNION SELECT normalised(o.id), {_PLACE} FROM outcomes o WHERE o.id IS NOT NULL AND {{where}}
UNION SELECT normalised(r.value), {_PLACE} FROM outcomes o JOIN resolved r
ON r.run = o.run AND r.id = o.id WHERE o.value IS NULL AND {{where}}
"""  # noqa: S608
OF_BATCH = "o.run = :run AND o.call = :call AND o.batch = :batch"


def index_run(database: Database, run: str) -> None:
    """Index the rows of a run; what is indexed already stays."""
    batches = iter(_batches(database, run))
    insert = f"INSERT OR IGNORE INTO found {KEYS.format(where=OF_BATCH)}"
    while portion := list(islice(batches, AT_ONCE)):
        with database.transaction() as connection:
            connection.executemany(
                insert, ({"run": run, "call": call, "batch": batch} for call, batch in portion)
            )
    with database.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO indexed VALUES (?)", (run,))


def keys_of(indicator: str) -> tuple[str, str]:
    """Return the keys by which an indicator is found, as it is and refanged."""
    return normalised(indicator), normalised(refang(indicator))


def runs_with(database: Database, indicator: str) -> dict[str, bool]:
    """Return the runs in which an indicator may stand, and whether each is indexed."""
    query = (
        "SELECT run, 1 FROM found WHERE indicator IN (?, ?) AND run IN (SELECT run FROM indexed)"
        " UNION SELECT run, 0 FROM runs WHERE run NOT IN (SELECT run FROM indexed)"
    )
    return {run: bool(known) for run, known in database.rows(query, keys_of(indicator))}


def _batches(database: Database, run: str) -> list[tuple[str, int]]:
    query = "SELECT call, batch FROM links WHERE run = ? AND kind = 'batch' ORDER BY call, batch"
    return [(call, batch) for call, batch in database.rows(query, (run,))]
