"""What comes up twice in a run of a plan is sent once, and the run goes on as planned."""

from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.run import run_playbook
from ioc_removal.store.let_through import LetThrough
from ioc_removal.store.planned_only import PlannedOnly
from ioc_removal.store.undone import done_rows
from ioc_removal.trust.removal_key import connection_facts, digest
from planning import INTEGRATION, Planner, by_system, planner

__all__ = ["planner"]

TWICE = """
version: 1.0
description: Remove item by item, then as a list, and go on by what became of it.
input: [indicators]
tasks:
  items:
    with: value in {{ ctx().indicators }}
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: ["{{ item('value') }}"]}
    next:
      - when: "{{ completed() }}"
        do: again
  again:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().indicators }}"}
    next:
      - when: "{{ succeeded() }}"
        do: planned
      - when: "{{ failed() }}"
        do: other
  planned:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: ["planned.example"]}
  other:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: ["other.example"]}
"""


def test_what_comes_up_twice_is_sent_once_and_the_run_goes_as_planned(planner: Planner) -> None:
    values = ["192.0.2.10", "malware.example"]
    plan, _ = planner.dry(planner.write("twice", TWICE), indicators=values)
    record, summary = planner.apply(plan)
    assert sorted(planner.sent()) == by_system(planner.lines(plan))
    assert ("cybertrace", "InternalTI", "planned.example") in planner.sent()
    assert summary.counts.get("refused") is None
    assert record["result"] == "succeeded"
    again = [row for row in record["outcomes"] if "done once" in row.get("reason", "")]
    assert {row["outcome"] for row in again} == {"removed"}
    assert len(done_rows(planner.database, record["run"])) == summary.counts["removed"]


AT_ONCE = """
version: 1.0
description: Remove lists that overlap, several at a time.
input: [lists]
tasks:
  lists:
    with: {items: "{{ ctx().lists }}", concurrency: 4}
    action: ioc_removal.NAME
    input: {supplier: InternalTI, indicators: "{{ item() }}"}
"""
INSIDE = """
version: 1.0
input: [supplier, indicators]
tasks:
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: "{{ ctx().supplier }}", indicators: "{{ ctx().indicators }}"}
"""
LISTS = [
    ["192.0.2.10"],
    ["192.0.2.10"],
    ["192.0.2.10", "malware.example"],
    ["malware.example", "192.0.2.10"],
    ["malware.example", "192.0.2.11"],
    ["192.0.2.11", "192.0.2.10", "gone.example"],
]


@pytest.mark.parametrize("name", ["cybertrace-indicators-delete", "inside"])
@pytest.mark.parametrize("items", [1, 10])
def test_what_comes_up_twice_at_once_is_sent_once_and_the_other_is_told(
    planner: Planner, name: str, items: int
) -> None:
    planner.sandbox.misbehave(method="DELETE", delay=0.2)
    planner.document["connections"]["cybertrace"]["limits"] = {"items": items, "in_flight": 4}
    planner.write("inside", INSIDE)
    plan, _ = planner.dry(planner.write("at-once", AT_ONCE.replace("NAME", name)), lists=LISTS)
    record, summary = planner.apply(plan)
    assert sorted(planner.sent()) == by_system(planner.lines(plan))
    assert (record["result"], summary.counts) == ("succeeded", {"removed": 3, "absent": 1})
    rows = record["outcomes"]
    assert len(rows) == sum(map(len, LISTS))
    assert sum(row["attempts"] > 0 for row in rows) == len(planner.sent())
    told = {row["value"]: row["outcome"] for row in rows}
    assert all(row["outcome"] == told[row["value"]] for row in rows)


def test_a_batch_that_was_cut_is_not_waited_for(planner: Planner) -> None:
    plan, _ = planner.dry(planner.write("at-once", TWICE), indicators=["192.0.2.10"])

    def cut(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(planner.database, INTEGRATION, planner.settings, plan, progress=cut)
    sent = planner.sent()
    assert len(sent) == 1
    [(run,)] = planner.database.rows("SELECT run FROM runs WHERE dry_run = 0")
    connection = Connection("cybertrace", planner.settings, INTEGRATION.systems["cybertrace"])
    action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
    arguments = {"supplier": "InternalTI", "indicators": ["192.0.2.10"]}
    [batch] = action.prepare(arguments)
    with planner.database.transaction() as write:
        write.execute("UPDATE uses SET call = 'one that did not go on'")
    facts = digest(connection_facts(connection, planner.settings))
    only = PlannedOnly(
        planner.database, plan, run, "again", facts, LetThrough(planner.database, run)
    )
    [why] = only.judged(action.definition, {"supplier": "InternalTI"}, batch).refused.values()
    assert why.startswith(f"not in plan {plan.plan} a second time: one that did not go on of this")


def test_what_was_removed_is_not_summed_up_as_refused(planner: Planner) -> None:
    """Also when it is refused for another reason than the plan: here by a cap."""
    planner.document["guards"] = {"max_per_run": 2}
    name = planner.write("twice", TWICE.replace("completed()", "succeeded()"))
    record, summary = run_playbook(
        planner.database,
        INTEGRATION,
        planner.settings,
        name,
        {"indicators": ["192.0.2.10", "malware.example"]},
    )
    outcomes = {row["outcome"] for row in record["outcomes"]}
    assert outcomes == {"removed", "refused"}
    assert summary.counts == {"removed": 2, "refused": 1}
