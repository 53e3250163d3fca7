"""Questions to a person, and their decisions: asked once, decided once, used once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import ArgumentError, RunError
from .columns import parsed, unreadable
from .database import Database
from .decisions import (
    APPROVAL,
    COLUMNS,
    decision_facts,
    question_facts,
    tampered,
    use_facts,
)
from .journal import add_event
from .runs import Requester
from .statements import Transaction

APPROVED, REJECTED, EXPIRED, CANCELLED = "approved", "rejected", "expired", "cancelled"
NO = frozenset({REJECTED, EXPIRED, CANCELLED})
QUESTION = frozenset({"text", "users", "schema", "approvers"})  # what any question has
PLAN = "plan"  # the ask of a run that waits for its plan, not for a task


@dataclass(frozen=True)
class Ask:
    """A question of a run, and what became of it.

    ask: "plan", or the path of the task that asks; plan: SHA-256 of what is approved, if there is a
    plan; question: text, route, users, schema, counts; decision: approved, rejected, expired,
    cancelled, None while it is open; decider: actor, user, ticket, reason; asked, expires, decided,
    used: ISO 8601 in UTC; response: the answer.
    """

    run: str
    ask: str
    plan: str | None
    question: Mapping[str, Any]
    asked: str
    expires: str
    decision: str | None = None
    decider: Mapping[str, Any] | None = None
    decided: str | None = None
    response: Mapping[str, Any] | None = None
    used: str | None = None

    @property
    def said(self) -> str:
        """What became of it, in words; empty while it is open."""
        if self.decision == EXPIRED:
            return (
                f"nobody approved it until {self.expires}"
                if not self.decider
                else (
                    f"{self.decider['actor']} approved it, but the run did not go on until "
                    f"{_text(_usable(self))}"
                )
            )
        if self.decision is None or self.decider is None:
            return ""
        reason = f": {self.decider['reason']}" if self.decider.get("reason") else ""
        actor, user = self.decider["actor"], self.decider.get("user")
        who = actor if user in (None, actor) else f"{actor} (user {user})"
        return f"{self.decision} by {who} at {self.decided}{reason}"


def now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(timezone.utc)


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
    values = (run, ask, plan, json.dumps(question), _text(asked), _text(asked + wait))
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


def asks_of(database: Database, run: str | None = None) -> list[Ask]:
    """Return the questions of a run, or of all, as they were asked."""
    where, values = ("WHERE run = ?", (run,)) if run else ("", ())
    query = f"SELECT {COLUMNS} FROM approvals {where} ORDER BY asked, run, ask"  # noqa: S608
    return [_ask(row) for row in database.rows(query, values)]


def open_ask(database: Database, run: str) -> Ask | None:
    """Return the question that a run waits for, decided or not; None when it waits for none."""
    return next((one for one in asks_of(database, run) if one.used is None), None)


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
        row = connection.execute(
            f"SELECT {COLUMNS} FROM approvals WHERE run = ? AND ask = ?",  # noqa: S608
            (ask.run, ask.ask),
        ).fetchone()
        known = _ask(row)
        if known.decision:
            raise ArgumentError(f"the run {ask.run}: this was decided already: {known.said}")
        _check_clock(known, moment)
        if moment >= _moment(known.expires):
            raise ArgumentError(
                f"the run {ask.run}: this expired at {known.expires}, and silence was a no; "
                f"`ioc-removal resume {ask.run}` ends it, then run it anew"
            )
        values = (
            decision, json.dumps(decider._asdict()), _text(moment), json.dumps(response),
            ask.run, ask.ask,
        )  # fmt: skip
        connection.execute(
            "UPDATE approvals SET decision = ?, decider = ?, decided = ?, response = ?"
            " WHERE run = ? AND ask = ?",
            values,
        )
        facts = decision_facts(ask.ask, known.plan, decision, decider._asdict(), dict(response))
        add_event(connection, database.hashing, ask.run, APPROVAL, facts, values[2])
        again = connection.execute(
            f"SELECT {COLUMNS} FROM approvals WHERE run = ? AND ask = ?",  # noqa: S608
            (ask.run, ask.ask),
        ).fetchone()
    return _ask(again)


def settled(database: Database, ask: Ask) -> Ask | None:
    """Return a question that the run may go on by, marked as used; None while it is open.

    Once used it stays as it was. Nobody in time is a no, and so is an approval that was not used
    as long again as the question was open. Raises RunError when the times cannot be true.
    """
    moment = now()
    with database.transaction() as connection:
        _check(connection, database, ask.run)
        row = connection.execute(
            f"SELECT {COLUMNS} FROM approvals WHERE run = ? AND ask = ?",  # noqa: S608
            (ask.run, ask.ask),
        ).fetchone()
        known = _ask(row)
        if known.used:
            return known
        _check_clock(known, moment)
        late = moment >= (_usable(known) if known.decision else _moment(known.expires))
        if known.decision is None and not late:
            return None
        decision = EXPIRED if late and known.decision != REJECTED else known.decision
        connection.execute(
            "UPDATE approvals SET decision = ?, decided = coalesce(decided, ?), used = ?"
            " WHERE run = ? AND ask = ?",
            (decision, _text(moment), _text(moment), ask.run, ask.ask),
        )
        facts = use_facts(ask.ask, known.plan, decision)
        add_event(connection, database.hashing, ask.run, APPROVAL, facts, _text(moment))
    [found] = [one for one in asks_of(database, ask.run) if one.ask == ask.ask]
    return found


def is_late(ask: Ask) -> bool:
    """Tell whether nobody decided in time."""
    return ask.decision is None and now() >= _moment(ask.expires)


def is_approved(database: Database, run: str, plan: str) -> bool:
    """Tell whether a run went on by the approval of a plan; plan: its hash."""
    asks = [ask for ask in asks_of(database, run) if ask.ask == PLAN and ask.plan == plan]
    used = any(ask.decision == APPROVED and ask.used for ask in asks)
    return used and not _tampered(database, run)


def denial(database: Database, run: str) -> str | None:
    """Say why a run may remove nothing more: somebody said no, or nobody said anything."""
    if not _asks(database, run):
        return None  # as most runs
    if what := _tampered(database, run):
        return f"not approved: {what}"
    for ask in asks_of(database, run):
        if ask.decision in NO:
            return f"not approved: {ask.said}"
    return None


def denial_of_plan(database: Database, run: str) -> str | None:
    """Say why nothing of a run's plan may be done: who said no to it, or that nobody did anything.

    None for a run that did not ask for its plan, too.
    """
    denied = (one for one in asks_of(database, run) if one.decision in NO)
    return denial(database, run) if any(one.ask == PLAN for one in denied) else None


def _asks(database: Database, run: str) -> bool:
    """Tell whether a run asked anything, as far as a table or its chain tells."""
    query = (  # a range, as in cancelling.py
        "SELECT 1 FROM approvals WHERE run = :run UNION ALL"
        " SELECT 1 FROM links WHERE run BETWEEN :run AND :run AND kind = 'approval' LIMIT 1"
    )
    return bool(database.rows(query, {"run": run}))


def _tampered(database: Database, run: str) -> str | None:
    with database.transaction() as connection:
        return tampered(connection, database.hashing, run)


def _check(connection: Transaction, database: Database, run: str) -> None:
    """Refuse questions and decisions that the journal does not have; raises RunError."""
    if what := tampered(connection, database.hashing, run):
        raise RunError(f"the run {run}: {what}")


def _check_clock(ask: Ask, moment: datetime) -> None:
    """Refuse times that cannot be true; raises RunError."""
    asked, decided = _moment(ask.asked), ask.decided and _moment(ask.decided)
    if moment < asked:
        raise RunError(
            f"the run {ask.run} asked at {ask.asked}, and the clock says {_text(moment)}, which is "
            "before: set the clock right"
        )
    if decided and not asked <= decided < _moment(ask.expires):
        raise RunError(
            f"the run {ask.run}: the decision is dated {ask.decided}, which is not between its "
            f"question ({ask.asked}) and the end of it ({ask.expires}): it does not count; start "
            "the run anew"
        )
    if decided and moment < decided:
        raise RunError(
            f"the run {ask.run} was decided at {ask.decided}, and the clock says {_text(moment)}, "
            "which is before: set the clock right"
        )


def _usable(ask: Ask) -> datetime:
    """Return until when a run may go on by a decision: as long again as it was waited for."""
    asked, expires = _moment(ask.asked), _moment(ask.expires)
    return _moment(ask.decided or ask.expires) + (expires - asked)


def _ask(row: tuple[Any, ...]) -> Ask:
    run, ask, plan, question, asked, expires, decision, decider, decided, response, used = row
    said = parsed(question, "approvals.question", run, dict)
    if not said.keys() >= QUESTION:
        raise unreadable("approvals.question", run)
    return Ask(
        run, ask, plan, said, asked, expires, decision,
        decider and parsed(decider, "approvals.decider", run, dict), decided,
        response and parsed(response, "approvals.response", run, dict), used,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise RunError(f"the store has {text!r} where a time should be: it was changed") from error


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
