"""Plans: made of a dry run, and checked before they are applied."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ..duration import duration_of
from ..integration import Integration
from ..outcome import PLANNED, ordered
from ..settings import Settings
from ..store.collisions import collisions
from ..store.database import Database
from ..store.journal import moment_text
from ..store.planning import (
    dry_outcomes,
    forget_plan,
    keep_lines,
    sums_of_lines,
    told_lines,
)
from ..store.plans import StoredPlan, keep_plan
from ..store.results import run_summary
from ..store.retries import RETRY_OF
from ..store.runs import OVERRIDES, get_run
from ..store.sets import StoredSet, by_value
from ..trust.removal_key import digest
from .plan_parts import (
    input_parts,
    open_connections,
    plan_hash,
    present_parts,
    removals_part,
    told_parts,
)
from .plan_sections import Sections
from .playbooks import parse_all

FORMAT = 1
EXPIRES = "24h"
FIRST_COLLISIONS = 10


def make_plan(
    database: Database,
    integration: Integration,
    settings: Settings,
    run: str,
    errors: Iterable[str] = (),
    warnings: Iterable[str] = (),
) -> StoredPlan | None:
    """Make the plan of a dry run that is about to end, and keep it under the run's id.

    errors: what went wrong in it, a line each; with them, None when nothing would be done;
    warnings: of the guards.
    """
    known = get_run(database, run)
    details, problems = known.details, list(errors)
    inputs = by_value(database, details["inputs"])
    playbooks = parse_all(details["texts"], integration)
    choose = details["choose"]
    connections = open_connections(playbooks.values(), integration, settings, choose)
    parts = present_parts(playbooks, details["texts"], integration, settings, connections)
    prints = {system: digest(facts) for system, facts in parts["connections"].items()}
    forget_plan(database, run)
    made = Sections(integration, prints)
    for portion in dry_outcomes(database, run):
        keep_lines(database, run, [made.line(outcome) for outcome in portion])
    sums, tallies = sums_of_plan(database, run, made.sections)
    sections = [
        {**one, **own, "lost": dict(sorted(lost.items()))}
        for one, own, lost in zip(made.sections, tallies, made.lost, strict=True)
    ]
    if problems and not sums["counts"].get(PLANNED):
        forget_plan(database, run)
        return None
    parts["playbook"] = known.name
    parts["inputs"] = input_parts(inputs)
    parts["removals"] = removals_part(lines_with_effects(database, run, sections))
    now = datetime.now(timezone.utc)
    plan = StoredPlan(
        run,
        "",
        moment_text(now),
        moment_text(now + longest_of(settings)),
        {
            "format": FORMAT,
            "playbook": known.name,
            "source": details.get("source", known.name),
            "requester": details["requester"],
            "choose": {system: one.name for system, one in connections.items()},
            "inputs": details["inputs"],
            "texts": details["texts"],
            "parts": parts,
            "sections": sections,
            "collisions": _collisions(database, inputs),
            "errors": problems,
            "warnings": list(warnings),
            "overrides": details.get(OVERRIDES, {}),
            "values": run_summary(database, run).counts.get(PLANNED, 0),
            **sums,
            **{name: details[name] for name in ("input", RETRY_OF) if name in details},
        },
    )
    parts |= told_parts(plan)
    plan = replace(plan, hash=plan_hash(parts))
    keep_plan(database, plan)
    return plan


def longest_of(settings: Settings) -> timedelta:
    """Return how long a plan may be applied after it was made."""
    return duration_of(settings.plan.get("expires", EXPIRES))


def plan_row(plan: StoredPlan) -> dict[str, Any]:
    """Return a plan as the record of its dry run tells it."""
    told = ("counts", "effects", "assumed", "repeated", "collisions")
    return {
        "plan": plan.plan,
        "sha256": plan.hash,
        "created": plan.created,
        "expires": plan.expires,
        **{name: plan.header[name] for name in told},
    }


def sums_of_plan(
    database: Database, plan: str, sections: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Count the lines: of the whole plan, and of each section."""
    counts, effects, assumed, repeated = Counter[str](), Counter[str](), 0, 0
    tallies: list[dict[str, Any]] = [{"counts": {}, "assumed": 0} for _ in sections]
    for number, outcome, lines, unsure, again in sums_of_lines(database, plan):
        tallies[number]["counts"][outcome] = lines
        counts[outcome] += lines
        if outcome == PLANNED:
            tallies[number]["assumed"] = unsure
            effects[str(sections[number]["effect"])] += lines
            assumed += unsure
            repeated += again
    sums = {
        "counts": ordered(counts),
        "effects": dict(sorted(effects.items())),
        "assumed": assumed,
        "repeated": repeated,
    }
    return sums, tallies


def lines_with_effects(
    database: Database, plan: str, sections: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[bool, str]]:
    """Yield each line, in the order of keys: whether it would be done, and what it says."""
    for section, done, text in told_lines(database, plan):
        yield done, f"{sections[section]['effect']} {text}"


def _collisions(database: Database, inputs: Mapping[str, Any]) -> dict[str, Any]:
    lists = [value for value in inputs.values() if isinstance(value, StoredSet | list)]
    texts = (item for values in lists for item in values if isinstance(item, str))
    count, first = collisions(database, texts, FIRST_COLLISIONS)
    return {"count": count, "first": first}
