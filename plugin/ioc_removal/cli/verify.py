"""`journal verify`: whether the journal is as it was written."""

import re
from dataclasses import asdict

from ..errors import ArgumentError
from ..store.verdict import Verdict
from ..store.verification import Verification
from .output import Output
from .progress import Watch
from .session import Session

SHOWN = 50  # problems


def verify_journal(session: Session, run: str | None, expect: str | None) -> int:
    """Verify the journal and tell its head; run: only this one; expect: a head that was kept."""
    output = session.output
    if expect is not None and not re.fullmatch("[0-9a-f]{64}", expect := expect.strip().lower()):
        raise ArgumentError("--expect: give the hash that `journal verify` told, 64 digits")
    with Watch(wanted=not output.quiet, color=output.color) as watch:
        verification = Verification(
            session.database,
            lambda done, total: watch.tell("verifying", done, total),
            session.settings.journal.get("former_keys", ()),
        )
        verdict = verification.verify(run, expect)
    if output.json:
        output.print_json(_record(verdict))
    else:
        _show(output, verdict)
    return 0 if verdict.intact else 1


def _show(output: Output, verdict: Verdict) -> None:
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
    many = f"{verdict.broken:,} problem{'s' if verdict.broken > 1 else ''}"
    output.facts(
        [
            ("journal", "intact" if verdict.intact else many),
            ("verified", f"{verdict.runs:,} runs, {verdict.links:,} links, {verdict.rows:,} rows"),
            ("pruned", f"{verdict.pruned:,} runs" if verdict.pruned else None),
            ("heads", verdict.heads),
            ("hash", verdict.head),
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
