"""What a playbook that asks has seen so far, so that it sees the same when it goes on."""

import json
from collections.abc import Callable
from typing import Any

from .ahead import seen_facts
from .columns import parsed
from .database import Database
from .journal import SEEN, add_link


def kept(database: Database, run: str, step: str, do: Callable[[], Any]) -> Any:
    """Return the result that a step had before, else what it has now, and keep that.

    step: its name, the same in every turn of the run.
    """
    query = "SELECT result FROM steps WHERE run = ? AND step = ?"
    for (text,) in database.rows(query, (run, step)):
        return parsed(text, "steps.result", run)
    result = do()
    text = json.dumps(result)
    facts = seen_facts(database, step, text)
    insert = "INSERT INTO steps VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    with database.transaction() as connection:
        if connection.execute(insert, (run, step, text)).rowcount:
            add_link(connection, database.hashing, run, SEEN, call=step, facts=facts)
    return result
