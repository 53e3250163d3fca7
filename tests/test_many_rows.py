"""Rows that are too many for memory are told, kept and compared as few are."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_removal import batches, spool
from ioc_removal.connection import Connection
from ioc_removal.handlers import report, secmaster_listing
from ioc_removal.handlers.local import report_outcomes
from ioc_removal.handlers.secmaster_listing import Distinct, Listing, compared
from ioc_removal.indicators.normal import normalised
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import OUTCOMES, worst
from ioc_removal.playbooks import limits
from ioc_removal.playbooks.expressions import expression
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.spool import LongTexts, Spool, kept, texts_of
from ioc_removal.store import output_rows as stored
from ioc_removal.store import pieces, sets
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.output_rows import output_rows, set_of_outputs
from ioc_removal.store.sets import by_reference
from ioc_removal.store.verification import Verification
from test_cases import EVERY, test_case

INTEGRATION = load_integration()
SEARCH = "secmaster-indicators-search"
READS = [case for case in EVERY if case.values[0] in {SEARCH, "outcomes-report"}]
IOCS = ["192.0.2.10", "malware.example", "nowhere.example", "203.0.113.7", "NOWHERE.example"]
VALUES = st.sampled_from(["a.example", "A.example", "b.example", "192.0.2.1", "odd text", ""])
IDS = st.sampled_from([*"abcdefg", "with\nline", "\u00fc"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=3), some),
    max_leaves=5,
)


@pytest.fixture
def little() -> Iterator[None]:
    """Take two rows for many."""
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        yield


def lessen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spool, "ROWS_IN_MEMORY", 2)
    patch.setattr(spool, "WRITTEN_AT_ONCE", 80)
    patch.setattr(report, "LINES_IN_MEMORY", 2)
    patch.setattr(report, "KEY_MARKS", 8)
    patch.setattr(report, "KEY_PARTS", 3)
    patch.setattr(secmaster_listing, "LISTED_IN_MEMORY", 1)
    patch.setattr(secmaster_listing, "KNOWN_IN_MEMORY", 1)
    patch.setattr(secmaster_listing, "FORM_MARKS", 8)
    patch.setattr(secmaster_listing, "FORM_PARTS", 3)
    patch.setattr(batches, "KNOWN", 1)
    patch.setattr(limits, "MOST_IN_MEMORY", 2)
    patch.setattr(stored, "AT_ONCE", 2)
    patch.setattr(sets, "AT_ONCE", 2)
    patch.setattr(pieces, "MOST", 2)
    patch.setattr(pieces, "READ_AT_ONCE", 2)


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("name", "case"), READS)
def test_a_case_of_a_read_is_the_same_for_many(name: str, case: Mapping[str, Any]) -> None:
    test_case(name, case)


@given(st.lists(st.tuples(st.integers(0, 2), JSON), max_size=30))
def test_a_spool_gives_back_what_was_added(added: list[tuple[int, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        parts = Spool(3)
        for part, value in added:
            parts.add(value, part)
            assert value in parts
        for part in range(3):
            own = [value for at, value in added if at == part]
            for _ in range(2):
                assert list(parts.values(part)) == own
            assert list(parts.lines(part)) == [json.dumps(value) for value in own]
        assert len(parts) == len(added)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
@pytest.mark.usefixtures("little")
def test_rows_are_kept_whether_few_or_many(count: int) -> None:
    rows = [{"value": f"\u00fc{at}", "at": at} for at in range(count)]
    found = kept(row for row in rows)
    assert isinstance(found, tuple) == (count < 2)
    assert list(found) == list(found) == rows
    assert len(found) == count
    assert list(texts_of(found)) == [json.dumps(row) for row in rows]


@given(st.lists(st.text(max_size=3), max_size=8), st.integers(-9, 9), st.integers(-9, 9))
def test_long_texts_are_a_list(texts: list[str], one: int, other: int) -> None:
    found = LongTexts(texts)
    assert found == texts
    assert (len(found), list(reversed(found)), repr(found)) == (
        len(texts), texts[::-1], repr(texts),
    )  # fmt: skip
    for part in (slice(one, other), slice(None, None, -1), slice(one, None, 2)):
        assert found[part] == texts[part]
    if -len(texts) <= one < len(texts):
        assert found[one] == texts[one]
    else:
        with pytest.raises(IndexError):
            found[one]
    assert by_reference({"ids": [found]}) == {"ids": [texts]}
    assert by_reference({"ids": found}, leaves=False)["ids"] is found


@given(st.lists(st.sampled_from(["a", " a", "b", "c "]), min_size=1))
def test_long_texts_are_prepared_as_a_list(texts: list[str]) -> None:
    document = {"connections": {"secmaster": {"system": "secmaster", "url": "http://127.0.0.1:9",
                "auth": {"type": "iam_token", "token": "made-up-token"}}}}  # fmt: skip
    connection = Connection(
        "secmaster", settings_from(document, "a test"), INTEGRATION.systems["secmaster"]
    )
    action = INTEGRATION.bind("secmaster-indicators-delete", connection)
    place = {"project_id": "p", "workspace_id": "w"}
    few = action.prepare({**place, "batch_ids": texts})
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        many = action.prepare({**place, "batch_ids": LongTexts(texts)})
    assert list(many.items) == list(few.items)
    assert (many.size, many.duplicates) == (few.size, few.duplicates)
    assert [batch.items for batch in many] == [batch.items for batch in few]


EXPRESSIONS = (
    "some() | list", "some() | list + ['x']", "['x'] + some() | list", "(some() | list) + some()",
    "some() | list | length", "(some() | list) == some()", "some() | list | last",
    "some() | list | unique | list", "'a' in some() | list", "(some() | list)[1:]",
    "some() | list | tojson", "some() | list | string", "(some() | list).count('a')",
    "some() | list | select | list is sequence", "(some() | list)[0]", "some() | list | join('-')",
)  # fmt: skip


@pytest.mark.parametrize("source", EXPRESSIONS)
@pytest.mark.parametrize("some", [["a", "b", "c", "a"], ["a", "b", 3, "d"], ["a", "b", "c", [1]]])
def test_an_expression_of_many_texts_is_that_of_few(source: str, some: list[Any]) -> None:
    functions = {"some": lambda: some}
    try:
        expected = expression(source).value(functions)
    except TypeError as error:
        expected = str(error)
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        try:
            found = expression(source).value(functions)
        except TypeError as error:
            found = str(error)
    assert found == expected


def test_a_full_disk_is_told_in_one_line() -> None:
    code = (
        "import resource; from ioc_removal.spool import Spool; from ioc_removal.errors import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); rows = Spool()\n"
        "try:\n    [rows.add('x' * 1000) for _ in range(1000)]\n"
        "except StoreError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rows cannot be kept in a temporary file: File too large; free ")
    assert done.stdout.count("\n") == 1
    assert not done.stderr


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


@given(st.lists(VALUES, max_size=30))
def test_what_is_distinct_of_many_is_that_of_few(values: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        found = Distinct(values)
        assert list(found) == list(found) == list(dict.fromkeys(values))
        assert len(found) == len(set(values))


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
