"""A task's items side by side, when something goes wrong, a count is passed, or a run goes on."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holding import HoldingSandbox, holding
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from killing import LONGEST, Program, deletions, killed_after
from stores import change_by_hand

MANY, PORTION = 130, 100  # items, and how many calls are begun in one transaction
VALUES = [f"host{number}.example" for number in range(MANY)]
IN_FLIGHT = 4
UNDER_WAY = 2 * IN_FLIGHT  # in flight, or answered and not yet recorded
EACH = """\
version: 1.0
input: [indicators]
tasks:
  remove:
    with: indicator in {{ ctx().indicators }}
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: ["{{ item('indicator') }}"]}
"""
BOTH = f"""{EACH}
  other:
    with: indicator in {{{{ ctx().indicators }}}}
    action: ioc_removal.cybertrace-indicators-delete
    input: {{supplier: InternalTI, indicators: ["{{{{ item('indicator') }}}}"]}}
"""


class Items(Program):
    """A playbook with a call for each item, on one store, with some settings beside connections."""

    def __init__(self, sandbox: HoldingSandbox, folder: Path, store: Location) -> None:
        super().__init__(sandbox, folder, store=store)
        self.sandbox = sandbox
        (folder / "each.yml").write_text(EACH)
        (folder / "iocs.txt").write_text("\n".join(VALUES))
        self.words = ("run", "each.yml", "--indicators", "iocs.txt")
        self.set()

    def set(self, **more: Any) -> None:
        """Set what all connections, or the settings, have beside what leads to the sandbox."""
        document = self.sandbox.settings()
        document["connections"]["cybertrace"] |= {"limits": {"in_flight": IN_FLIGHT}}
        document["connections"]["cybertrace"] |= {"total_timeout": 5}
        (self.folder / "settings.yml").write_text(json.dumps(document | more))

    def said(self, *words: str) -> tuple[int, dict[str, Any]]:
        process = self.start(*words)
        out, _ = process.communicate(timeout=LONGEST)
        return process.returncode, json.loads(out)


@pytest.fixture
def sandbox() -> Iterator[HoldingSandbox]:
    with holding(VALUES) as sandbox:
        yield sandbox


@pytest.fixture
def items(sandbox: HoldingSandbox, tmp_path: Path, store: Location) -> Items:
    return Items(sandbox, tmp_path, store)


def expect_each_once(sandbox: HoldingSandbox, record: dict[str, Any], repeated: int = 0) -> None:
    sent = Counter(deletions(sandbox))
    assert set(sent) == {(value,) for value in VALUES}
    assert sum(sent.values()) - len(sent) <= repeated
    assert sorted(row["value"] for row in record["outcomes"]) == sorted(VALUES)
    assert {row["outcome"] for row in record["outcomes"]} <= {"removed", "absent"}
    assert record["result"] == "succeeded"


def test_a_call_that_cannot_be_read_halts_the_run_before_it(
    items: Items, sandbox: HoldingSandbox
) -> None:
    call = f"remove[{MANY - 5}]"
    change = "UPDATE batches SET items = ? WHERE call = ?"
    sandbox.hold("DELETE")
    process = items.start(*items.words)
    sandbox.has_come()
    with closing(Database(items.store)) as database:
        change_by_hand(database, "batches", change, ("[", call))
        sandbox.go_on()
        _, err = process.communicate(timeout=LONGEST)
        [run] = items.runs()
        assert process.returncode == 3
        assert f"`ioc-removal resume {run}`" in err
        assert set(deletions(sandbox)) <= {(value,) for value in VALUES[:PORTION]}
        change_by_hand(database, "batches", change, (json.dumps([VALUES[-5]]), call))
    expect_each_once(sandbox, items.record(items.start("resume", run)))


def test_a_run_that_is_cancelled_refuses_the_rest_of_its_items(
    items: Items, sandbox: HoldingSandbox
) -> None:
    sandbox.hold("DELETE", skip=20)
    process = items.start(*items.words)
    sandbox.has_come()
    [run] = items.runs()
    cancel = items.start("cancel", run, "--reason", "wrong file")
    end = time.monotonic() + LONGEST
    with closing(Database(items.store)) as database:
        query = "SELECT 1 FROM links WHERE kind = 'cancel'"
        while not database.rows(query) and time.monotonic() < end:
            time.sleep(0.02)
    time.sleep(1)  # until it is noticed
    sandbox.go_on()
    record = items.record(cancel)
    process.communicate(timeout=LONGEST)
    sent = deletions(sandbox)
    assert 20 < len(sent) <= 20 + IN_FLIGHT
    assert record["counts"] == {"removed": len(sent), "refused": MANY - len(sent)}
    assert {row["reason"] for row in record["outcomes"] if row["outcome"] == "refused"} == {
        "cancelled by root: wrong file"
    }
    assert items.said("journal", "verify")[0] == 0


def test_items_of_a_run_that_was_killed_are_sent_once(
    items: Items, sandbox: HoldingSandbox
) -> None:
    sandbox.misbehave(method="DELETE", delay=0.02, times=1_000)
    killed_after(items.start(*items.words), sandbox, 40)
    [run] = items.runs()
    expect_each_once(sandbox, items.record(items.start("resume", run)), repeated=UNDER_WAY)
    assert items.said("journal", "verify")[0] == 0


def test_the_cap_of_a_run_counts_all_items(items: Items, sandbox: HoldingSandbox) -> None:
    items.set(guards={"max_per_run": 50})
    status, record = items.said(*items.words)
    assert (status, record["counts"]) == (1, {"removed": 50, "refused": MANY - 50})
    assert len(deletions(sandbox)) == 50
    reasons = [row["reason"] for row in record["outcomes"] if row["outcome"] == "refused"]
    assert all(reason.startswith("max_per_run: ") for reason in reasons)


def test_items_above_the_count_wait_for_an_approval_of_all(
    items: Items, sandbox: HoldingSandbox
) -> None:
    approval = {"approvers": ["anna"], "four_eyes": "actors", "disarms": MANY - 1}
    items.set(approval=approval)
    status, waiting = items.said(*items.words, "--actor", "carl")
    assert (status, deletions(sandbox)) == (4, [])
    assert waiting["waiting"]["effects"] == {"disarms": MANY}
    items.record(items.start("approve", waiting["run"], "--actor", "anna"))
    expect_each_once(sandbox, items.record(items.start("resume", waiting["run"])))


def test_items_of_two_tasks_have_each_removal_of_a_plan_once(
    items: Items, sandbox: HoldingSandbox
) -> None:
    (items.folder / "each.yml").write_text(BOTH)
    plan = items.record(items.start(*items.words, "--dry-run"))["plan"]["plan"]
    sandbox.misbehave(method="DELETE", delay=0.02, times=1_000)
    killed_after(items.start("run", "--plan", plan), sandbox, 40)
    run = items.runs()[-1]
    record = items.record(items.start("resume", run))
    assert record["counts"] == {"removed": MANY} or "absent" in record["counts"]
    sent = Counter(deletions(sandbox))
    assert len(sent) == MANY
    assert sum(sent.values()) <= MANY + UNDER_WAY
    again = [row for row in record["outcomes"] if (row.get("reason") or "").startswith("done once")]
    assert len(again) == MANY
