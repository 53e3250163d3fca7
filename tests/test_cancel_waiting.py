"""What waits, for a person or for its next try, ends soon once it is cancelled."""

from concurrent.futures import Future
from contextlib import closing
from time import sleep
from typing import Any

import pytest

from cancelling import Site, expect_cancelled, sandbox, site
from holding import LONGEST
from ioc_removal.errors import ArgumentError
from ioc_removal.operations.approval import approve
from ioc_removal.operations.run import run_approved
from ioc_removal.store.cancelling import cancellation
from ioc_removal.store.database import Database
from ioc_removal.store.runs import Requester
from killing import deletions
from written import REMOVING, RETRYING

__all__ = ["sandbox", "site"]


def test_what_was_only_to_be_planned_is_not_done_when_that_is_cancelled(site: Site) -> None:
    site.document["approval"] = {"approvers": ["bob"], "disarms": 1}
    site.sandbox.hold("GET")
    running = site.run(by=run_approved)
    site.sandbox.has_come()
    cancelling = site.cancel()
    site.sandbox.go_on()
    record = cancelling.result(LONGEST)
    assert running.result(LONGEST) == record
    expect_cancelled(site, record)
    assert not deletions(site.sandbox)
    assert site.database.rows("SELECT count(*) FROM runs") == [(1,)]


def test_a_run_that_waits_for_a_person_is_ended_and_asks_nothing_more(site: Site) -> None:
    site.document["approval"] = {"approvers": ["bob"]}
    path = site.folder / "asking.yml"
    path.write_text(ASKING)
    waiting = site.run(str(path)).result(LONGEST)
    assert waiting["status"] == "waiting"
    record = site.cancel().result(LONGEST)
    expect_cancelled(site, record)
    assert record["result"] == "failed"
    with pytest.raises(ArgumentError, match="asks nothing now: it was cancelled by anna"):
        approve(site.database, site.settings, record["run"], Requester("bob", "bob"))
    assert not deletions(site.sandbox)


@pytest.mark.parametrize("what", ["request", "task", "person"])
def test_a_run_that_pauses_ends_soon(site: Site, what: str) -> None:
    """Each would last longer than the test."""
    path, more = site.folder / "pausing.yml", dict[str, Any]()
    if what == "request":
        site.sandbox.misbehave(method="DELETE", status=429, headers={"Retry-After": "250"}, times=9)
        path.write_text(REMOVING)
    elif what == "task":
        site.sandbox.misbehave(path="suppliers", method="GET", status=404, times=9)
        path.write_text(RETRYING)
    else:
        site.document["approval"] = {"approvers": ["bob"]}
        path.write_text(ASKING)
        asked = Future[None]()

        def attend(ask: Any) -> bool:
            asked.set_result(None)
            with closing(Database(site.store)) as database:
                while cancellation(database, ask.run) is None:
                    sleep(0.01)
            return True

        more = {"attend": attend}
    running = site.run(str(path), **more)
    run = site.began.result(LONGEST)
    if what == "person":
        asked.result(LONGEST)
    else:
        while not any(row["status"] in {429, 404} for row in site.sandbox.requests):
            assert not running.done(), running.result()
            sleep(0.01)
    record = site.cancel().result(LONGEST)
    assert running.result(LONGEST)["run"] == run
    counts = {"failed": 3, "refused": 9} if what == "request" else {}
    expect_cancelled(site, record, **counts)


ASKING = """\
version: 1.0
input: [indicators]
tasks:
  ask:
    action: core.ask
    next:
      - when: "{{ succeeded() and result().response.continue }}"
        do: remove
      - when: "{{ not succeeded() or not result().response.continue }}"
        do: noop
  remove:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx('indicators') }}"}
"""
