"""`cancel`: end a run before its end."""

from ..operations.cancel import cancel_run
from ..outcome import ADDED, CHANGED, REMOVED
from .session import Session
from .sums import summary_line


def cancel(session: Session) -> int:
    """Cancel a run, and show what was done until then."""
    options, output = session.options, session.output
    noted: list[str] = []

    def note(text: str) -> None:
        noted.append(text)
        output.note(text)

    try:
        record, summary = cancel_run(
            session.database,
            session.integration,
            options.given("given_run"),
            session.requester,
            noted=note,
        )
    except KeyboardInterrupt:
        output.recorded = noted[-1] if noted else ""
        raise
    if output.json:
        output.print_json(record)
        return 0
    run = record["run"]
    output.say(summary_line(summary, run))
    if "undo" not in record and summary.counts.keys() & {REMOVED, ADDED, CHANGED}:
        output.say(f"`ioc-removal undo {run}` puts back what it did")
    return 0
