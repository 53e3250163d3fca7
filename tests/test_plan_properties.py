"""Generated plans on the sandbox: what it receives is what the plan names, never more."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc_removal.errors import RunError
from ioc_removal.integration import load_integration
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.resume import resume_run
from ioc_removal.sandbox import Sandbox, default_seed
from planning import Planner, by_system
from stores import change_by_hand

INTEGRATION = load_integration()
VALUES = [f"host{number}.example" for number in range(4)]
FEW = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def seed_of(cybertrace: set[str], secmaster: Mapping[str, int]) -> dict[str, Any]:
    """Return a world: values that InternalTI holds, and how often the workspace holds others."""
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": sorted(cybertrace)}
    workspace = next(iter(seed["secmaster"]["workspaces"]))
    rows = [
        {"id": f"00000000-0000-4000-8000-{at:06d}{copy:06d}", "value": value, "type": "Domain"}
        for at, value in enumerate(VALUES)
        for copy in range(secmaster.get(value, 0))
    ]
    seed["secmaster"]["workspaces"] = {workspace: {"indicators": rows}}
    return seed


SOME = st.sets(st.sampled_from(VALUES))
COUNTED = st.dictionaries(st.sampled_from(VALUES), st.integers(1, 2))
ASKED = st.lists(st.sampled_from(VALUES), min_size=1, max_size=3)

BRANCHING = """
version: 1.0
description: Take another way after a removal that failed, and remove what then is found.
input: [first, second, third]
vars:
  - ids: []
tasks:
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().first }}"}
    next:
      - when: "{{ succeeded() and (result().result.outcomes | map(attribute='outcome') | first == 'removed') }}"
        do: again
      - when: "{{ failed() or (result().result.outcomes | map(attribute='outcome') | first != 'removed') }}"
        do: other
  again:
    action: ioc_removal.inner
    input: {wanted: "{{ ctx().second }}"}
    next:
      - when: "{{ completed() }}"
        do: each
  other:
    action: ioc_removal.inner
    input: {wanted: "{{ ctx().third }}"}
    next:
      - when: "{{ completed() }}"
        do: each
  each:
    with: value in {{ ctx().first + ctx().second }}
    action: ioc_removal.inner
    input: {wanted: ["{{ item('value') }}"]}
"""  # noqa: E501
INNER = """
version: 1.0
description: Remove from both systems.
input: [wanted]
tasks:
  disarm:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().wanted }}"}
    next:
      - when: "{{ completed() }}"
        do: search
  search:
    action: ioc_removal.secmaster-indicators-search
    input: {values: "{{ ctx().wanted }}"}
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


@FEW
@given(asked=ASKED, held=SOME, found=COUNTED)
def test_what_is_received_is_what_the_plan_names(
    asked: list[str], held: set[str], found: dict[str, int]
) -> None:
    with TemporaryDirectory() as folder, Sandbox(seed_of(held, found)) as sandbox:
        planner = Planner(sandbox, Path(folder))
        plan, _ = planner.dry(indicators=asked)
        assert planner.sent() == []
        record, _ = planner.apply(plan)
        assert sorted(planner.sent()) == by_system(planner.lines(plan))
        assert record["errors"] == []
        assert "refused" not in record["counts"]
        planner.database.close()


@FEW
@given(
    first=ASKED,
    second=ASKED,
    third=ASKED,
    before=st.tuples(SOME, COUNTED),
    after=st.tuples(SOME, COUNTED),
    faults=st.lists(
        st.sampled_from(
            [
                {"method": "DELETE", "status": 500, "times": 1},
                {"method": "DELETE", "system": "cybertrace", "status": 403, "times": 1},
                {"method": "POST", "system": "secmaster", "status": 400, "times": 1},
                {"method": "DELETE", "system": "secmaster", "status": 200, "body": "?", "times": 1},
            ]
        ),
        max_size=2,
    ),
)
def test_no_way_leads_out_of_the_plan(
    first: list[str],
    second: list[str],
    third: list[str],
    before: tuple[set[str], dict[str, int]],
    after: tuple[set[str], dict[str, int]],
    faults: list[dict[str, Any]],
) -> None:
    """Another world at the second time, other answers and other branches remove nothing more."""
    with TemporaryDirectory() as folder:
        with Sandbox(seed_of(*before)) as sandbox:
            planner = Planner(sandbox, Path(folder))
            planner.write("inner", INNER)
            name = planner.write("branching", BRANCHING)
            plan, _ = planner.dry(name, first=first, second=second, third=third)
            port = int(planner.document["connections"]["waf"]["url"].rsplit(":", 1)[1])
        named = by_system(planner.lines(plan))
        with Sandbox(seed_of(*after), port=port) as sandbox:
            planner.sandbox = sandbox
            for fault in faults:
                sandbox.misbehave(**fault)
            record, _ = planner.apply(plan)
            truth = {(*row,) for row in planner.sent()}
        assert truth <= set(named)
        done = [row for row in record["outcomes"] if row["outcome"] == "removed"]
        assert sum(row["attempts"] > 0 for row in done) <= len(named)  # the others are told of it
        accounted = {row.get("id", row.get("value")) for row in record["outcomes"]}
        assert {item for _, _, item in named} <= accounted
        planner.database.close()


def test_a_run_that_was_cut_goes_on_with_its_plan(tmp_path: Path) -> None:
    with Sandbox(seed_of(set(VALUES), dict.fromkeys(VALUES, 1))) as sandbox:
        planner = Planner(sandbox, tmp_path)
        for connection in planner.document["connections"].values():
            connection["limits"] = {"items": 1, "in_flight": 1}
        plan, _ = planner.dry(indicators=VALUES)
        named = by_system(planner.lines(plan))
        left = [3]

        def cut(_: Any) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            apply_plan(planner.database, INTEGRATION, planner.settings, plan, progress=cut)
        assert len(planner.sent()) < len(named)
        query = "SELECT run FROM runs WHERE dry_run = 0"
        [(run,)] = planner.database.rows(query)
        record, _ = resume_run(planner.database, INTEGRATION, planner.settings, run)
        assert sorted(set(planner.sent())) == named
        assert record["result"] == "succeeded"
        assert record["plan"]["plan"] == plan.plan
        planner.database.close()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "UPDATE planned SET key = key || 'x'",
            "would be done",
        ),
        ("UPDATE plans SET hash = 'x'", "another hash"),
        ("UPDATE plans SET header = json_set(header, '$.parts.removals.sha256', 'x')", "its hash"),
        ("UPDATE plans SET header = json_set(header, '$.effects.disarms', 1)", "the lines say"),
        ("UPDATE batches SET items = '[\"other.example\"]' WHERE NOT finished", "yet to do"),
    ],
)
def test_a_run_that_was_cut_does_not_go_on_with_another_plan(
    tmp_path: Path, change: str, what: str
) -> None:
    with Sandbox(seed_of(set(VALUES), dict.fromkeys(VALUES, 1))) as sandbox:
        planner = Planner(sandbox, tmp_path)
        planner.document["connections"]["cybertrace"]["limits"] = {"items": 1, "in_flight": 1}
        plan, _ = planner.dry(indicators=VALUES)

        def cut(_: Any) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            apply_plan(planner.database, INTEGRATION, planner.settings, plan, progress=cut)
        sent = planner.sent()
        [(run,)] = planner.database.rows("SELECT run FROM runs WHERE dry_run = 0")
        change_by_hand(planner.database, "batches", change)
        with pytest.raises(RunError, match=what):
            resume_run(planner.database, INTEGRATION, planner.settings, run)
        assert planner.sent() == sent
        planner.database.close()
