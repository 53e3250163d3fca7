"""`retry`: try again what a run did not do."""

from ..errors import ArgumentError
from ..operations.retry import left_in, retry_run
from ..store.runs import CALL
from .ended import show_record
from .extras import needed_by
from .interruption import interruption
from .plan import show_made, tell_where
from .progress import Watch
from .run import teller
from .session import Session
from .waiting import attending, status_of


def retry(session: Session) -> int:
    """Do what a run did not do, and show what came of it."""
    options, output, database = session.options, session.output, session.database
    if not options.given("not_done"):
        raise ArgumentError(
            "--not-done is missing: it says that only what the run did not do is tried again "
            "(failed, unknown, refused); to do all of it anew, run its playbook"
        )
    integration = session.integration
    left = left_in(database, integration, options.given_run)
    run = left.run
    if left.nothing:
        output.note(f"nothing of run {run.run} is left to do; nothing was sent")
        if output.json:
            output.print_json({"retry_of": run.run, "left": 0})
        return 0
    if run.kind != CALL:
        with needed_by("retry"):
            from ..operations import run as _  # noqa: F401  # its extra is told before anything
    terms = session.terms
    if terms.guards:
        terms.guards.load()  # its mistakes, before anything is recorded
    output.note(
        f"{left.lines:,} not done by run {run.run} ({run.name}): tried again, and nothing else"
    )
    watch = Watch(wanted=not output.quiet, color=output.color)
    with interruption(database, output) as began:
        with watch:
            watch.tell(run.name, 0)
            record, summary = retry_run(
                database,
                integration,
                session.settings,
                run,
                connect=session.open,
                choose=session.chosen,
                terms=terms,
                requester=session.requester,
                progress=teller(watch),
                began=began,
                attend=attending(session, stay=bool(options.given("wait"))),
            )
        session.warn_of(terms.guards)
        planned = record.get("plan", {})
        made = planned.get("plan") if planned and "applied" not in planned else None
        if made:
            show_made(session, made, None)
        show_record(output, database, record, summary, listed=not made)
        if made:
            tell_where(session, made, None)
    return status_of(record, summary)
