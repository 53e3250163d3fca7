"""Whether a plan can be applied now: in time, and nothing that it was made of changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import ArgumentError, RunError
from ..integration import Integration
from ..outcome import PLANNED
from ..settings import Settings
from ..store.asks import PLAN, Ask
from ..store.database import Database
from ..store.journal import moment_text
from ..store.plans import StoredPlan, get_plan, planned_lines
from ..store.retries import RETRY_OF
from ..store.runs import Run, get_run
from ..store.sets import by_value
from ..trust.effects import effect_of
from ..trust.removal_key import canonical, digest
from .plan import lines_with_effects, longest_of, sums_of_plan
from .plan_parts import (
    changes,
    input_parts,
    open_connections,
    plan_hash,
    present_parts,
    removals_part,
    told_parts,
)
from .plan_sections import facts_of, key_of
from .playbooks import parse_all, present_texts


def check_plan(
    database: Database,
    integration: Integration,
    settings: Settings,
    plan: StoredPlan,
    choose: Mapping[str, str],
    now: datetime | None = None,
) -> None:
    """Refuse a plan that cannot be applied now; raises ArgumentError naming all that changed.

    choose: connections that are wanted in place of the plan's, by system.
    """
    if why := out_of_time(plan, now or datetime.now(timezone.utc), longest_of(settings)):
        raise ArgumentError(f"plan {plan.plan}: {why}")
    if changed := plan_changes(database, integration, settings, plan, choose):
        raise ArgumentError(*(f"plan {plan.plan}: {line}" for line in changed), MAKE_ANEW)


MAKE_ANEW = "nothing was sent; make a new plan: ioc-removal run PLAYBOOK --dry-run"


def out_of_time(plan: StoredPlan, now: datetime, longest: timedelta) -> str:
    """Say why a plan cannot be applied at a moment; empty when it can.

    longest: how long the settings let a plan live, whatever it says itself.
    """
    if now < _moment(plan.created):
        return (
            f"it was made at {plan.created}, and this machine's clock says {moment_text(now)}: "
            "set the clock, or make a new plan"
        )
    if now >= _moment(plan.expires):
        return f"it expired at {plan.expires}; make a new plan with --dry-run"
    if now >= _moment(plan.created) + longest:
        expired = moment_text(_moment(plan.created) + longest)
        return f"by the settings it expired at {expired}; make a new plan with --dry-run"
    return ""


def plan_changes(
    database: Database,
    integration: Integration,
    settings: Settings,
    plan: StoredPlan,
    choose: Mapping[str, str],
) -> list[str]:
    """Say what changed since a plan was made, in it or around it, a line each."""
    header = plan.header
    if plan_hash(header["parts"]) != plan.hash:
        return ["what its hash covers was changed"]
    texts = header["texts"]
    if RETRY_OF not in header:  # else they are those of the run that is tried again
        texts = present_texts(header["source"], header["playbook"], texts)
    playbooks = parse_all(header["texts"], integration)
    connections = open_connections(
        playbooks.values(), integration, settings, {**header["choose"], **choose}
    )
    parts = present_parts(playbooks, texts, integration, settings, connections)
    names = {system: one.name for system, one in connections.items()}
    found = [*changes(header["parts"], parts, names), *changed_within(database, plan)]
    return list(dict.fromkeys(found)) or list(_forged(database, integration, plan))


def changed_within(
    database: Database,
    plan: StoredPlan,
    lines: str | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Say what of a plan is not as its parts and its lines say, a line each.

    lines: the name under which its lines are, if not its own; inputs: where they are now.
    """
    header, lines = plan.header, lines or plan.plan
    told = lines_with_effects(database, lines, header["sections"])
    own = {
        "playbooks": {name: digest(text) for name, text in header["texts"].items()},
        "inputs": input_parts(by_value(database, inputs or header["inputs"])),
        "removals": removals_part(told),
        **told_parts(plan),
    }
    yield from changes(header["parts"], own, {})
    sums, counts = sums_of_plan(database, lines, header["sections"])
    for name, value in sums.items():
        if header[name] != value:
            yield f"the header says {name} {header[name]}, the lines say {value}"
    for section, counted in zip(header["sections"], counts, strict=True):
        said = {"counts": section["counts"], "assumed": section["assumed"]}
        if said != counted:
            yield f"the section {section['action']} says {said}, its lines say {counted}"


def check_kept(database: Database, integration: Integration, run: Run) -> None:
    """Refuse to go on with a run whose plan the tables tell otherwise; raises RunError."""
    if "plan" not in run.details:
        return
    plan = get_plan(database, run.details["plan"])
    found = ["it has another hash"] if plan.hash != run.details["sha256"] else []
    if plan_hash(plan.header["parts"]) != plan.hash:
        found.append("what its hash covers was changed")
    found += [*changed_within(database, plan)] or [*_forged(database, integration, plan)]
    if found:
        raise RunError(
            f"the store was changed by hand: plan {plan.plan}, which the run {run.run} applies: "
            f"{found[0]}; nothing was sent now; make a new plan"
        )


def check_approved(
    database: Database, integration: Integration, settings: Settings, ask: Ask
) -> None:
    """Refuse the approval of a plan that is not what it was; raises ArgumentError."""
    if ask.ask != PLAN:
        return
    details = get_run(database, ask.run).details
    plan = get_plan(database, details["plan"])
    changed = plan_changes(database, integration, settings, plan, details["choose"])
    if ask.plan != plan.hash:
        changed = [f"it has the hash {plan.hash}, and {ask.plan} was approved", *changed]
    if changed:
        raise ArgumentError(
            *(f"plan {plan.plan}: {line}" for line in changed),
            f"the approval of the run {ask.run} does not count for that: put it back, or run anew",
        )


def _forged(database: Database, integration: Integration, plan: StoredPlan) -> Iterator[str]:
    """Name where a section says of its action what is not so; else the first line that is wrong."""
    connections = plan.header["parts"]["connections"]
    prints = {system: digest(facts) for system, facts in connections.items()}
    for number, section in enumerate(plan.header["sections"]):
        definition = integration.definitions.get(section["action"])
        if definition is None:
            yield f"there is no action {section['action']}"
            return
        for name, fact in facts_of(definition, prints).items():
            if section[name] != fact:
                yield f"{section['action']}: {name} says {section[name]}, and is {fact}"
        for line in planned_lines(database, plan.plan, number):
            planned = line.outcome == PLANNED
            told = line.line.get("told")
            effect = effect_of(definition, section["arguments"], told) if definition.acts else None
            if effect != section["effect"]:
                what = f"the effect is {effect}, and not {section['effect']}"
            elif planned and key_of(section, line.line) != line.key:
                what = "it was changed"
            else:
                continue
            yield f"{section['action']}: the line {canonical(line.line)}: {what}"
            return


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ArgumentError(f"{text!r} is no moment of time; make a new plan") from None
