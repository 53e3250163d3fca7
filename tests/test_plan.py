"""Plans over real HTTP on the sandbox: what a dry run names is what a run may do, once."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError
from ioc_removal.integration import Integration, load_integration
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.inputs import IndicatorFile
from ioc_removal.operations.plan import lines_with_effects, sums_of_plan
from ioc_removal.operations.plan_check import check_plan
from ioc_removal.operations.plan_file import file_lines
from ioc_removal.operations.plan_parts import plan_hash, removals_part, told_parts
from ioc_removal.operations.plan_reading import read_plan
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import Summary
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.let_through import LetThrough
from ioc_removal.store.planned_only import PlannedOnly
from ioc_removal.store.plans import StoredPlan, get_plan, list_plans, planned_lines
from ioc_removal.store.runs import get_run, requester_of
from ioc_removal.store.undone import done_rows
from ioc_removal.trust.removal_key import connection_facts, digest
from ioc_removal.trust.terms import Terms

INTEGRATION = load_integration()
TRIAGE = "remove-iocs-after-triage"
IOCS = ["192.0.2.10", "malware.example", "nowhere.example"]


class Planner:
    """Makes and applies plans on a sandbox, with a store of its own."""

    def __init__(self, sandbox: Sandbox, folder: Path, store: str = "store.db") -> None:
        self.sandbox, self.folder = sandbox, folder
        self.document = sandbox.settings()
        self.database = Database(folder / store)

    @property
    def settings(self) -> Settings:
        return settings_from(self.document, "the sandbox")

    def dry(
        self, name: str = TRIAGE, file: IndicatorFile | None = None, **inputs: Any
    ) -> tuple[StoredPlan, dict[str, Any]]:
        record, _ = run_playbook(
            self.database, INTEGRATION, self.settings, name, inputs, file=file,
            terms=Terms(dry_run=True),
        )  # fmt: skip
        return get_plan(self.database, record["plan"]["plan"]), record

    def apply(
        self, plan: StoredPlan, integration: Integration = INTEGRATION
    ) -> tuple[dict[str, Any], Summary]:
        return apply_plan(self.database, integration, self.settings, plan)

    def lines(self, plan: StoredPlan) -> list[tuple[str, str, str, bool]]:
        """Return what a plan would do: (action, target, item, assumed)."""
        return [
            (
                section["action"],
                *section["target"].values(),
                str(line.line.get("id", line.line.get("value"))),
                line.assumed,
            )
            for number, section in enumerate(plan.header["sections"])
            for line in planned_lines(self.database, plan.plan, number)
            if line.outcome == "planned"
        ]

    def write(self, name: str, text: str) -> str:
        path = self.folder / f"{name}.yml"
        path.write_text(text)
        return str(path)

    def sent(self) -> list[tuple[str, str, str]]:
        """Return every removal that the sandbox received: (action, target, item)."""
        return removals(self.sandbox.requests)


def removals(requests: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for request in requests:
        path, body = urlsplit(request["target"]).path.split("/"), request["body"]
        if request["method"] != "DELETE":
            continue
        if "suppliers" in path:
            supplier = path[path.index("suppliers") + 1]
            found += [("cybertrace", supplier, row["indicator"]) for row in body]
        elif "workspaces" in path:
            workspace = path[path.index("workspaces") + 1]
            found += [("secmaster", workspace, id_) for id_ in body["batch_ids"]]
        else:
            found.append(("waf", path[path.index("policy") + 1], path[-1]))
    return found


def by_system(lines: list[tuple[str, str, str, bool]]) -> list[tuple[str, str, str]]:
    return sorted((action.split("-")[0], target, item) for action, target, item, _ in lines)


@pytest.fixture
def planner(tmp_path: Path) -> Iterator[Planner]:
    with Sandbox() as sandbox:
        planner = Planner(sandbox, tmp_path)
        yield planner
        planner.database.close()


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


def world(indicators: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a seed whose first workspace holds these indicators."""
    seed = default_seed()
    workspaces = seed["secmaster"]["workspaces"]
    seed["secmaster"]["workspaces"] = {next(iter(workspaces)): {"indicators": indicators}}
    return seed


def ids_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


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


IDS = """
version: 1.0
description: Remove from SecMaster by ids.
input: [ids]
tasks:
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
"""


def test_the_output_of_a_dry_run_claims_nothing(planner: Planner) -> None:
    _, record = planner.dry(indicators=IOCS)
    outcomes = {line["outcome"] for line in record["output"]["report"]}
    assert outcomes == {"planned", "absent"}
    assert record["counts"] == {"planned": 5, "absent": 1}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(hours=23), None),
        (timedelta(hours=24, minutes=1), "it expired at"),
        (timedelta(days=400), "it expired at"),
        (timedelta(minutes=-5), "this machine's clock says"),
    ],
)
def test_a_plan_has_its_time(planner: Planner, after: timedelta, said: str | None) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    now = datetime.now(timezone.utc) + after
    if said is None:
        check_plan(planner.database, INTEGRATION, planner.settings, plan, {}, now)
        return
    with pytest.raises(ArgumentError, match=said):
        check_plan(planner.database, INTEGRATION, planner.settings, plan, {}, now)


def test_the_settings_say_how_long(planner: Planner) -> None:
    planner.document["plan"] = {"expires": "30m"}
    plan, _ = planner.dry(indicators=IOCS)
    created, expires = (
        datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (plan.created, plan.expires)
    )
    assert expires - created == timedelta(minutes=30)


def changed_settings(document: dict[str, Any], change: Mapping[str, Any]) -> None:
    for name, values in change.items():
        document["connections"][name].update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cybertrace": {"api_version": "1.2"}}, "connection cybertrace: api_version was 1.3, is"),
        (
            {"cybertrace": {"tenant": "Other"}},
            "connection cybertrace: tenant was not set, is Other",
        ),
        (
            {"cybertrace": {"defaults": {"supplier": "X"}}},
            "connection cybertrace: defaults: supplier was not set, is X",
        ),
        ({"secmaster": {"url": "http://127.0.0.1:9"}}, "connection secmaster: url was http://127"),
    ],
)
def test_what_changed_in_the_settings_is_named(
    planner: Planner, change: Mapping[str, Any], said: str
) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    before = len(planner.sandbox.requests)
    changed_settings(planner.document, change)
    with pytest.raises(ArgumentError, match=said):
        planner.apply(plan)
    assert len(planner.sandbox.requests) == before


def test_what_changed_in_the_catalogue_is_named(planner: Planner) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    name = "secmaster-indicators-delete"
    other = INTEGRATION.definitions[name]._replace(effect={"default": "rearms"})
    integration = INTEGRATION._replace(definitions={**INTEGRATION.definitions, name: other})
    with pytest.raises(ArgumentError, match=f"the catalogue: {name} changed since the plan"):
        planner.apply(plan, integration)
    assert planner.sent() == []


OWN = """
version: 1.0
description: Unmark.
input: [indicators]
tasks:
  unmark:
    action: ioc_removal.cybertrace-false-positives-unmark
    input: {indicators: "{{ ctx().indicators }}", unmark_detections: false}
"""


def test_a_playbook_that_changed_is_named(planner: Planner) -> None:
    name = planner.write("own", OWN)
    plan, _ = planner.dry(name, indicators=["192.0.2.53"])
    planner.write("own", OWN.replace(": false", ": true"))
    with pytest.raises(ArgumentError, match="the playbook own changed since the plan"):
        planner.apply(plan)
    assert planner.sent() == []
    Path(name).unlink()  # then the plan's own text counts
    record, _ = planner.apply(plan)
    assert record["counts"] == {"removed": 1}
    assert plan.header["effects"] == {"rearms": 1}


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


# The file


@pytest.fixture
def other(planner: Planner, tmp_path: Path) -> Iterator[Planner]:
    """The same sandbox with another store, as on another machine."""
    other = Planner(planner.sandbox, tmp_path, "other.db")
    yield other
    other.database.close()


def file_of(planner: Planner, folder: Path) -> tuple[StoredPlan, list[str]]:
    path = folder / "iocs.txt"
    path.write_text("\n".join([*IOCS, "MALWARE.example"]))
    plan, _ = planner.dry(file=IndicatorFile(str(path)))
    return plan, list(file_lines(planner.database, plan))


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Planner, list[str]]]:
    """A plan that is in a store, and in a file; it is only read."""
    folder = tmp_path_factory.mktemp("filed")
    with Sandbox() as sandbox:
        planner = Planner(sandbox, folder)
        _, lines = file_of(planner, folder)
        yield planner, lines
        planner.database.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Database]:
    """A store without it."""
    with closing(Database(tmp_path / "other.db")) as database:
        yield database


def test_a_file_is_applied_in_another_store(
    planner: Planner, other: Planner, tmp_path: Path
) -> None:
    plan, lines = file_of(planner, tmp_path)
    read = read_plan(other.database, lines, "plan.txt")
    assert (read.plan, read.hash) == (plan.plan, plan.hash)
    assert list(file_lines(other.database, read))[-1].startswith("checksum: ")
    record, _ = other.apply(read)
    assert record["errors"] == []
    assert sorted(planner.sent()) == by_system(planner.lines(plan))
    again = read_plan(other.database, lines, "plan.txt")  # it is known now, and used up
    assert other.apply(again)[0]["counts"].get("removed") is None


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_what_mail_programmes_do_is_tolerated(
    filed: tuple[Planner, list[str]], elsewhere: Database, ending: str, start: str
) -> None:
    planner, lines = filed
    [plan] = list_plans(planner.database)
    raw = [f"{start if not at else ''}{line}{ending}" for at, line in enumerate(lines)]
    assert read_plan(elsewhere, [*raw, ending], "plan.txt").hash == plan.hash


def swapped(lines: list[str], old: str, new: str) -> list[str]:
    assert any(old in line for line in lines)
    return [line.replace(old, new) for line in lines]


def without(lines: list[str], part: str) -> list[str]:
    first = next(at for at, line in enumerate(lines) if part in line)
    return [*lines[:first], *lines[first + 1 :]]


EDITS: Mapping[str, tuple[Any, str]] = {
    "an indicator exchanged": (
        lambda lines: swapped(lines, '- {"value": "malware.example"}', '- {"value": "b.example"}'),
        "what would be done changed",
    ),
    "an indicator added": (
        lambda lines: [
            part
            for line in lines
            for part in (
                [line, '- {"value": "x.example"}']
                if line.startswith("section: ") and "-delete" in line
                else [line]
            )
        ],
        "2 more",
    ),
    "an indicator taken out": (
        lambda lines: without(lines, '- {"value": "malware.example"}'),
        "what would be done changed: 1 fewer",
    ),
    "an input added": (
        lambda lines: [
            part
            for line in lines
            for part in ([line, '- "x.example"'] if line.startswith("input: ") else [line])
        ],
        "input indicators changed: 1 more",
    ),
    "the words": (
        lambda lines: swapped(lines, "# effect     6 disarms", "# effect     1 disarms"),
        r"line \d+ says",
    ),
    "the ticket": (
        lambda lines: swapped(lines, '"ticket": null', '"ticket": "INC-1"'),
        r"line 7 says .* what follows says .ticket +INC-1",
    ),
    "the expiry": (
        lambda lines: swapped(lines, '"expires": "20', '"expires": "30'),
        r"line \d+ says",
    ),
    "the playbook": (
        lambda lines: swapped(lines, "action: core.noop", "action: core.noop "),
        "the playbook remove-iocs-after-triage changed",
    ),
    "the target": (
        lambda lines: swapped(lines, '"supplier": "InternalTI"', '"supplier": "FalsePositive"'),
        "what would be done changed",
    ),
    "the effect": (
        lambda lines: swapped(lines, '"effect": "disarms"', '"effect": "rearms"'),
        "what would be done changed",
    ),
    "cut": (lambda lines: lines[:-3], "the end is missing"),
    "only the checksum": (lambda lines: [*lines[:-1], lines[-1][:-1] + "x"], "checksum is wrong"),
    "something after it": (lambda lines: [*lines, "- 1"], "something follows the checksum"),
    "no JSON": (lambda lines: swapped(lines, "section: {", "section: ["), "it is not JSON"),
    "another file": (lambda _: ["hello"], "not a file with a plan"),
    "nothing": (lambda _: [], "not a file with a plan"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("known", [False, True])
def test_a_file_that_was_edited_is_refused(
    filed: tuple[Planner, list[str]], elsewhere: Database, edit: str, known: bool
) -> None:
    planner, lines = filed
    change, said = EDITS[edit]
    place = planner.database if known else elsewhere
    before = place.rows("SELECT * FROM planned ORDER BY plan, key")
    with pytest.raises(ArgumentError, match=said):
        read_plan(place, change(lines), "plan.txt")
    assert place.rows("SELECT * FROM planned ORDER BY plan, key") == before
    assert planner.sent() == []


def test_control_characters_are_spelt_out(planner: Planner) -> None:
    plan, _ = planner.dry("unmark-false-positives", indicators=["=cmd()", "a\u202eb\x9bm.example"],
                          unmark_detections=False)  # fmt: skip
    lines = list(file_lines(planner.database, plan))
    assert all(line.isprintable() for line in lines)
    assert r'- {"value": "a\u202eb\u009bm.example"}' in lines


# What a person reads is what is done


def forged(database: Database, plan: StoredPlan, **header: Any) -> StoredPlan:
    """Return a plan as somebody makes it who knows this program: each hash and sum made anew."""
    made = replace(plan, header={**plan.header, **header})
    sums, _ = sums_of_plan(database, plan.plan, made.header["sections"])
    made = replace(made, header={**made.header, **sums})
    parts = dict(made.header["parts"])
    lines = lines_with_effects(database, plan.plan, made.header["sections"])
    parts |= {"removals": removals_part(lines), **told_parts(made)}
    return replace(made, hash=plan_hash(parts), header={**made.header, "parts": parts})


def test_a_value_that_was_exchanged_in_a_file_is_noticed(
    planner: Planner, other: Planner, tmp_path: Path
) -> None:
    _, lines = file_of(planner, tmp_path)
    edited = [
        line.replace('"malware.example"', '"harmless.example"')
        if line.startswith('- {"id"')
        else line
        for line in lines
    ]
    assert edited != lines
    with pytest.raises(ArgumentError, match="what would be done changed"):
        read_plan(other.database, edited, "plan.txt")
    assert planner.sent() == []


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


def test_the_same_plan_made_again_has_the_same_hash(planner: Planner) -> None:
    first, _ = planner.dry(indicators=IOCS)
    again, _ = planner.dry(indicators=list(reversed(IOCS)))
    assert (again.hash, again.plan != first.plan) == (first.hash, True)


@pytest.mark.parametrize("name", ["plan", "created", "expires"])
def test_which_plan_it_is_and_its_time_are_compared(planner: Planner, name: str) -> None:
    plan, _ = planner.dry(indicators=IOCS)
    wrong: dict[str, Any] = {
        "plan": "20260101-000000-aaaaaa",
        "created": "2026-01-01T00:00:00.000Z",
        "expires": "2099-01-01T00:00:00.000Z",
    }
    other = replace(plan, **{name: wrong[name]})
    with planner.database.transaction() as connection:
        connection.execute("UPDATE planned SET plan = ?", (other.plan,))
    with pytest.raises(ArgumentError, match=f"what it says of {name} was changed|it expired at"):
        planner.apply(other)


def test_the_settings_bound_the_time_of_a_plan(planner: Planner) -> None:
    planner.document["plan"] = {"expires": "90d"}
    plan, _ = planner.dry(indicators=IOCS)
    now = datetime.now(timezone.utc) + timedelta(days=2)
    check_plan(planner.database, INTEGRATION, planner.settings, plan, {}, now)
    del planner.document["plan"]
    with pytest.raises(ArgumentError, match="by the settings it expired at"):
        check_plan(planner.database, INTEGRATION, planner.settings, plan, {}, now)


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
