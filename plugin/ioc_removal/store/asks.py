"""Questions of runs to a person, as the store has them: each with what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..errors import RunError
from .columns import parsed, unreadable
from .database import Database
from .decisions import COLUMNS
from .journal import moment_text
from .statements import Transaction

APPROVED, REJECTED, EXPIRED, CANCELLED = "approved", "rejected", "expired", "cancelled"
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
                    f"{moment_text(self.usable_until)}"
                )
            )
        if self.decision is None or self.decider is None:
            return ""
        reason = f": {self.decider['reason']}" if self.decider.get("reason") else ""
        actor, user = self.decider["actor"], self.decider.get("user")
        who = actor if user in (None, actor) else f"{actor} (user {user})"
        return f"{self.decision} by {who} at {self.decided}{reason}"

    @property
    def usable_until(self) -> datetime:
        """Until when a run may go on by a decision: as long again as it was waited for."""
        asked, expires = moment_of(self.asked), moment_of(self.expires)
        return moment_of(self.decided or self.expires) + (expires - asked)


def asks_of(database: Database, run: str | None = None) -> list[Ask]:
    """Return the questions of a run, or of all, as they were asked."""
    where, values = ("WHERE run = ?", (run,)) if run else ("", ())
    query = f"SELECT {COLUMNS} FROM approvals {where} ORDER BY asked, run, ask"  # noqa: S608
    return [_ask(row) for row in database.rows(query, values)]


def open_ask(database: Database, run: str) -> Ask | None:
    """Return the question that a run waits for, decided or not; None when it waits for none."""
    return next((one for one in asks_of(database, run) if one.used is None), None)


def kept_ask(connection: Transaction, run: str, ask: str) -> Ask:
    """Return a question of a run, as a transaction sees it."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM approvals WHERE run = ? AND ask = ?",  # noqa: S608
        (run, ask),
    ).fetchone()
    return _ask(row)


def is_late(ask: Ask) -> bool:
    """Tell whether nobody decided in time."""
    return ask.decision is None and now() >= moment_of(ask.expires)


def now() -> datetime:
    """Return the moment, in UTC."""
    return datetime.now(timezone.utc)


def moment_of(text: str) -> datetime:
    """Return a moment that the store keeps; raises RunError when it is none."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise RunError(f"the store has {text!r} where a time should be: it was changed") from error


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
