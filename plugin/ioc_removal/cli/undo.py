"""`undo`: put back what a run removed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..operations.undo import undo_run
from ..outcome import exit_status
from .ended import show_record
from .interruption import interruption
from .output import Output
from .progress import Watch
from .session import Session

MOST_LINES = 12


def undo(session: Session) -> int:
    """Undo a run and show what came of it."""
    options, output = session.options, session.output
    terms = session.terms
    if terms.guards:
        terms.guards.load()  # its mistakes, before anything is recorded
    watch = Watch(wanted=not output.quiet, color=output.color)
    with interruption(session.database, output) as began:
        with watch:
            record, summary = undo_run(
                session.database,
                session.integration,
                session.settings,
                options.given_run,
                indicators=options.given("indicator") or (),
                choose=session.chosen,
                send_again=bool(options.given("send_again")),
                terms=terms,
                requester=session.requester,
                progress=watch.tell,
                noted=output.note,
                warned=output.warn,
                began=began,
            )
        session.warn_of(terms.guards)
        show_record(output, session.database, record, summary)
        show_not_restored(output, record["outcomes"])
    return exit_status(summary, [row["error"] for row in record["errors"]])


def show_not_restored(output: Output, rows: Iterable[Mapping[str, Any]]) -> None:
    """Print what cannot be put back, each with how many indicators it is of."""
    texts = Counter(text for row in rows for text in row.get("not_restored", ()))
    if not texts or output.json:
        return
    output.say("not restored:")
    for text, count in texts.most_common(MOST_LINES):
        output.say(f"  {text} ({count:,} indicator{'' if count == 1 else 's'})")
    if len(texts) > MOST_LINES:
        output.say(f"  … and {len(texts) - MOST_LINES:,} more; --json has all")
