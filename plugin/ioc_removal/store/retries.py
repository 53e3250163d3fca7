"""Runs that try again what other runs did not do: which is which, and what is left to do."""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError
from ..outcome import DONE, FAILED, REFUSED, UNKNOWN
from .columns import parsed, sorted_json
from .database import Database
from .sets import by_value
from .statements import Transaction

RETRY_OF = "retry_of"  # of details: the run that is tried again
NOT_DONE = (UNKNOWN, FAILED, REFUSED)
NOT_IN_PLAN = "not in plan {}"
DONE_NAMES = ", ".join(f"'{name}'" for name in sorted(DONE))
# Of one removal, the runs of a family may tell several outcomes: it is done if one of them is. What
# a search could not tell is done with once a later one found something.
_LEFT = """
SELECT count(*) FROM (
    SELECT c.action, o.value, o.id, o.target FROM outcomes o
    JOIN calls c ON c.run = o.run AND c.call = o.call
    WHERE o.run IN ({runs}) AND NOT (o.outcome = 'refused' AND coalesce(o.reason, '') = ?)
    GROUP BY c.action, o.value, o.id, o.target
    HAVING max(CASE WHEN o.outcome IN ({done}) THEN 1 ELSE 0 END) = 0
) lines
WHERE NOT (action IN ({searches}) AND value IN
    (SELECT r.value FROM resolved r WHERE r.run IN ({runs})))
"""


def note_retry(transaction: Transaction, retried: str, run: str) -> None:
    """Note that a run that begins tries again what another one did not do.

    Raises ArgumentError while another one does.
    """
    query = (
        "SELECT r.run FROM retries t JOIN runs r ON r.run = t.run"
        " WHERE t.retried = ? AND r.status != 'ended' AND r.kind != 'call'"
    )
    if found := transaction.execute(query, (retried,)).fetchone():
        raise ArgumentError(
            f"the run {found[0]} is about what {retried} did not do, and has not ended: "
            f"`ioc-removal show {found[0]}` tells how far it is, `resume` goes on if it stopped"
        )
    transaction.execute("INSERT INTO retries VALUES (?, ?)", (run, retried))


def retries_of(database: Database, run: str) -> list[str]:
    """Return the runs that tried again what a run did not do, in their order; no dry runs."""
    query = (
        "SELECT t.run FROM retries t WHERE t.retried = ?"
        " ORDER BY (SELECT min(h.head) FROM heads h WHERE h.run = t.run)"  # not by the clock
    )
    return [one for (one,) in database.rows(query, (run,))]


def family_of(database: Database, run: str) -> list[str]:
    """Return the first run that a run tries again, over others, and all that do; in their order."""
    first = run
    while found := database.rows("SELECT retried FROM retries WHERE run = ?", (first,)):
        first = str(found[0][0])
    family, waiting = {first}, [first]
    while waiting:
        more = [one for one in retries_of(database, waiting.pop()) if one not in family]
        family.update(more)
        waiting += more
    places = ", ".join("?" * len(family))
    # Not by the clock.
    ordered = f"SELECT run FROM heads WHERE run IN ({places}) GROUP BY run ORDER BY min(head)"  # noqa: S608
    return [one for (one,) in database.rows(ordered, tuple(family))]


def left_of(
    database: Database, runs: list[str], plan: str | None, searches: list[str]
) -> tuple[int, list[Mapping[str, Any]]]:
    """Return how much a family of runs has not done, and the errors of its newest.

    plan: that bounds what is done, if any; searches: the actions that find ids.
    """
    query = _LEFT.format(
        runs=", ".join("?" * len(runs)),
        done=DONE_NAMES,
        searches=", ".join("?" * len(searches)) or "''",
    )
    out = NOT_IN_PLAN.format(plan) if plan else ""
    [(left,)] = database.rows(query, (*runs, out, *searches, *runs))
    [(text,)] = database.rows("SELECT details FROM runs WHERE run = ?", (runs[-1],))
    return int(left), parsed(text, "runs.details", runs[-1], dict).get("errors", [])


def bounding_plan(database: Database, runs: list[str]) -> str | None:
    """Return the plan that the first of a family applied: nothing else is done in any of them."""
    [(text,)] = database.rows("SELECT details FROM runs WHERE run = ?", (runs[0],))
    plan = parsed(text, "runs.details", runs[0], dict).get("plan")
    return None if plan is None else str(plan)


def call_before(database: Database, run: str, call: str) -> tuple[str, dict[str, Any]]:
    """Return the connection of a call and its arguments, without its items.

    Raises ArgumentError when it did not come so far.
    """
    query = "SELECT connection, arguments FROM calls WHERE run = ? AND call = ?"
    for connection, text in database.rows(query, (run, call)):
        return str(connection), by_value(database, parsed(text, "calls.arguments", run, dict))
    raise ArgumentError(f"the run {run} ended before its arguments were checked: call it again")


def not_done_items(database: Database, run: str, call: str, named: str) -> list[str]:
    """Return the items of a call that it did not do, in their order; named: value or id."""
    from .outcome_walk import outcomes_in_order  # few runs are tried again

    at = 4 if named == "id" else 3  # behind its place
    walk = outcomes_in_order(database, run, call, NOT_DONE)
    return list(dict.fromkeys(str(row[at]) for row in walk))


def place_text(target: Mapping[str, str]) -> str:
    """Return a target as outcomes have it."""
    return sorted_json(target)
