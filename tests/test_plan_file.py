"""A plan as a file: applied where its store is not, and refused when somebody edited it."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.operations.plan_file import file_lines
from ioc_removal.operations.plan_reading import read_plan
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.database import Database
from ioc_removal.store.plans import list_plans
from planning import Planner, by_system, file_of, planner

__all__ = ["planner"]


@pytest.fixture
def other(planner: Planner, tmp_path: Path) -> Iterator[Planner]:
    """The same sandbox with another store, as on another machine."""
    other = Planner(planner.sandbox, tmp_path, "other.db")
    yield other
    other.database.close()


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
