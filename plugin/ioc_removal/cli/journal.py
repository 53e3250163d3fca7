"""`journal`: what was done, found by indicator, run or time; exported; verified."""

import re
from dataclasses import asdict

from ..errors import ArgumentError
from ..store.runs import get_run
from ..store.verdict import Verdict
from ..store.verification import Verification
from .progress import Watch
from .session import Session

VERIFY = "verify"
SHOWN = 50  # problems


def journal(session: Session) -> int:
    """Show, export or verify the journal."""
    given = session.options.given
    what = given("what")
    if what not in (None, VERIFY):
        raise ArgumentError(f"there is no journal {what!r}; `journal verify` verifies it")
    return _verify(session)


def _verify(session: Session) -> int:
    options, output = session.options, session.output
    expect = options.given("expect")
    if expect is not None and not re.fullmatch("[0-9a-f]{64}", expect := expect.strip().lower()):
        raise ArgumentError("--expect: give the hash that `journal verify` told, 64 digits")
    run = options.given("only_run")
    run = get_run(session.database, run).run if run else None
    with Watch(wanted=not output.quiet, color=output.color) as watch:
        verification = Verification(
            session.database, lambda done, total: watch.tell("verifying", done, total)
        )
        verdict = verification.verify(run, expect)
    if output.json:
        output.print_json(_record(verdict))
    else:
        _show(session, verdict)
    return 0 if verdict.intact else 1


def _show(session: Session, verdict: Verdict) -> None:
    output = session.output
    for problem in verdict.problems[:SHOWN]:
        output.error(str(problem))
    if verdict.broken > SHOWN:
        output.error(f"and {verdict.broken - SHOWN:,} more problems")
    for note in verdict.notes:
        output.note(f"note: {note}")
    if verdict.uncovered_runs or verdict.uncovered_rows:
        output.say(
            f"not covered: {verdict.uncovered_runs:,} runs with {verdict.uncovered_rows:,} rows, "
            "which an earlier version recorded without hashes"
        )
    output.facts(
        [
            ("journal", "intact" if verdict.intact else f"{verdict.broken:,} problems"),
            ("verified", f"{verdict.runs:,} runs, {verdict.links:,} links, {verdict.rows:,} rows"),
            ("head", f"{verdict.heads:,} {verdict.head}"),
        ]
    )
    if verdict.intact and verdict.heads:
        output.say(f"Keep the hash elsewhere: `journal verify --expect {verdict.head}`")


def _record(verdict: Verdict) -> dict[str, object]:
    problems = [
        {
            name: value if isinstance(value, int) else str(value)
            for name, value in asdict(problem).items()
            if value is not None
        }
        for problem in verdict.problems
    ]
    return {"intact": verdict.intact, **asdict(verdict), "problems": problems}
