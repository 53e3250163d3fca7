"""`approvals`, `approve` and `reject`: what runs ask, and a person's decision."""

import json
from typing import Any

from ..errors import ArgumentError
from ..store.asks import Ask
from ..store.runs import Run, get_run
from .extras import needed_by
from .session import Session
from .waiting import asked_facts, show_waiting


def show_approvals(session: Session) -> int:
    """List what runs ask."""
    with needed_by("approvals"):
        from ..operations.approval import awaited
    output = session.output
    pairs = awaited(session.database)
    if output.json:
        output.print_json([_row(session, run, ask) for run, ask in pairs])
    elif pairs:
        for number, (run, ask) in enumerate(pairs):
            if number:
                output.say()
            show_waiting(output, run.run, _row(session, run, ask))
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
    output.say(ask.said)
    run = get_run(session.database, ask.run)
    goes_on = "its process goes on" if decided.alive else f"`{command}` goes on"
    answers = {name: value for name, value in ask.response.items() if name != "continue"}
    output.facts(
        [
            ("run", run.run),
            *(fact for fact in asked_facts(_row(session, run, ask)) if fact[0] != "answer"),
            *(("answer", f"{name}={json.dumps(value)}") for name, value in answers.items()),
            ("next", goes_on),
        ]
    )
    return 0


def _row(session: Session, run: Run, ask: Ask) -> dict[str, Any]:
    from ..operations.approval import may_decide
    from ..operations.history import asked_row

    requester = run.details.get("requester", {})
    row = {
        "run": run.run,
        "playbook": run.name,
        "requester": run.requester,
        "user": requester.get("user"),
        "ticket": requester.get("ticket"),
        "reason": requester.get("reason"),
        **asked_row(ask),
        "plan_id": run.details.get("plan"),
        "approvers": may_decide(session.settings, run, ask),
        "by": ask.decider["actor"] if ask.decider else None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _answers(texts: Any) -> dict[str, str]:
    answers: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name in answers:
            raise ArgumentError(f"--answer {text}: write NAME=VALUE, each name once")
        answers[name] = value
    return answers
