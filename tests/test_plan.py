"""Plans over real HTTP on the sandbox: what a dry run names is what a run may do, once."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.run import run_playbook
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.plans import get_plan
from ioc_removal.store.runs import get_run, requester_of
from ioc_removal.trust.terms import Terms
from planning import IDS, INTEGRATION, IOCS, TRIAGE, Planner, by_system, ids_of, planner, world

__all__ = ["planner"]


def test_a_plan_names_what_its_run_removes(planner: Planner) -> None:
    plan, record = planner.dry(indicators=IOCS)
    assert planner.sent() == []
    assert plan.header["effects"] == {"disarms": 5}
    assert plan.header["counts"] == {"planned": 5, "absent": 1}
    assert record["plan"]["sha256"] == plan.hash
    applied, _ = planner.apply(plan)
    assert sorted(planner.sent()) == by_system(planner.lines(plan))
    assert applied["counts"] == {"removed": 4, "absent": 2}
    assert applied["plan"] == {"plan": plan.plan, "sha256": plan.hash, "applied": True}


def test_a_plan_is_used_once(planner: Planner) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    first, _ = planner.apply(plan)
    before = len(planner.sent())
    second, _ = planner.apply(plan)
    assert len(planner.sent()) == before
    reasons = {r["reason"] for r in second["outcomes"] if r["outcome"] == "refused"}
    assert reasons == {f"not in plan {plan.plan} any more: used already by run {first['run']}"}


@pytest.mark.parametrize(("given", "told"), [(None, "INC-42"), ("INC-7", "INC-7")])
def test_what_is_applied_is_for_the_ticket_of_the_plan(
    planner: Planner, given: str | None, told: str
) -> None:
    record, _ = run_playbook(
        planner.database, INTEGRATION, planner.settings, TRIAGE, {"indicators": IOCS},
        terms=Terms(dry_run=True), requester=requester_of("anna", "INC-42", "false alarm"),
    )  # fmt: skip
    plan = get_plan(planner.database, record["plan"]["plan"])
    who = requester_of("bob", given)
    applied, _ = apply_plan(planner.database, INTEGRATION, planner.settings, plan, requester=who)
    told_of = get_run(planner.database, applied["run"]).details["requester"]
    assert {**told_of, "user": None} == {
        "actor": "bob", "user": None, "ticket": told, "reason": "false alarm",
    }  # fmt: skip


def test_what_is_new_since_is_refused(planner: Planner) -> None:
    plan, _ = planner.dry(indicators=["nowhere.example", "192.0.2.10"])
    workspace = next(iter(planner.sandbox.state()["secmaster"]["workspaces"]))
    named = {item for _, _, item in by_system(planner.lines(plan))}
    more, _ = planner.dry(indicators=["malware.example"])
    header = {**plan.header, "inputs": more.header["inputs"]}
    with pytest.raises(ArgumentError, match="input indicators changed"):
        planner.apply(replace(plan, header=header))
    planner.apply(plan)
    assert {item for _, _, item in planner.sent()} <= named
    assert workspace in {target for _, target, _ in planner.sent()}


SEARCHED = """
version: 1.0
description: Remove from SecMaster what a search finds.
input: [indicators]
tasks:
  search:
    action: ioc_removal.secmaster-indicators-search
    input: {values: "{{ ctx().indicators }}"}
    next:
      - when: "{{ succeeded() }}"
        publish:
          - found: "{{ result().result.outputs | selectattr('id', 'defined') | list }}"
          - ids: "{{ ctx().found | map(attribute='id') | list }}"
        do: remove
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
"""


@pytest.mark.parametrize("more", [[], [9]])
def test_what_a_read_finds_anew_is_refused_and_what_it_misses_is_absent(
    tmp_path: Path, more: list[int]
) -> None:
    def held(*numbers: int) -> list[dict[str, Any]]:
        return [{"id": ids_of(n), "value": "a.example", "type": "Domain"} for n in numbers]

    with Sandbox(world(held(1, 2))) as sandbox:
        planner = Planner(sandbox, tmp_path)
        name = planner.write("searched", SEARCHED)
        plan, _ = planner.dry(name, indicators=["a.example"])
        address = planner.document["connections"]["secmaster"]["url"]
        port = urlsplit(address).port
    with Sandbox(world(held(2, *more)), port=port) as sandbox:
        planner.sandbox = sandbox
        record, _ = planner.apply(plan)
        assert [item for _, _, item in planner.sent()] == [ids_of(2)]
    planner.database.close()
    found = {row["id"]: (row["outcome"], row.get("reason")) for row in record["outcomes"]}
    assert found == {
        ids_of(1): ("absent", "the search does not find it any more"),
        ids_of(2): ("removed", None),
        **{ids_of(n): ("refused", f"not in plan {plan.plan}") for n in more},
    }


def test_what_the_run_does_not_come_to_is_accounted_for(planner: Planner) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    planner.sandbox.misbehave(system="secmaster", method="POST", status=403, times=99)
    record, _ = planner.apply(plan)
    left = {
        row["reason"]
        for row in record["outcomes"]
        if row["action"] == "secmaster-indicators-delete"
    }
    assert left == {"the run did not come to it"}
    assert record["result"] == "partial"


def test_what_is_not_there_is_absent_in_the_plan(planner: Planner) -> None:
    name = planner.write("ids", IDS)
    workspace = planner.sandbox.state()["secmaster"]["workspaces"]
    known = next(iter(workspace.values()))[0]["id"]
    plan, record = planner.dry(name, ids=[ids_of(1), known])
    assert record["counts"] == {"planned": 1, "absent": 1}
    assert [item for _, _, item in by_system(planner.lines(plan))] == [known]


def test_the_output_of_a_dry_run_claims_nothing(planner: Planner) -> None:
    _, record = planner.dry(indicators=IOCS)
    outcomes = {line["outcome"] for line in record["output"]["report"]}
    assert outcomes == {"planned", "absent"}
    assert record["counts"] == {"planned": 5, "absent": 1}


def test_the_choice_to_unmark_detections_is_part_of_what_is_planned(planner: Planner) -> None:
    plans = [
        planner.dry("unmark-false-positives", indicators=["192.0.2.53"], unmark_detections=choice)[
            0
        ]
        for choice in (True, False)
    ]
    keys = [
        planner.database.rows("SELECT key FROM planned WHERE plan = ?", (p.plan,)) for p in plans
    ]
    assert keys[0] != keys[1]


def test_the_store_holds_no_secret(planner: Planner) -> None:
    planner.dry(indicators=IOCS)
    text = json.dumps(planner.database.rows("SELECT * FROM plans"))
    text += json.dumps(planner.database.rows("SELECT * FROM planned"))
    secrets = [
        connection["auth"][key]
        for connection in planner.document["connections"].values()
        for key in ("password", "secret_key")
        if key in connection["auth"]
    ]
    assert secrets
    assert not [secret for secret in secrets if secret in text]


def test_the_same_plan_made_again_has_the_same_hash(planner: Planner) -> None:
    first, _ = planner.dry(indicators=IOCS)
    again, _ = planner.dry(indicators=list(reversed(IOCS)))
    assert (again.hash, again.plan != first.plan) == (first.hash, True)
