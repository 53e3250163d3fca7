"""What is kept beside a run's rows and must stay as it was when it ended: plans and their use."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from .database import Database

# By the name of a fact of the link `end`; the values are the run, or the plan that it applied.
TABLES = {
    "uses": ("SELECT plan, key, call, batch FROM uses WHERE run = ? ORDER BY plan, key",),
    "plan": (
        "SELECT * FROM plans WHERE plan = ?",
        "SELECT * FROM planned WHERE plan = ? ORDER BY key",
    ),
}
TABLES["applied"] = TABLES["plan"]
SAID = {
    "uses": "what was done of its plan (table uses)",
    "plan": "the plan that it made (tables plans, planned)",
    "applied": "the plan that it applied (tables plans, planned)",
}


def kept(database: Database, run: str, plan: Any) -> dict[str, str | None]:
    """Return a SHA-256 of each, None where there is nothing; plan: that the run applied, if any."""
    owners = {"uses": run, "plan": run, "applied": plan}
    return {name: _digest(database, queries, owners[name]) for name, queries in TABLES.items()}


def _digest(database: Database, queries: Sequence[str], owner: Any) -> str | None:
    whole, there = sha256(), False
    for query in queries:
        for row in database.walk(query, (owner,)):
            there = True
            whole.update(repr(row).encode(errors="surrogatepass"))
    return whole.hexdigest() if there else None
