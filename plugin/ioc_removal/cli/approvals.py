"""`approvals`, `approve` and `reject`: what runs ask, and a person's decision."""

from typing import Any

from ..errors import ArgumentError
from ..store.approvals import Ask, is_late
from ..store.runs import Run
from .extras import needed_by
from .session import Session
from .waiting import SHOWN_HASH, asked_line


def show_approvals(session: Session) -> int:
    """List what runs ask."""
    with needed_by("approvals"):
        from ..operations.approval import awaited
    output = session.output
    pairs = awaited(session.database)
    if output.json:
        output.print_json([_row(session, run, ask) for run, ask in pairs])
    elif pairs:
        columns = ("run", "playbook", "by", "asks", "plan", "until", "who may decide", "")
        output.table(columns, [_cells(_row(session, run, ask)) for run, ask in pairs])
    else:
        output.say("nothing waits for approval")
    return 0


def approve(session: Session) -> int:
    """Say yes to what a run asks."""
    with needed_by("approve"):
        from ..operations.approval import approve
    decided = approve(
        session.database,
        session.settings,
        session.options.given("given_run"),
        session.requester,
        plan=session.options.given("plan"),
        answers=_answers(session.options.given("answer") or ()),
    )
    return _tell(session, decided)


def reject(session: Session) -> int:
    """Say no to what a run asks."""
    with needed_by("reject"):
        from ..operations.approval import reject
    run = session.options.given("given_run")
    return _tell(session, reject(session.database, session.settings, run, session.requester))


def _tell(session: Session, decided: Any) -> int:
    """Tell the decision, and who goes on."""
    output, ask = session.output, decided.ask
    command = f"ioc-removal resume {ask.run}"
    if output.json:
        row = {
            "run": ask.run, "ask": ask.ask, "plan": ask.plan, "decision": ask.decision,
            "decided": ask.decided, **ask.decider, "response": ask.response,
            "next": None if decided.alive else command,
        }  # fmt: skip
        output.print_json({name: value for name, value in row.items() if value is not None})
        return 0
    plan = f", plan {ask.plan[:SHOWN_HASH]}" if ask.plan else ""
    goes_on = "its process goes on" if decided.alive else f"it waits for resume: `{command}`"
    output.say(f"{ask.said} · run {ask.run}{plan}; {goes_on}")
    return 0


def _row(session: Session, run: Run, ask: Ask) -> dict[str, Any]:
    from ..operations.approval import may_decide

    requester = run.details.get("requester", {})
    row = {
        "run": run.run,
        "playbook": run.name,
        "requester": run.requester,
        "user": requester.get("user"),
        "ticket": requester.get("ticket"),
        "reason": requester.get("reason"),
        "ask": ask.ask,
        "question": ask.question["text"],
        "route": ask.question.get("route") or None,
        "effects": ask.question.get("effects"),
        "plan": ask.plan,
        "asked": ask.asked,
        "expires": ask.expires,
        "approvers": may_decide(session.settings, run, ask),
        "decision": ask.decision or ("expired" if is_late(ask) else None),
        "by": ask.decider["actor"] if ask.decider else None,
        "decided": ask.decided,
    }
    return {name: value for name, value in row.items() if value is not None}


def _cells(row: dict[str, Any]) -> tuple[str | None, ...]:
    who = " or ".join(row["approvers"]) or "nobody: set approval.approvers"
    state = row.get("decision")
    return (
        row["run"], row["playbook"], row["requester"], asked_line(row),
        row.get("plan", "")[:SHOWN_HASH], row["expires"], who,
        f"{state}, waits for resume" if state else None,
    )  # fmt: skip


def _answers(texts: Any) -> dict[str, str]:
    answers: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name in answers:
            raise ArgumentError(f"--answer {text}: write NAME=VALUE, each name once")
        answers[name] = value
    return answers
