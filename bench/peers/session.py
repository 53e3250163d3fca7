"""Send one and the same deletion again and again: session.py HOW ADDRESS TIMES.

HOW: "requests" by a bare Session, "action" by this plugin's action.send, "journalled" by a whole
call with its rows in the store, "inserted" by a bare Session with one bare commit of the row, to a
log ahead as the store does it, "default" the same as SQLite does it unless it is told.
Prints CPU seconds of one, without what comes before the first.
"""

import json
import sqlite3
import sys
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import requests

PATH = "/api/1.3/suppliers/InternalTI/indicators"
FIRST = 20  # that are not counted
how, address, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
folder = TemporaryDirectory()
store = Path(folder.name) / "store.db"


def bare_session() -> requests.Session:
    """Return a session as scripts have it."""
    session = requests.Session()
    session.auth = ("soc", "example")
    return session


def by_session(session: requests.Session, indicator: str) -> tuple[int, str | None, Any]:
    """Send one deletion; return the answer's status, its id of the request, and what it says."""
    answer = session.delete(address + PATH, json=[{"indicator": indicator}], timeout=(10, 120))
    answer.raise_for_status()
    return answer.status_code, answer.headers.get("X-Request-Id"), answer.json()


def by_action() -> Any:
    """Return what sends one deletion by this plugin."""
    from ioc_removal.connection import Connection
    from ioc_removal.integration import load_integration
    from ioc_removal.settings import settings_from
    from ioc_removal.store.database import Database
    from ioc_removal.store.recorder import StoreRecorder
    from ioc_removal.store.runs import begin_run
    from ioc_removal.trust.perform import perform

    basic = {"type": "basic", "username": "soc", "password": "example"}
    own = {"system": "cybertrace", "url": address, "api_version": "1.3", "auth": basic}
    settings = settings_from({"connections": {"cybertrace": own}}, "settings")
    catalogue = load_integration()
    connection = Connection("cybertrace", settings, catalogue.systems["cybertrace"])
    action = catalogue.bind("cybertrace-indicators-delete", connection)
    if how == "action":
        prepared = action.prepare({"supplier": "InternalTI", "indicators": ["first.example.com"]})
        [batch] = prepared

        def send(indicator: str) -> None:
            action.send(action.part(batch, [indicator]), prepared.target)

        return send

    database, calls = Database(store), count()
    run = begin_run(database, "call", action.definition.name, dry_run=False, details={})

    def journalled(indicator: str) -> None:
        prepared = action.prepare({"supplier": "InternalTI", "indicators": [indicator]})
        recorder = StoreRecorder(database, run, f"{next(calls):09}", action)  # as runs are named
        recorder.begin(prepared, new=True)
        for _ in perform(action, prepared, recorder):
            pass

    return journalled


def inserting() -> Any:
    """Return what sends one deletion and keeps its row, and nothing else."""
    session = bare_session()
    kept = sqlite3.connect(store, isolation_level=None)
    if how == "inserted":
        kept.execute("PRAGMA journal_mode = WAL")
        kept.execute("PRAGMA synchronous = FULL")
    kept.execute(
        "CREATE TABLE outcomes (run TEXT, call TEXT, batch INTEGER, position INTEGER, value TEXT,"
        " target TEXT, outcome TEXT, http_status INTEGER, request_id TEXT, attempts INTEGER,"
        " response TEXT)"
    )
    run, target = "20261129-073355-4f2d1c", json.dumps({"supplier": "InternalTI"})

    def send(indicator: str) -> None:
        status, id_, said = by_session(session, indicator)
        names = (run, indicator, 0, 0, indicator, target)
        row = (*names, "removed", status, id_, 1, json.dumps(said))
        kept.execute("BEGIN")
        kept.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        kept.execute("COMMIT")

    return send


def requesting() -> Any:
    """Return what sends one deletion by a session, and nothing else."""
    return partial(by_session, bare_session())


made = {"requests": requesting, "inserted": inserting, "default": inserting}.get(how, by_action)
send = made()
for number in range(FIRST):
    send(f"first-{number}.example.com")
begun = process_time()
for number in range(times):
    send(f"host-{number}.example.com")
sys.stdout.write(json.dumps((process_time() - begun) / times))
