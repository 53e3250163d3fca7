"""Rows that are too many for memory are searched, reported and compared as few are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_removal.connection import Connection
from ioc_removal.handlers import report
from ioc_removal.handlers.local import report_outcomes
from ioc_removal.handlers.secmaster_listing import Listing, compared
from ioc_removal.indicators.normal import normalised
from ioc_removal.operations.call import call_action
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import OUTCOMES, worst
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.output_rows import output_rows, set_of_outputs
from ioc_removal.store.verification import Verification
from lessened import IDS, INTEGRATION, VALUES, lessen, little
from test_cases import EVERY, test_case

__all__ = ["little"]
SEARCH = "secmaster-indicators-search"
READS = [case for case in EVERY if case.values[0] in {SEARCH, "outcomes-report"}]
IOCS = ["192.0.2.10", "malware.example", "nowhere.example", "203.0.113.7", "NOWHERE.example"]


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("name", "case"), READS)
def test_a_case_of_a_read_is_the_same_for_many(name: str, case: Mapping[str, Any]) -> None:
    test_case(name, case)


TARGETS = st.sampled_from(
    [{"supplier": "InternalTI"}, {"workspace_id": "w"}, {"workspace_id": "w", "tenant": "t"}]
)
OUTCOME_ROWS = st.builds(
    lambda target, more: {**target, **{k: v for k, v in more.items() if v is not None}},
    TARGETS,
    st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(OUTCOMES),
            "value": st.none() | VALUES,
            "id": st.none() | IDS,
            "reason": st.none() | st.sampled_from(["why", "because"]),
        }
    ),
)
FOUND = st.fixed_dictionaries({"id": IDS, "value": VALUES})


@given(
    st.lists(OUTCOME_ROWS | st.lists(OUTCOME_ROWS, max_size=3), max_size=25),
    st.lists(FOUND | OUTCOME_ROWS, max_size=12),
)
def test_a_report_of_many_rows_is_that_of_few(
    outcomes: list[Any], resolved: list[dict[str, Any]]
) -> None:
    expected = reported(outcomes, resolved)
    assert list(report_outcomes(outcomes, resolved)) == expected
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        assert list(report_outcomes(outcomes, resolved)) == expected


def reported(outcomes: list[Any], resolved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say the same in another way: gather the rows of each key, and then look at all of them."""
    flat = [row for one in outcomes for row in (one if isinstance(one, list) else [one])]
    values = {row["id"]: row["value"] for row in resolved if "id" in row and "value" in row}
    keys: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in [*flat, *(row for row in resolved if "outcome" in row)]:
        value = row.get("value") or values.get(row.get("id")) or row.get("id", "")
        target = report.target_of(row)
        keys.setdefault((value, target), []).append(row)
    lines = []
    for (value, target), rows in keys.items():
        outcome = worst(row["outcome"] for row in rows)
        reasons = [r["reason"] for r in rows if r["outcome"] == outcome and "reason" in r]
        ids = [row["id"] for row in rows if row.get("id") not in (None, value)]
        line: dict[str, Any] = {"value": value, "target": target, "outcome": outcome}
        lines.append(
            line | ({"reason": reasons[0]} if reasons else {}) | ({"ids": ids} if ids else {})
        )
    return lines


@given(
    st.lists(st.tuples(IDS, st.none() | VALUES), max_size=25),
    st.lists(VALUES.filter(bool), unique=True),
    st.integers(-1, 1),
)
def test_many_listed_rows_are_compared_as_few(
    rows: list[tuple[str, str | None]], values: list[str], lacking: int
) -> None:
    shown = {id_: {"id": id_, **({} if value is None else {"value": value})} for id_, value in rows}
    total = len(shown) + lacking
    silent = next((id_ for id_, row in shown.items() if not row.get("value", "").strip()), None)
    doubtful = lacking or silent is not None
    expected: list[Any] = []
    for value in values:
        same = [
            row for row in shown.values() if normalised(row.get("value", "")) == normalised(value)
        ]
        expected += [{**row, "value": value} for row in same] or [value]
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        listing = Listing()
        listing.total = total
        for id_, text in rows:
            listing.add(id_, {"id": id_, **({} if text is None else {"value": text})})
        assert dict(listing) == shown
        assert list(dict(listing)) == list(shown)
        assert (len(listing), listing.whole) == (len(shown), not lacking)
        found = list(compared(listing, values))
    assert [row if "id" in row else row["value"] for row in found] == expected
    said = {row["outcome"] for row in found if "id" not in row}
    assert said <= {"unknown" if doubtful else "absent"}


def settings_of(sandbox: Sandbox) -> Any:
    return settings_from(sandbox.settings(), "the sandbox")


def searched(sandbox: Sandbox, database: Database) -> dict[str, Any]:
    connection = Connection("secmaster", settings_of(sandbox), INTEGRATION.systems["secmaster"])
    action = INTEGRATION.bind(SEARCH, connection)
    record, _ = call_action(database, action, {"values": IOCS})
    return written(record)


def written(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is the same in the records of two runs of the same, as JSON."""
    own: dict[str, Any] = json.loads(json.dumps(record, default=list))
    for name in ("run", "waiting", "calls"):
        own.pop(name, None)
    for row in own.get("outcomes", ()):
        row.pop("request_id", None)
    own.pop("context", None) if "output" in own else None
    return own


def test_a_search_is_recorded_the_same(store: Location, tmp_path: Path) -> None:
    database, plain = Database(store), Database(tmp_path / "plain.db")
    with Sandbox() as sandbox:
        expected = searched(sandbox, plain)
        with pytest.MonkeyPatch.context() as patch:
            lessen(patch)
            record = searched(sandbox, database)
            [(run,)] = database.rows("SELECT run FROM runs")
            rows = output_rows(database, run, "call")
            assert rows.listed is rows  # not in memory
            assert list(rows) == rows[:] == expected["outputs"] == rows
            assert (rows[1], rows[-1], rows[1:3]) == (rows[:][1], rows[:][-1], rows[:][1:3])
            assert rows[::-1] == rows[:][::-1]
            assert (len(rows), rows.unknown) == (len(expected["outputs"]), 0)
            assert list(output_rows(database, run, "call", 0)) == rows[:]
            assert len(output_rows(database, run, "call", 1)) == 0
            for _ in range(2):  # as after a crash
                assert list(set_of_outputs(database, run, "call", "copied")) == rows[:]
    assert record == expected
    for one in (database, plain):
        assert Verification(one).verify().intact
        one.close()


def test_a_playbook_reports_the_same(store: Location, tmp_path: Path) -> None:
    found = []
    for place, less in ((tmp_path / "plain.db", False), (store, True)):
        with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
            if less:
                lessen(patch)
            database = Database(place)
            record, _ = run_playbook(
                database,
                INTEGRATION,
                settings_of(sandbox),
                "remove-iocs-after-triage",
                {"indicators": IOCS},
            )
            assert Verification(database).verify().intact
            found.append(written(record))
            database.close()
    assert found[0] == found[1]
