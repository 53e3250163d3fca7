"""Plans: made of a dry run, and checked before they are applied."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ..definition import Definition
from ..duration import duration_of
from ..errors import ArgumentError
from ..integration import Integration
from ..outcome import PLANNED, Outcome, ordered
from ..settings import Settings
from ..store.collisions import collisions
from ..store.database import Database
from ..store.planning import (
    DryOutcome,
    dry_outcomes,
    forget_plan,
    keep_lines,
    planned_keys,
    sums_of_lines,
)
from ..store.plans import PlannedLine, StoredPlan, keep_plan, planned_lines
from ..store.runs import OVERRIDES, get_run
from ..store.sets import StoredSet, by_value
from ..trust.effects import effect_of
from ..trust.removal_key import canonical, digest, removal_key
from ..trust.restoring import undoing_of
from .plan_parts import changes, input_parts, open_connections, present_parts, removals_part
from .playbooks import parse_all, present_texts

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
    made = _Sections(integration, prints)
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
    parts["removals"] = removals_part(effects_of_keys(database, run, sections))
    now = datetime.now(timezone.utc)
    plan = StoredPlan(
        run,
        digest(parts),
        _text(now),
        _text(now + duration_of(settings.plan.get("expires", EXPIRES))),
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
            **sums,
            **({"input": details["input"]} if "input" in details else {}),
        },
    )
    keep_plan(database, plan)
    return plan


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
    if why := out_of_time(plan, now or datetime.now(timezone.utc)):
        raise ArgumentError(f"plan {plan.plan}: {why}")
    if changed := plan_changes(database, integration, settings, plan, choose):
        raise ArgumentError(*(f"plan {plan.plan}: {line}" for line in changed), MAKE_ANEW)


MAKE_ANEW = "nothing was sent; make a new plan: ioc-removal run PLAYBOOK --dry-run"


def out_of_time(plan: StoredPlan, now: datetime) -> str:
    """Say why a plan cannot be applied at a moment; empty when it can."""
    if now < _moment(plan.created):
        return (
            f"it was made at {plan.created}, and this machine's clock says {_text(now)}: "
            "set the clock, or make a new plan"
        )
    if now >= _moment(plan.expires):
        return f"it expired at {plan.expires}; make a new plan with --dry-run"
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
    if digest(header["parts"]) != plan.hash:
        return ["what its hash covers was changed"]
    texts = present_texts(header["source"], header["playbook"], header["texts"])
    playbooks = parse_all(header["texts"], integration)
    connections = open_connections(
        playbooks.values(), integration, settings, {**header["choose"], **choose}
    )
    parts = present_parts(playbooks, texts, integration, settings, connections)
    parts["inputs"] = input_parts(by_value(database, header["inputs"]))
    parts["removals"] = removals_part(effects_of_keys(database, plan.plan, header["sections"]))
    names = {system: one.name for system, one in connections.items()}
    found = list(changes(header["parts"], parts, names))
    own = {name: digest(text) for name, text in header["texts"].items()}
    found += changes({"playbooks": header["parts"]["playbooks"]}, {"playbooks": own}, {})
    return list(dict.fromkeys(found)) or list(_forged(database, plan))


class _Sections:
    """The sections of a plan, in the order in which they are met.

    prints: fingerprints of the connections, by system; lost: for each section what undo could not
    put back, with how many lines it is about.
    """

    def __init__(self, integration: Integration, prints: Mapping[str, str]) -> None:
        self.sections: list[dict[str, Any]] = []
        self.lost: list[Counter[str]] = []
        self._integration, self._prints = integration, prints
        self._numbers: dict[str, int] = {}

    def line(self, met: DryOutcome) -> PlannedLine:
        """Return the line of an outcome."""
        definition = self._integration.definitions[met.action]
        outcome, acts = met.outcome, definition.acts
        arguments = met.arguments if acts else {}
        section = {
            "system": definition.system,
            "action": met.action,
            "connection": met.connection,
            "fingerprint": self._prints.get(definition.system, ""),
            "arguments": arguments,
            "target": dict(outcome.target),
            "effect": effect_of(definition, arguments, outcome.snapshot) if acts else None,
            "done": definition.done if acts else None,
            "named": definition.named_by,
            "filled": met.filled if acts else [],
            "undo": definition.undo,
            "instead": definition.instead,
        }
        number = self._numbers.setdefault(canonical(section), len(self.sections))
        if number == len(self.sections):
            self.sections.append(section)
            self.lost.append(Counter())
        if outcome.outcome == PLANNED:
            self.lost[number].update(self._not_restored(definition, outcome, arguments))
        line: dict[str, Any] = {"value": outcome.value, "id": outcome.id}
        if met.values:
            line["value"] = met.values[0] if len(met.values) == 1 else met.values
        if outcome.outcome != PLANNED:
            line["reason"] = outcome.reason
        line["advice"] = outcome.advice
        line = {name: value for name, value in line.items() if value is not None}
        key = key_of(section, line)
        if outcome.outcome != PLANNED:
            key = f"{outcome.outcome} {digest([number, line])}"
        return PlannedLine(key, number, outcome.outcome, met.assumed, 1, line)

    def _not_restored(
        self, definition: Definition, outcome: Outcome, arguments: Mapping[str, Any]
    ) -> tuple[str, ...]:
        """Return what undo could not put back, a text each."""
        row = replace(outcome, outcome=definition.done).row()
        try:
            how = undoing_of(self._integration, definition.name, row, arguments)
        except ArgumentError as error:
            return (f"all of it: {error}",)
        return how.restoring.not_restored


def key_of(section: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    """Return the key of what a line of a section would do."""
    return removal_key(
        section["action"],
        section["fingerprint"],
        section["arguments"],
        section["target"],
        line.get("id" if section["named"] == "id" else "value", ""),
    )


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


def effects_of_keys(
    database: Database, plan: str, sections: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield the key and the effect of all that would be done, in the order of keys."""
    for key, section in planned_keys(database, plan):
        yield key, str(sections[section]["effect"])


def _forged(database: Database, plan: StoredPlan) -> Iterator[str]:
    """Name the first line that does not say what its key stands for."""
    for number, section in enumerate(plan.header["sections"]):
        for line in planned_lines(database, plan.plan, number):
            if line.outcome == PLANNED and key_of(section, line.line) != line.key:
                yield f"{section['action']}: the line {canonical(line.line)} was changed"
                return


def _collisions(database: Database, inputs: Mapping[str, Any]) -> dict[str, Any]:
    lists = [value for value in inputs.values() if isinstance(value, StoredSet | list)]
    texts = (item for values in lists for item in values if isinstance(item, str))
    count, first = collisions(database, texts, FIRST_COLLISIONS)
    return {"count": count, "first": first}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ArgumentError(f"{text!r} is no moment of time; make a new plan") from None
