"""A run that waits for a person: who is awaited until when, and staying until then."""

from collections.abc import Callable, Mapping
from time import sleep
from typing import Any

from ..outcome import Summary, exit_status
from ..store.approvals import Ask, is_late, open_ask
from ..store.runs import WAITING
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
        row = {"question": ask.question["text"], **ask.question, "expires": ask.expires}
        session.output.note(
            f"run {ask.run} waits until {ask.expires} for {_awaited(row)}: {asked_line(row)}; "
            f"`ioc-removal approve {ask.run}` or `reject`; Ctrl-C leaves it waiting"
        )
        while (known := open_ask(database, ask.run)) and not known.decision and not is_late(known):
            sleep(POLLING)
        return True

    return attend


def status_of(record: Mapping[str, Any], summary: Summary) -> int:
    """Return the exit status of a run that ended, or waits."""
    if record.get("status") == WAITING:
        return STATUS
    return exit_status(summary, [row["error"] for row in record["errors"]])


def show_waiting(output: Output, run: str, row: Mapping[str, Any]) -> None:
    """Print what a run waits for; row: `waiting` of its record."""
    if row.get("decision"):
        output.say(
            f"{row['decision']} by {row['by']} at {row['decided']}: `ioc-removal resume {run}`"
        )
        return
    output.say(f"It waits until {row['expires']} for {_awaited(row)}: {asked_line(row)}")
    approve = f"approve {run}"
    if plan := row.get("plan"):
        short = plan[:SHOWN_HASH]
        approve += f" --plan {short}"
        output.say(f"plan {plan}: `ioc-removal plan {short}` shows it")
    output.say(
        f"`ioc-removal {approve}`, or `reject {run} --reason TEXT`; then `ioc-removal resume {run}`"
    )


def asked_line(row: Mapping[str, Any]) -> str:
    """Return a question in a line: its text, what it would do, and where it is told."""
    effects = ", ".join(f"{effect} {count:,}" for effect, count in row.get("effects", {}).items())
    route = f"({row['route']})" if row.get("route") else ""
    return " ".join(filter(None, (row["question"], f"[{effects}]" if effects else "", route)))


def _awaited(row: Mapping[str, Any]) -> str:
    return " or ".join(row["approvers"]) or NOBODY
