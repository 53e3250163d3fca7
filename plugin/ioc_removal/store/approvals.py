"""Questions to a person, and their decisions: asked once, decided once, used once."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..errors import ArgumentError, RunError
from .asks import EXPIRED, REJECTED, Ask, asks_of, kept_ask, moment_of, now
from .database import Database
from .decisions import APPROVAL, decision_facts, question_facts, tampered, use_facts
from .journal import add_event, moment_text
from .runs import Requester
from .statements import Transaction


def put_ask(
    database: Database,
    run: str,
    ask: str,
    question: Mapping[str, Any],
    *,
    plan: str | None,
    wait: timedelta,
) -> Ask:
    """Ask, unless it was asked before; return the question with what became of it.

    wait: how long a decision may take.
    """
    asked = now()
    values = (run, ask, plan, json.dumps(question), moment_text(asked), moment_text(asked + wait))
    with database.transaction() as connection:
        _check(connection, database, run)
        made = connection.execute(
            "INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL)"
            " ON CONFLICT DO NOTHING",
            values,
        )
        if made.rowcount:
            facts = question_facts(ask, plan, question, values[5])
            add_event(connection, database.hashing, run, APPROVAL, facts, values[4])
    [found] = [one for one in asks_of(database, run) if one.ask == ask]
    return found


def decide(
    database: Database,
    ask: Ask,
    decision: str,
    decider: Requester,
    response: Mapping[str, Any],
) -> Ask:
    """Keep a decision, once; raises ArgumentError when there is one, or it comes too late."""
    moment = now()
    with database.transaction() as connection:
        _check(connection, database, ask.run)
        known = kept_ask(connection, ask.run, ask.ask)
        if known.decision:
            raise ArgumentError(f"the run {ask.run}: this was decided already: {known.said}")
        _check_clock(known, moment)
        if moment >= moment_of(known.expires):
            raise ArgumentError(
                f"the run {ask.run}: this expired at {known.expires}, and silence was a no; "
                f"`ioc-removal resume {ask.run}` ends it, then run it anew"
            )
        values = (
            decision, json.dumps(decider._asdict()), moment_text(moment), json.dumps(response),
            ask.run, ask.ask,
        )  # fmt: skip
        connection.execute(
            "UPDATE approvals SET decision = ?, decider = ?, decided = ?, response = ?"
            " WHERE run = ? AND ask = ?",
            values,
        )
        facts = decision_facts(ask.ask, known.plan, decision, decider._asdict(), dict(response))
        add_event(connection, database.hashing, ask.run, APPROVAL, facts, values[2])
        return kept_ask(connection, ask.run, ask.ask)


def settled(database: Database, ask: Ask) -> Ask | None:
    """Return a question that the run may go on by, marked as used; None while it is open.

    Once used it stays as it was. Nobody in time is a no, and so is an approval that was not used
    as long again as the question was open. Raises RunError when the times cannot be true.
    """
    moment = now()
    with database.transaction() as connection:
        _check(connection, database, ask.run)
        known = kept_ask(connection, ask.run, ask.ask)
        if known.used:
            return known
        _check_clock(known, moment)
        late = moment >= (known.usable_until if known.decision else moment_of(known.expires))
        if known.decision is None and not late:
            return None
        decision = EXPIRED if late and known.decision != REJECTED else known.decision
        connection.execute(
            "UPDATE approvals SET decision = ?, decided = coalesce(decided, ?), used = ?"
            " WHERE run = ? AND ask = ?",
            (decision, moment_text(moment), moment_text(moment), ask.run, ask.ask),
        )
        facts = use_facts(ask.ask, known.plan, decision)
        add_event(connection, database.hashing, ask.run, APPROVAL, facts, moment_text(moment))
    [found] = [one for one in asks_of(database, ask.run) if one.ask == ask.ask]
    return found


def _check(connection: Transaction, database: Database, run: str) -> None:
    """Refuse questions and decisions that the journal does not have; raises RunError."""
    if what := tampered(connection, database.hashing, run):
        raise RunError(f"the run {run}: {what}")


def _check_clock(ask: Ask, moment: datetime) -> None:
    """Refuse times that cannot be true; raises RunError."""
    asked, decided = moment_of(ask.asked), ask.decided and moment_of(ask.decided)
    if moment < asked:
        raise RunError(
            f"the run {ask.run} asked at {ask.asked}, and the clock says {moment_text(moment)}, "
            "which is before: set the clock right"
        )
    if decided and not asked <= decided < moment_of(ask.expires):
        raise RunError(
            f"the run {ask.run}: the decision is dated {ask.decided}, which is not between its "
            f"question ({ask.asked}) and the end of it ({ask.expires}): it does not count; start "
            "the run anew"
        )
    if decided and moment < decided:
        raise RunError(
            f"the run {ask.run} was decided at {ask.decided}, and the clock says "
            f"{moment_text(moment)}, which is before: set the clock right"
        )
