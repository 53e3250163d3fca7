"""What a person reads in a plan is what is done: what is another by now, or forged, is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.operations.plan import lines_with_effects, sums_of_plan
from ioc_removal.operations.plan_file import file_lines
from ioc_removal.operations.plan_parts import plan_hash, removals_part, told_parts
from ioc_removal.operations.plan_reading import read_plan
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.database import Database
from ioc_removal.store.plans import StoredPlan, planned_lines
from planning import IDS, IOCS, Planner, file_of, ids_of, planner, world

__all__ = ["planner"]


def forged(database: Database, plan: StoredPlan, **header: Any) -> StoredPlan:
    """Return a plan as somebody makes it who knows this program: each hash and sum made anew."""
    made = replace(plan, header={**plan.header, **header})
    sums, _ = sums_of_plan(database, plan.plan, made.header["sections"])
    made = replace(made, header={**made.header, **sums})
    parts = dict(made.header["parts"])
    lines = lines_with_effects(database, plan.plan, made.header["sections"])
    parts |= {"removals": removals_part(lines), **told_parts(made)}
    return replace(made, hash=plan_hash(parts), header={**made.header, "parts": parts})


def test_a_line_that_was_edited_in_the_store_is_noticed(planner: Planner) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    with planner.database.transaction() as connection:
        connection.execute(
            "UPDATE planned SET line = replace(line, 'malware.example', 'harmless.example')"
            " WHERE line LIKE '%\"id\"%'"
        )
    with pytest.raises(ArgumentError, match="what would be done changed"):
        planner.apply(plan)
    assert planner.sent() == []


def test_an_id_with_another_value_is_refused(tmp_path: Path) -> None:
    def held(value: str) -> dict[str, Any]:
        return world([{"id": ids_of(1), "value": value, "type": "Domain"}])

    with Sandbox(held("a.example")) as sandbox:
        planner = Planner(sandbox, tmp_path)
        plan, _ = planner.dry(planner.write("ids", IDS), ids=[ids_of(1)])
        port = urlsplit(planner.document["connections"]["secmaster"]["url"]).port
    [line] = planned_lines(planner.database, plan.plan, 0)
    told = {"verdict": "Black"}
    assert line.line == {"id": ids_of(1), "value": "a.example", "told": told}
    with Sandbox(held("b.example"), port=port) as sandbox:
        planner.sandbox = sandbox
        sandbox.misbehave(system="secmaster", method="POST", status=403, times=1)
        unread, _ = planner.apply(plan)
        record, _ = planner.apply(plan)
        assert planner.sent() == []
    reasons = [found["outcomes"][0]["reason"] for found in (unread, record)]
    start = f"not in plan {plan.plan}: "
    assert reasons[0].startswith(f"{start}whether it is what the plan says is not known: ")
    assert reasons[1] == f"{start}the plan says value a.example, it is b.example"
    with Sandbox(held("A.example"), port=port) as sandbox:  # the same, spelt in another way
        planner.sandbox = sandbox
        assert planner.apply(plan)[0]["counts"] == {"removed": 1}
    planner.database.close()


RULES = """
version: 1.0
description: Remove WAF rules by ids.
input: [policy, ids]
tasks:
  remove:
    with: rule in {{ ctx().ids }}
    action: ioc_removal.waf-ip-reputation-rule-delete
    input: {policy_id: "{{ ctx().policy }}", rule_id: "{{ item('rule') }}"}
"""


@pytest.mark.parametrize("change", [{"name": "renamed"}, {"tags": ["tor"]}])
def test_a_rule_that_is_another_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    def held(**more: Any) -> dict[str, Any]:
        seed = default_seed()
        policy = next(iter(seed["waf"]["policies"]))
        first, *others = seed["waf"]["policies"][policy]["rules"]
        rules = [{**first, "id": "0" * 32, **more}, *others]
        seed["waf"]["policies"][policy] = {**seed["waf"]["policies"][policy], "rules": rules}
        return seed

    with Sandbox(held()) as sandbox:
        planner = Planner(sandbox, tmp_path)
        policy = next(iter(default_seed()["waf"]["policies"]))
        plan, _ = planner.dry(planner.write("rules", RULES), policy=policy, ids=["0" * 32])
        port = urlsplit(planner.document["connections"]["waf"]["url"]).port
    [line] = planned_lines(planner.database, plan.plan, 0)
    assert line.line["told"].keys() == {"name", "tags"}
    with Sandbox(held(**change), port=port) as sandbox:
        planner.sandbox = sandbox
        record, _ = planner.apply(plan)
        assert planner.sent() == []
    [name] = change
    assert f"the plan says {name} " in record["outcomes"][0]["reason"]
    planner.database.close()


def test_an_indicator_with_another_verdict_is_refused(tmp_path: Path) -> None:
    def held(verdict: str) -> dict[str, Any]:
        row = {"id": ids_of(1), "value": "a.example", "type": "Domain", "verdict": verdict}
        return world([row])

    with Sandbox(held("White")) as sandbox:
        planner = Planner(sandbox, tmp_path)
        plan, _ = planner.dry(planner.write("ids", IDS), ids=[ids_of(1)])
        port = urlsplit(planner.document["connections"]["secmaster"]["url"]).port
    assert plan.header["effects"] == {"rearms": 1}
    with Sandbox(held("Black"), port=port) as sandbox:
        planner.sandbox = sandbox
        record, _ = planner.apply(plan)
        assert planner.sent() == []
    assert record["outcomes"][0]["reason"].endswith("the plan says rearms, now it disarms")
    planner.database.close()


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("effect", "rearms", "the effect is disarms, and not rearms"),
        ("done", "added", "done says added, and is removed"),
        ("undo", None, "undo says None, and is"),
        ("named", "id", "named says id, and is value"),
    ],
)
def test_what_a_section_says_of_its_action_is_compared(
    planner: Planner, name: str, wrong: str | None, said: str
) -> None:
    plan, _ = planner.dry(indicators=["192.0.2.10"])
    first, *others = plan.header["sections"]
    sections = [{**first, name: wrong}, *others]
    with pytest.raises(ArgumentError, match=said):
        planner.apply(forged(planner.database, plan, sections=sections))
    assert planner.sent() == []


@pytest.mark.parametrize("name", ["overrides", "requester", "warnings", "source"])
def test_all_that_a_plan_tells_is_compared(planner: Planner, name: str) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    other = {"overrides": {"protected": "x"}, "warnings": ["x"], "source": "unmark-false-positives"}
    wrong = other.get(name, {**plan.header["requester"], "ticket": "INC-1"})
    with pytest.raises(ArgumentError, match=f"what it says of {name} was changed"):
        planner.apply(replace(plan, header={**plan.header, name: wrong}))
    same = forged(planner.database, plan, **{name: wrong}).hash == plan.hash
    assert same == (name != "overrides")


def test_a_copy_under_another_name_is_refused(planner: Planner, tmp_path: Path) -> None:
    plan, lines = file_of(planner, tmp_path)
    other = Planner(planner.sandbox, tmp_path, "other.db")
    copy = replace(read_plan(other.database, lines, "plan.txt"), plan="20260101-000000-aaaaaa")
    with other.database.transaction() as connection:
        connection.execute("UPDATE planned SET plan = ?", (copy.plan,))
    copied = list(file_lines(other.database, forged(other.database, copy)))
    other.database.close()
    planner.apply(plan)
    before = len(planner.sent())
    with pytest.raises(ArgumentError, match=f"it is the plan {plan.plan} of the store under"):
        read_plan(planner.database, copied, "plan.txt")
    assert len(planner.sent()) == before
