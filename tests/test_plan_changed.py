"""A plan is refused when settings, catalogue or playbook changed since, or its time is over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.operations.plan_check import check_plan
from planning import INTEGRATION, IOCS, Planner, planner

__all__ = ["planner"]


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
