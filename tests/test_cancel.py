"""A run that is cancelled sends nothing more, whatever it is at, and its numbers add up."""

from collections import Counter
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import pytest

from cancelling import BY, INTEGRATION, VALUES, Site, expect_cancelled, sandbox, site
from holding import LONGEST
from ioc_removal.errors import ArgumentError
from ioc_removal.operations.apply import apply_plan
from ioc_removal.operations.cancel import cancel_run
from ioc_removal.operations.undo import undo_run
from ioc_removal.store.database import Database
from ioc_removal.store.plans import get_plan
from ioc_removal.store.runs import Requester, get_run
from ioc_removal.trust.terms import Terms
from killing import deletions

__all__ = ["sandbox", "site"]
BOTH = ["InternalTI", "TriageFeed"]


def test_a_run_lets_what_is_in_flight_end_and_sends_nothing_more(site: Site) -> None:
    site.sandbox.hold("DELETE", skip=1)
    running = site.run()
    site.sandbox.has_come()
    cancelling = site.cancel()
    with (
        closing(Database(site.store)) as other,
        pytest.raises(ArgumentError, match=r"was cancelled already, at .*: cancelled by anna"),
    ):
        cancel_run(other, INTEGRATION, site.began.result(), BY)
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert running.result(LONGEST) == record
    asked = len(site.sandbox.requests)
    assert len(deletions(site.sandbox)) == 2
    expect_cancelled(site, record, removed=6, refused=6)
    assert record["result"] == "partial"
    with pytest.raises(ArgumentError, match="was cancelled already"):
        cancel_run(site.database, INTEGRATION, record["run"], BY)
    assert len(site.sandbox.requests) == asked
    undone, _ = undo_run(site.database, INTEGRATION, site.settings, record["run"])
    assert undone["counts"] == {"added": 6}
    assert sorted(site.sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]) == sorted(VALUES)


def test_what_a_plan_names_is_told_of_to_the_last(site: Site) -> None:
    planned = site.run(terms=Terms(dry_run=True), suppliers=BOTH).result(LONGEST)
    site.began = Future()
    plan = get_plan(site.database, planned["plan"]["plan"])
    site.sandbox.hold("DELETE", skip=1)

    def apply() -> dict[str, Any]:
        with closing(Database(site.store)) as database:
            began = site.began.set_result
            return apply_plan(database, INTEGRATION, site.settings, plan, began=began)[0]

    applying = site.pool.submit(apply)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert applying.result(LONGEST) == record
    assert planned["counts"]["planned"] == 2 * len(VALUES)
    absent = record["counts"].get("absent", 0)  # of the other supplier, if that came first
    done = {
        name: count for name, count in {"removed": 6 - absent, "absent": absent}.items() if count
    }
    expect_cancelled(site, record, refused=2 * len(VALUES) - 6, **done)


def test_tasks_beside_each_other_let_what_each_has_in_flight_end(site: Site) -> None:
    site.document["connections"]["cybertrace"]["limits"] = {"items": 3, "in_flight": 2}
    path = site.folder / "beside.yml"
    path.write_text(BESIDE)
    site.sandbox.hold("DELETE", skip=1)  # whose answer shows that the credentials are right
    site.run(str(path))
    for _ in range(2):
        site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert len(deletions(site.sandbox)) == 3  # not what waited for its turn
    assert record["counts"].pop("refused") == 2 * len(VALUES) - 9
    assert sum(record["counts"].values()) == 9
    assert record["counts"].keys() <= {"removed", "absent"}


def test_of_many_chunks_no_other_is_begun(site: Site) -> None:
    site.document["connections"]["cybertrace"]["limits"] = {"items": 1, "in_flight": 1}
    values = [f"host{number}.example" for number in range(70)]  # three chunks
    site.sandbox.hold("DELETE", skip=1)
    site.run(values=values)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    expect_cancelled(site, cancelling.result(LONGEST), removed=2, refused=68)
    assert len(deletions(site.sandbox)) == 2


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_single_call_can_be_cancelled(site: Site, dry_run: bool) -> None:
    site.sandbox.hold("POST" if dry_run else "DELETE", skip=1)
    calling = site.call(dry_run=dry_run)
    site.sandbox.has_come()
    cancelling = site.cancel()
    if not dry_run:
        site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    site.sandbox.go_on()
    assert calling.result(LONGEST) == record
    name = "planned" if dry_run else "removed"
    done = record["counts"][name]
    expect_cancelled(site, record, **{name: done, "refused": len(VALUES) - done})
    assert set(Counter(row["value"] for row in record["outcomes"]).values()) == {1}


def test_an_undo_can_be_cancelled_and_its_rows_be_put_back_by_another(site: Site) -> None:
    run = site.run().result(LONGEST)["run"]
    site.began = Future()
    site.sandbox.hold("PUT", skip=1)

    def undo() -> dict[str, Any]:
        with closing(Database(site.store)) as database:
            record, _ = undo_run(
                database, INTEGRATION, site.settings, run, began=site.began.set_result
            )
            return record

    undoing = site.pool.submit(undo)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert undoing.result(LONGEST) == record
    done = record["counts"]["added"]
    expect_cancelled(site, record, added=done, refused=len(VALUES) - done)
    again, _ = undo_run(site.database, INTEGRATION, site.settings, run)
    assert again["counts"] == {"added": len(VALUES) - done}


def test_who_cancels_says_why_and_of_which_run(site: Site) -> None:
    done = site.run().result(LONGEST)["run"]
    for run, reason, said in (
        ("20990101-", "wrong", "there is no run '20990101-'"),
        (done, " ", "--reason: say why, in a few words"),
        (done, "wrong", r"has ended \((partial|succeeded)\): nothing is left to be cancelled"),
    ):
        by = Requester("anna", "root", None, reason)
        with pytest.raises(ArgumentError, match=said):
            cancel_run(site.database, INTEGRATION, run, by)
    assert get_run(site.database, done).details.get("cancelled") is None


BESIDE = """\
version: 1.0
input: [indicators]
tasks:
  begin:
    action: core.noop
    next:
      - do: [first, second]
  first:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx('indicators') }}"}
  second:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: TriageFeed, indicators: "{{ ctx('indicators') }}"}
"""
