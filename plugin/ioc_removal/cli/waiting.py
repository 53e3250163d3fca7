"""A run that waits for a person: who is awaited until when, and staying until then."""

from collections.abc import Callable, Iterator, Mapping
from time import sleep
from typing import Any

from ..operations.history import asked_row
from ..outcome import Summary, exit_status
from ..store.asks import EXPIRED, Ask, is_late, open_ask
from ..store.runs import WAITING
from ..trust.approval import counted
from .output import Output
from .session import Session

POLLING = 0.5  # seconds
SHOWN_HASH = 12  # digits
STATUS = 4  # of a command that leaves a run waiting
NOBODY = "nobody yet (approval.approvers of the settings names who may)"


def attending(session: Session, *, stay: bool) -> Callable[[Ask], bool]:
    """Return what to do while a run asks: stay until somebody decided or the time is over, or go.

    stay: --wait.
    """

    def attend(ask: Ask) -> bool:
        if not stay:
            return False
        database = session.database
        row = {**asked_row(ask), "approvers": ask.question["approvers"]}
        session.output.note(
            f"run {ask.run} waits until {ask.expires} for {_awaited(row)}: {row['question']}; "
            f"`{approve_command(ask.run, row)}` or `ioc-removal reject {ask.run} --reason TEXT`; "
            "Ctrl-C leaves it waiting"
        )
        while (known := open_ask(database, ask.run)) and not known.decision and not is_late(known):
            sleep(POLLING)
        said = known.said if known and known.decision else f"nobody decided until {ask.expires}"
        session.output.note(f"run {ask.run}: {said}")
        return True

    return attend


def status_of(record: Mapping[str, Any], summary: Summary) -> int:
    """Return the exit status of a run that ended, or waits."""
    if record.get("status") == WAITING:
        return STATUS
    return exit_status(summary, [row["error"] for row in record["errors"]])


def show_waiting(output: Output, run: str, row: Mapping[str, Any]) -> None:
    """Print what a run waits for, and what to do; row: `waiting` of its record, or a longer one."""
    resume = f"`ioc-removal resume {run}`"
    if decision := row.get("decision"):
        late = decision == EXPIRED
        decided = f"{decision} by {row.get('by')} at {row.get('decided')}"
        output.say(f"run {run}: " + (f"nobody decided until {row['expires']}" if late else decided))
    else:
        output.say(f"run {run} waits until {row['expires']} for {_awaited(row)}")
    facts = [(f"  {name}", value) for name, value in asked_facts(row)]
    if decision:
        facts.append(("  next", f"{resume} {'ends it' if late else 'goes on'}"))
    else:
        facts += [
            ("  yes", f"`{approve_command(run, row)}`"),
            ("  no", f"`ioc-removal reject {run} --reason TEXT`"),
            ("  then", resume),
        ]
    output.facts(facts)


def asked_facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield what is to be decided: who wants what, and what it would do."""
    yield "playbook", row.get("playbook")
    who, user = row.get("requester"), row.get("user")
    yield "wanted by", f"{who} (user {user})" if who and user not in (None, who) else who
    yield "ticket", row.get("ticket")
    yield "reason", row.get("reason")
    yield "question", row["question"]
    yield "route", row.get("route")
    effects = row.get("effects", {}).items()
    yield "would", ", ".join(counted(effect, size) for effect, size in effects if size)
    if plan := row.get("plan"):
        yield "plan", f"{plan}: `ioc-removal plan {row.get('plan_id', plan)}` shows it"
    for name, text in row.get("answers", {}).items():
        yield "answer", f"{name}: {text}" if text else name


def approve_command(run: str, row: Mapping[str, Any]) -> str:
    """Return the command that says yes."""
    plan = f" --plan {row['plan'][:SHOWN_HASH]}" if row.get("plan") else ""
    return f"ioc-removal approve {run}{plan}" + "".join(
        f" --answer {name}=…" for name in row.get("answers", {})
    )


def _awaited(row: Mapping[str, Any]) -> str:
    return " or ".join(row["approvers"]) or NOBODY
