"""Runs that are in the store: their records, and which of them stopped without ending."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..definition import Definition
from ..outcome import ADDED, CHANGED, FAILED, PARTIAL, PLANNED, REMOVED, Summary
from ..store.call_rows import call_rows
from ..store.database import EVERY, Database
from ..store.lease import is_held
from ..store.output_rows import output_rows
from ..store.results import run_summary
from ..store.retries import RETRY_OF, retries_of
from ..store.run_outcomes import OutcomeRows, outcome_rows
from ..store.runs import CALL, CANCELLED, ENDED, OVERRIDES, PLAYBOOK, PRUNE, WAITING, Run, known_run
from ..store.sets import StoredSet, by_value
from ..store.tallies import Tallies, tallies_of
from ..trust.record import nested, record
from .how_far import resumed_rows, task_rows

if TYPE_CHECKING:
    from ..store.asks import Ask

FEW = 2_000  # items of a set that a record has as a list
ASSUMED = (REMOVED, ADDED, CHANGED)  # in a dry run
# What only some runs have, shown as it is.
KEPT = ("input", "duplicates", OVERRIDES, CANCELLED, RETRY_OF)


def is_stopped(database: Database, run: Run) -> bool:
    """Tell whether a run's process died, or was interrupted, before its end."""
    return run.status not in {ENDED, WAITING} and not is_held(database, run.run)


def resumable(database: Database) -> list[Run]:
    """Return the runs that can go on, newest first.

    They stopped without ending, or what they waited for was decided, or nobody did in time.
    """
    from ..store.run_list import open_runs  # most commands are about one run

    runs = open_runs(database)
    held = database.holders(runs)
    found = (known_run(database, run) for run in runs if run not in held)
    return [run for run in found if run is not None]


def waiting_row(database: Database, run: Run) -> dict[str, Any] | None:
    """Return what a run waits for, as its record shows it; None when it does not wait."""
    if run.status != WAITING:
        return None
    from ..store.asks import open_ask  # few runs wait

    ask = open_ask(database, run.run)
    if ask is None:
        return None
    row = {
        **asked_row(ask),
        "plan_id": run.details.get("plan"),
        "approvers": ask.question["approvers"],
        "by": ask.decider["actor"] if ask.decider else None,
    }
    return {name: value for name, value in row.items() if value is not None}


def asked_row(ask: "Ask") -> dict[str, Any]:
    """Return a question as records show it."""
    from ..playbooks.asking import wanted_of
    from ..store.asks import EXPIRED, is_late

    question = ask.question
    row = {
        "ask": ask.ask,
        "question": question["text"],
        "route": question.get("route") or None,
        "effects": question.get("effects"),
        "answers": wanted_of(question["schema"]) or None,
        "plan": ask.plan,
        "asked": ask.asked,
        "expires": ask.expires,
        "decision": ask.decision or (EXPIRED if is_late(ask) else None),
        "decided": ask.decided,
    }
    return {name: value for name, value in row.items() if value is not None}


def run_record(
    database: Database,
    definitions: Mapping[str, Definition],
    run: Run,
    summary: Summary | None = None,
    tallies: Tallies | None = None,
) -> dict[str, Any]:
    """Return the record of a run, also of one that has not ended.

    Its long lists are sequences that are read from the store while they are walked.
    definitions: of its actions, by name; summary, tallies: when they are known.
    """
    tallies = tallies or tallies_of(database, run.run)
    calls = call_rows(database, run.run, tallies)
    summary = summary or run_summary(database, run.run, tallies=tallies)
    outcomes = outcome_rows(database, run.run)
    parts: dict[str, Any] = {"outcomes": outcomes.listed}
    read = [d for c in calls if (d := definitions.get(c["action"])) and not d.acts]
    if run.kind == PLAYBOOK:
        output = by_value(database, run.details.get("output", {}))
        parts["output"] = _only_planned(_plain(output)) if run.dry_run else _plain(output, FEW)
        if plan := _plan(run):
            parts["plan"] = plan
    elif run.kind == PRUNE:
        from ..store.pruned import pruned_rows  # few are

        parts = {"outputs": pruned_rows(database, run.run)}
    elif read:
        parts = {"outputs": output_rows(database, run.run, calls[0]["call"]).listed}
    if again := retries_of(database, run.run):
        parts["retried_by"] = again
    return record(
        "action" if run.kind == CALL else run.kind,
        run.name,
        run.run,
        summary,
        result=run.result or (PARTIAL if summary.counts else FAILED),
        context=_context(database, run.run, definitions, outcomes)
        if "outcomes" in parts or run.kind == PRUNE
        else nested(read[0].context_path, parts["outputs"]),
        errors=run.details.get("errors", ()),
        filled_defaults=sorted({name for call in calls for name in call["filled"]}),
        status=run.status,
        waiting=waiting_row(database, run),
        calls=task_rows(calls),
        resumed=resumed_rows(database, run.run) or None,
        **parts,
        **{name: run.details[name] for name in KEPT if name in run.details},
    )


def _context(
    database: Database, run: str, definitions: Mapping[str, Definition], outcomes: OutcomeRows
) -> dict[str, Any]:
    """Return the outcomes of removals below the context paths of their actions.

    outcomes: all of the run, which mostly are below one path.
    """
    by_path: dict[str, list[str]] = {}
    actions = outcomes.actions
    for action in actions:
        definition = definitions.get(action)
        if definition and definition.acts:
            by_path.setdefault(definition.context_path, []).append(action)
    context: dict[str, Any] = {}
    for path, names in by_path.items():
        system, entry = path.split(".")
        own = outcomes if names == actions else OutcomeRows(database, run, actions=names)
        context.setdefault(system, {})[entry] = own.listed
    return context


def _plan(run: Run) -> dict[str, Any]:
    """Return the plan that a dry run made, or that a run applied."""
    if "plan" in run.details:
        return {"plan": run.details["plan"], "sha256": run.details["sha256"], "applied": True}
    return dict(run.details.get("planned", {}))


def _only_planned(value: Any) -> Any:
    """Return an output of a dry run, to which what is planned looks as if it were done."""
    if isinstance(value, list):
        return [_only_planned(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    row = {key: _only_planned(entry) for key, entry in value.items()}
    return {**row, "outcome": PLANNED} if row.get("outcome") in ASSUMED else row


def _plain(value: Any, most: int = EVERY) -> Any:
    """Return a value with its sets read into lists; most: of the items of one that is."""
    if isinstance(value, dict):
        return {key: _plain(entry, most) for key, entry in value.items()}
    if isinstance(value, list) or (isinstance(value, StoredSet) and len(value) <= most):
        return [_plain(entry, most) for entry in value]
    return value
