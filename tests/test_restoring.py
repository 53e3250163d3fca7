"""From the row of an outcome to what undoes it: arguments that fit, and what is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asking import PROJECT, WORKSPACE
from ioc_removal.errors import ArgumentError
from ioc_removal.handlers.restorings import RESTORINGS
from ioc_removal.integration import load_integration
from ioc_removal.restoring import can_be_undone
from ioc_removal.sandbox import Sandbox
from ioc_removal.trust.restoring import Undoing, undoing_of

INTEGRATION = load_integration()
POLICY = {"policy_id": "6d392034d94c4e8a95a78c98127453b6"}
UNDONE = [action for action in INTEGRATION.definitions.values() if action.undo]


def undoing(action: str, row: dict[str, Any], **given: Any) -> Undoing:
    return undoing_of(INTEGRATION, action, {"outcome": "removed", **row}, given)


def problems(how: Undoing) -> list[str]:
    given = {"project_id": PROJECT, **how.restoring.arguments}
    known = how.action.schema.part["properties"]
    return list(how.action.schema.problems({k: v for k, v in given.items() if k in known}))


def test_whatever_acts_can_be_undone_by_an_action_of_its_system() -> None:
    for action in INTEGRATION.definitions.values():
        if not action.acts:
            assert (action.undo, action.undo_by, action.undo_then) == (None, None, None)
            continue
        assert action.undo
        assert action.undo_by in RESTORINGS
        for name in filter(None, (action.undo, action.undo_then)):
            other = INTEGRATION.definition(name)
            assert other.system == action.system
            assert other.acts
            assert other.undo, "an undo can be undone"
        opposite = {"removes": "adds", "adds": "removes", "changes": "changes"}
        assert INTEGRATION.definition(action.undo).does == opposite[action.does]
    assert {action.undo_by for action in UNDONE} == RESTORINGS.keys()


def test_what_was_done_can_be_undone_and_what_may_be_ours() -> None:
    assert can_be_undone({"outcome": "removed"})
    assert can_be_undone({"outcome": "absent", "maybe_ours": True})
    assert not can_be_undone({"outcome": "absent"})
    assert not can_be_undone({"outcome": "unknown"})


def test_an_indicator_goes_back_to_its_supplier() -> None:
    row = {"value": "a.example", "supplier": "InternalTI"}
    how = undoing("cybertrace-indicators-delete", row)
    assert how.action.name == "cybertrace-indicators-add"
    assert how.restoring.arguments == {"supplier": "InternalTI", "indicators": ["a.example"]}
    assert how.item == "a.example"
    assert "its tags" in how.restoring.not_restored
    assert "its context" in how.restoring.not_restored
    assert not problems(how)


def category(supplier: str, value: str, **context: str) -> dict[str, Any]:
    fields = {"supplier_name": supplier, **context}
    return {"category": f"KL_{supplier}_URL", "detected_indicator": value, "context": fields}


def test_a_context_goes_back_when_it_is_clear_whose_it_is() -> None:
    row: dict[str, Any] = {"value": "http://A.example/", "supplier": "InternalTI"}
    own = category("InternalTI", "a.example", threat="X")
    other = category("TriageFeed", "a.example", threat="Y")
    row["snapshot"] = {"result": "detected", "categories": [other, own]}
    how = undoing("cybertrace-indicators-delete", row)
    assert how.restoring.arguments["context"] == {"http://A.example/": {"threat": "X"}}
    assert "its context" not in how.restoring.not_restored
    assert not problems(how)


@pytest.mark.parametrize(
    "categories",
    [
        [category("InternalTI", "a.example", t="1"), category("InternalTI", "a.example", t="2")],
        [category("TriageFeed", "a.example", t="1")],
        [category("InternalTI", "*.example", t="1")],
        [{"category": "KL_InternalTI_URL", "detected_indicator": "a.example", "context": ["x"]}],
        ["odd"],
        None,
    ],
)
def test_a_context_that_is_not_clear_is_said_to_be_lost(categories: Any) -> None:
    row: dict[str, Any] = {"value": "a.example", "supplier": "InternalTI"}
    row["snapshot"] = {"result": "detected", "categories": categories}
    how = undoing("cybertrace-indicators-delete", row)
    assert "context" not in how.restoring.arguments
    assert "its context" in how.restoring.not_restored


def test_a_false_positive_has_no_context_and_its_detections_stay() -> None:
    row: dict[str, Any] = {"value": "a.example", "supplier": "FalsePositive"}
    row["snapshot"] = {"categories": [category("FalsePositive", "a.example", threat="X")]}
    for given_, lost in ((True, True), (False, False), (None, False)):
        how = undoing("cybertrace-false-positives-unmark", row, unmark_detections=given_)
        assert how.restoring.arguments == {"supplier": "FalsePositive", "indicators": ["a.example"]}
        assert any("detections" in text for text in how.restoring.not_restored) == lost
        assert not problems(how)


def test_each_indicator_of_the_sandbox_can_be_created_again() -> None:
    with Sandbox() as sandbox:
        rows = [r for rows in sandbox.state()["secmaster"]["workspaces"].values() for r in rows]
    for raw in rows:
        row = {"id": raw["id"], "workspace_id": WORKSPACE, "snapshot": raw}
        how = undoing("secmaster-indicators-delete", row)
        assert not problems(how)
        made = how.restoring.arguments["data_object"]
        shown = raw["data_object"]
        assert not {"id", "create_time", "update_time", "is_deleted"} & made.keys()
        for name in ("value", "verdict", "status", "confidence", "labels", "indicator_type"):
            assert made.get(name) == (shown.get(name) or None)
        assert how.name == shown["value"]
        assert made["granular_marking"] == str(shown["granular_marking"])


def secmaster(**shown: Any) -> Undoing:
    shown = {"value": "192.0.2.1", "name": "n", "verdict": "Black", **shown}
    shown.setdefault("indicator_type", {"indicator_type": "IPv4", "id": "t" * 32})
    raw = {"id": "1" * 32, "project_id": PROJECT, "data_object": shown}
    row = {"id": "1" * 32, "workspace_id": WORKSPACE, "snapshot": raw}
    return undoing("secmaster-indicators-delete", row)


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("2023-10-24T17:23:55.000+08:00", "2023-10-24T17:23:55.000Z+0800"),
        ("2023-10-24T17:23:55.000-0330", "2023-10-24T17:23:55.000Z-0330"),
        ("2023-10-24T09:23:55Z", "2023-10-24T09:23:55Z+0000"),
        ("2023-10-24T17:23:55.000Z+0800", "2023-10-24T17:23:55.000Z+0800"),
        ("2023-10-24 17:23:55", "2023-10-24T17:23:55Z+0000"),
        ("2023-10-24 17:23:55.5 +08:00", "2023-10-24T17:23:55.5Z+0800"),
        ("1698139435", "2023-10-24T09:23:55.000Z+0000"),
        (1698139435001, "2023-10-24T09:23:55.001Z+0000"),
    ],
)
def test_times_are_written_as_they_are_taken(shown: Any, written: str) -> None:
    how = secmaster(first_report_time=shown)
    assert how.restoring.arguments["data_object"]["first_report_time"] == written
    assert not problems(how)


def test_a_time_without_a_zone_is_said_to_be_taken_for_utc() -> None:
    for shown, said in (("2023-10-24 17:23:55", True), ("2023-10-24 17:23:55Z", False)):
        how = secmaster(first_report_time=shown)
        assert any("taken for UTC" in text for text in how.restoring.not_restored) == said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("first_report_time", "yesterday"),
        ("first_report_time", "2023-13-24T17:23:55Z"),
        ("last_report_time", ["2023-10-24"]),
        ("last_report_time", 1.5),
        ("confidence", 120),
        ("confidence", "high"),
        ("labels", ["a", "b"]),
        ("labels", "x" * 65),
        ("status", "Paused"),
        ("defanged", "no"),
        ("environment", ["odd"]),
        ("granular_marking", True),
    ],
)
def test_a_field_of_an_odd_form_is_left_out_and_named(name: str, shown: Any) -> None:
    how = secmaster(**{name: shown})
    assert name not in how.restoring.arguments["data_object"]
    assert f"its {name}, in a form that is not known" in how.restoring.not_restored
    assert not problems(how)


@pytest.mark.parametrize("name", ["first_report_time", "labels", "status", "confidence"])
def test_an_empty_field_is_left_out(name: str) -> None:
    how = secmaster(**{name: ""})
    assert name not in how.restoring.arguments["data_object"]
    assert not any(name in text for text in how.restoring.not_restored)
    assert not problems(how)


def test_what_has_another_form_but_is_clear_goes_back() -> None:
    how = secmaster(confidence="80", granular_marking=2, indicator_type={"indicator_type": "IPv4"},
                    data_source={"source_type": "1", "domain_id": "x" * 65})  # fmt: skip
    made = how.restoring.arguments["data_object"]
    assert (made["confidence"], made["granular_marking"]) == (80, "2")
    assert made["data_source"] == {"source_type": 1}
    assert "its data_source.domain_id, in a form that is not known" in how.restoring.not_restored
    assert not problems(how)


@pytest.mark.parametrize("name", [None, "", "n" * 65])
def test_an_indicator_without_a_name_that_is_taken_goes_back_under_its_value(name: Any) -> None:
    how = secmaster(name=name, value="192.0.2.9")
    assert how.restoring.arguments["data_object"]["name"] == "192.0.2.9"
    assert "its name, in place of which it has its value" in how.restoring.not_restored
    assert not problems(how)


def test_what_no_new_indicator_takes_is_named() -> None:
    how = secmaster(expire_time="x", owner={"a": 1}, is_deleted=False, revoked=None,
                    environment={"vendor_type": "v", "odd": 1})  # fmt: skip
    texts = " ".join(how.restoring.not_restored)
    assert "its expire_time," in texts
    assert "its owner," in texts
    assert "its environment.odd," in texts
    assert "is_deleted" not in texts
    assert "revoked" not in texts
    assert not problems(how)


def test_a_value_that_may_be_too_long_is_said_to_be() -> None:
    for length, said in ((128, False), (129, True)):
        how = secmaster(value="a" * length)
        assert how.name == "a" * length
        assert any("its value" in text for text in how.restoring.not_restored) == said


def test_a_rule_goes_back_and_is_switched_off_again() -> None:
    raw = {
        "id": "r" * 32,
        "policyid": "p",
        "name": "n",
        "timestamp": 1,
        "description": "",
        "status": 0,
        "type": "idc",
        "tags": ["AliCloud"],
        "action": {"category": "log"},
    }
    row = {"id": "r" * 32, **POLICY, "snapshot": raw}
    how = undoing("waf-ip-reputation-rule-delete", row, project_id=PROJECT)
    assert {"name", "type", "tags", "action"} <= how.restoring.arguments.keys()
    assert not {"id", "timestamp", "status", "policyid"} & how.restoring.arguments.keys()
    assert how.restoring.then == {**POLICY, "project_id": PROJECT, "status": 0}
    assert how.then
    assert how.then.name == "waf-ip-reputation-rule-status-set"
    assert not problems(how)
    odd = {**raw, "aging_time": 7, "action": {"category": "log", "odd": 1}}
    more = undoing("waf-ip-reputation-rule-delete", {**row, "snapshot": odd}, project_id=PROJECT)
    assert more.restoring.arguments == how.restoring.arguments
    assert more.restoring.not_restored[-2:] == (
        "its action.odd, which no new rule takes",
        "its aging_time, which no new rule takes",
    )
    row["snapshot"] = {**raw, "status": 1}
    assert undoing("waf-ip-reputation-rule-delete", row, project_id=PROJECT).then is None


def test_a_status_goes_back_to_what_it_was() -> None:
    row: dict[str, Any] = {"id": "1" * 32, "workspace_id": WORKSPACE, "outcome": "changed"}
    row["snapshot"] = {"id": "1" * 32, "data_object": {"status": "Open"}}
    for name in ("secmaster-indicators-close", "secmaster-indicator-status-set"):
        how = undoing(name, row)
        assert how.restoring.arguments["status"] == "Open"
        assert not problems(how)


def test_what_was_added_is_taken_away() -> None:
    added = {"outcome": "added", "id": "2" * 32, "value": "v", "workspace_id": WORKSPACE}
    how = undoing("secmaster-indicator-create", added, project_id=PROJECT)
    assert how.restoring.arguments["batch_ids"] == ["2" * 32]
    assert not problems(how)
    rule = {"outcome": "added", "id": "2" * 32, "value": "v", **POLICY}
    how = undoing("waf-ip-reputation-rule-create", rule, project_id=PROJECT)
    assert how.restoring.arguments["rule_id"] == "2" * 32
    assert not problems(how)
    value = {"outcome": "added", "value": "a.example", "supplier": "FalsePositive"}
    how = undoing("cybertrace-indicators-add", value)
    assert how.restoring.arguments == {"supplier": "FalsePositive", "indicators": ["a.example"]}


@pytest.mark.parametrize(
    ("action", "row"),
    [
        ("secmaster-indicators-delete", {"id": "1", "workspace_id": "w"}),
        ("secmaster-indicators-delete", {"id": "1", "workspace_id": "w", "snapshot": {"id": "1"}}),
        ("secmaster-indicators-close", {"id": "1", "workspace_id": "w"}),
        ("secmaster-indicator-create", {"value": "v", "workspace_id": "w"}),
        ("waf-ip-reputation-rule-delete", {"id": "1", "policy_id": "p"}),
        ("waf-ip-reputation-rule-create", {"value": "n", "policy_id": "p"}),
        ("cybertrace-suppliers-list", {"value": "n"}),
    ],
)
def test_what_nothing_tells_cannot_be_undone(action: str, row: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"cannot be|nothing undoes"):
        undoing(action, row)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)


@given(snapshot=JSON | st.fixed_dictionaries({"data_object": JSON, "categories": JSON}))
def test_an_odd_snapshot_is_refused_or_leads_to_arguments(snapshot: Any) -> None:
    for action in UNDONE:
        row = {"outcome": "removed", "value": "v", "id": "1", "supplier": "InternalTI",
               "workspace_id": "w", "policy_id": "p", "snapshot": snapshot}  # fmt: skip
        try:
            how = undoing(action.name, row)
        except ArgumentError:
            continue
        assert how.restoring.arguments
