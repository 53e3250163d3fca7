"""The least that can be done: read a CSV file, send batches, keep what became of each indicator.

csv_send_insert.py ADDRESS FILE STORE
"""

import csv
import json
import sqlite3
import sys
from itertools import islice

import requests

BATCH = 1_000

address, path, store = sys.argv[1:]
kept = sqlite3.connect(store, isolation_level=None)
kept.execute("PRAGMA journal_mode = WAL")
kept.execute("PRAGMA synchronous = FULL")
kept.execute("CREATE TABLE outcomes (position INTEGER, indicator TEXT, outcome TEXT)")
session = requests.Session()
session.auth = ("soc", "example")
url = f"{address}/api/1.3/suppliers/InternalTI/indicators"
with open(path, newline="", encoding="utf-8") as stream:  # noqa: PTH123  # as such a script does
    rows = csv.reader(stream)
    next(rows)
    done = 0
    while batch := [row[0] for row in islice(rows, BATCH)]:
        body = json.dumps([{"indicator": indicator} for indicator in batch]).encode()
        answer = session.delete(url, data=body, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
        kept.execute("BEGIN")
        kept.executemany(
            "INSERT INTO outcomes VALUES (?, ?, ?)",
            ((done + at, indicator, "removed") for at, indicator in enumerate(batch)),
        )
        kept.execute("COMMIT")
        done += len(batch)
sys.stdout.write(f"{done}\n")
