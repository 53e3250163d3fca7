"""Many outcomes become the set that a playbook sees when they are first read; and their sums."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.integration import load_integration
from ioc_removal.operations.run import run_playbook
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.settings import settings_from
from ioc_removal.store import outcome_sets, results
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.results import run_summary
from ioc_removal.store.run_outcomes import outcome_rows
from ioc_removal.store.set_digest import set_digest
from ioc_removal.store.sets import StoredSet, write_set
from ioc_removal.store.verification import Verification

VALUES = [f"host{number}.example" for number in range(23)]
PLAYBOOK = """\
version: 1.0
input: [indicators]
vars:
  - read: null
output:
  - read: "{{ ctx().read }}"
tasks:
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().indicators }}"}
    next:
      - when: "{{ completed() }}"
        publish:
          - read: "{{ EXPRESSION }}"
"""
NAME = "outcomes of remove"
SIZE = "SELECT size FROM sets WHERE name = ?"
ITEMS = "SELECT count(*) FROM pieces WHERE name = ?"


@pytest.fixture
def database(store: Location, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A store for which ten outcomes are many."""
    monkeypatch.setattr(outcome_sets, "FEW", 10)
    database = Database(store)
    yield database
    database.close()


def run(database: Database, folder: Path, expression: str, **inputs: Any) -> dict[str, Any]:
    path = folder / "remove.yml"
    path.write_text(PLAYBOOK.replace("EXPRESSION", expression))
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": VALUES[:20]}
    with Sandbox(seed) as sandbox:
        settings = settings_from(sandbox.settings(), "the sandbox")
        record, _ = run_playbook(
            database, load_integration(), settings, str(path), {"indicators": VALUES, **inputs}
        )
    assert (record["counts"], record["errors"]) == ({"removed": 20, "absent": 3}, [])
    return record


def test_what_no_task_reads_is_not_written(database: Database, tmp_path: Path) -> None:
    record = run(database, tmp_path, "result().result.outcomes | length")
    assert record["output"] == {"read": 23}
    assert database.rows(ITEMS, (NAME,)) == [(0,)]
    assert Verification(database).verify().intact


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("result().result.outcomes | map(attribute='value') | list", VALUES),
        ("result().result.outcomes[0].value", VALUES[0]),
        ("result().result.outcomes[-1].outcome", "absent"),
        ("result().result.outcomes | selectattr('outcome', 'eq', 'absent') | list | length", 3),
    ],
)
def test_what_a_task_reads_is_written_once(
    database: Database, tmp_path: Path, expression: str, expected: object
) -> None:
    record = run(database, tmp_path, expression)
    assert record["output"] == {"read": expected}
    assert (database.rows(ITEMS, (NAME,)), database.rows(SIZE, (NAME,))) == ([(1,)], [(23,)])
    assert Verification(database).verify().intact


def test_a_late_set_is_the_list_that_it_would_have_been(database: Database, tmp_path: Path) -> None:
    name = run(database, tmp_path, "1")["run"]
    expected = list(outcome_rows(database, name, "remove"))
    early = write_set(database, name, "early", expected)
    late, other = StoredSet(database, name, NAME), StoredSet(database, name, NAME)
    assert (len(late), database.rows(ITEMS, (NAME,))) == (23, [(0,)])
    walked = list(islice(late, 5))
    assert walked == expected[:5]
    assert list(late) == list(other) == list(early) == expected
    assert (late[3], late[-1], late[2:9:3]) == (expected[3], expected[-1], expected[2:9:3])
    assert expected[7] in late
    assert list(late.in_order()) == list(early.in_order())
    assert set_digest(database, name, NAME) == set_digest(database, name, "early")


def test_the_digest_of_a_late_set_is_that_of_its_rows(database: Database, tmp_path: Path) -> None:
    name = run(database, tmp_path, "1")["run"]
    rows = list(outcome_rows(database, name, "remove"))
    write_set(database, name, "early", rows)
    assert set_digest(database, name, NAME) == set_digest(database, name, "early")
    assert database.rows(ITEMS, (NAME,)) == [(1,)]


TWICE = """\
version: 1.0
input: [indicators, suppliers]
tasks:
  remove:
    with: supplier in {{ ctx().suppliers }}
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: "{{ item('supplier') }}", indicators: "{{ ctx().indicators }}"}
"""


@pytest.mark.parametrize(
    ("suppliers", "counts"),
    [
        (["InternalTI", "Feed"], {"removed": 25, "absent": 21}),
        (["InternalTI", "InternalTI"], {"removed": 20, "absent": 3}),  # the worse of two counts
    ],
)
def test_a_run_is_summed_up_the_same_with_and_without_a_look_at_each_outcome(
    suppliers: list[str],
    counts: dict[str, int],
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "remove.yml"
    path.write_text(TWICE)
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": VALUES[:20]}
    seed["cybertrace"]["suppliers"]["Feed"] = {"indicators": VALUES[:5]}
    with Sandbox(seed) as sandbox:
        settings = settings_from(sandbox.settings(), "the sandbox")
        inputs = {"indicators": VALUES, "suppliers": suppliers}
        record, _ = run_playbook(database, load_integration(), settings, str(path), inputs)
    name, calls = record["run"], (None, "remove[0]", "remove[1]")
    short = [vars(run_summary(database, name, call)) for call in calls]
    monkeypatch.setattr(results, "_has_each_once", lambda *_: False)
    assert short == [vars(run_summary(database, name, call)) for call in calls]
    assert short[0]["counts"] == record["counts"] == counts
