"""Workers begin the runs of schedules: one a tick, however many workers there are."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from logging import Handler, getLogger
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.events import LOGGER_OF_EVENTS
from ioc_removal.integration import load_integration
from ioc_removal.operations.cron import Cron
from ioc_removal.operations.schedule import tick_text
from ioc_removal.operations.served import Served
from ioc_removal.operations.ticks import Ticks
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.runs import WAITING
from killing import deletions, sandbox
from working import Site

__all__ = ["sandbox"]
ADD = ("schedule", "add", "nightly", "remove-iocs-after-triage", "--cron", "0 3 * * *")
FILE = ("--indicators", "iocs.txt", "--reason", "INC-7", "--actor", "alice")
UTC = timezone.utc


@pytest.fixture
def site(sandbox: Sandbox, shared: Location, tmp_path: Path) -> Iterator[Site]:
    site = Site(sandbox, shared, tmp_path)
    (tmp_path / "iocs.txt").write_text("host1.example\nhost2.example\n")
    yield site
    for worker in site.workers:
        worker.kill()
        worker.communicate()


def schedules(site: Site) -> list[dict[str, Any]]:
    listed: Any = site.done("schedule", "list")
    return list(listed)


def listed(site: Site) -> dict[str, Any]:
    [row] = schedules(site)
    return row


def due(site: Site, ago: timedelta) -> str:
    """Let the schedule be due for a tick that was some time ago; return that."""
    with closing(Database(site.store)) as database, database.transaction() as transaction:
        tick = database.moment().replace(second=0, microsecond=0) - ago
        cron, since = f"{tick.minute} {tick.hour} * * *", tick_text(tick - timedelta(days=3))
        query = "UPDATE schedules SET cron = ?, timezone = 'UTC', since = ?, tick = NULL"
        transaction.execute(query, (cron, since))
    return tick_text(tick)


def test_workers_begin_one_run_a_tick(site: Site, sandbox: Sandbox) -> None:
    added = site.done(*ADD, *FILE, "--timezone", "Europe/Berlin")
    assert (added["timezone"], added["actor"]) == ("Europe/Berlin", "alice")
    tick = due(site, timedelta(minutes=7))
    for _ in range(2):
        site.work("--verbose")
    run = site.ended()
    told = [row for one in site.stop() for row in one]
    row = listed(site)
    assert (row["last"], row["run"], row["result"]) == (tick, run, "succeeded"), told
    assert site.runs() == [run]
    assert deletions(sandbox)[:2] == [("host1.example",), ("host2.example",)]
    assert len(set(deletions(sandbox))) == len(deletions(sandbox))
    missed = {one["ticks"] for one in told if one["event"] == "ticks missed"}
    assert missed == {2}
    due_for = [(one["schedule"], one["tick"]) for one in told if one["event"] == "schedule due"]
    assert due_for == [("nightly", tick)]
    batches = [one for one in told if one["event"] == "batch"]
    assert {(one["schedule"], one["run"]) for one in batches} == {("nightly", run)}
    with closing(Database(site.store)) as database:
        [(text,)] = database.rows("SELECT facts FROM links WHERE run = ? AND link = 0", (run,))
    facts = json.loads(text)
    assert facts["request"] == f"schedule/nightly/{tick}"
    assert (facts["requester"]["actor"], facts["requester"]["reason"]) == ("alice", "INC-7")


def looked(site: Site, *, serves: bool = True) -> list[str]:
    """Look for what is due, as a worker does; return what it told."""
    settings = settings_from(json.loads((site.folder / "settings.yml").read_text()), "test")
    queues = Served.of(load_integration(), settings, ()).queues if serves else {}
    told: list[str] = []
    handler = Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    logger = getLogger(LOGGER_OF_EVENTS)
    logger.addHandler(handler)
    try:
        with closing(Database(site.store)) as database:
            Ticks(database, None, queues, 2).take()
    finally:
        logger.removeHandler(handler)
    return [event for event in told if "tick" in event or "schedule" in event]


def test_what_is_late_overlaps_is_paused_or_is_not_served_is_not_begun(
    site: Site, sandbox: Sandbox
) -> None:
    site.done(*ADD, *FILE)
    due(site, timedelta(minutes=61))
    assert looked(site, serves=False) == []
    assert looked(site) == ["tick skipped"]
    assert "no worker could begin it within 1 h" in listed(site)["skipped"]
    assert looked(site) == []  # it is decided

    due(site, timedelta(minutes=5))
    with closing(Database(site.store)) as database, database.transaction() as transaction:
        values = ("r1", "playbook", "x", WAITING, None, "x", 0, "2026", None, "{}")
        transaction.execute("INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?)", values)
        transaction.execute("UPDATE schedules SET run = 'r1'")
    assert looked(site) == ["tick skipped"]
    assert listed(site)["skipped"] == "run r1 of an earlier tick has not ended"

    assert site.done("schedule", "pause", "nightly")["paused"]
    due(site, timedelta(minutes=5))
    assert looked(site) == []
    again = site.done("schedule", "resume", "nightly")
    assert "paused" not in again
    assert looked(site) == []  # not made up for
    site.done("schedule", "remove", "nightly")
    assert schedules(site) == []
    assert not deletions(sandbox)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cron", "0 25 * * *"), "--cron '0 25 * * *': hour: '25' is none"),
        (("--timezone", "Mars/Base"), "--timezone Mars/Base: there is no such time zone"),
        (("--indicators", "gone.txt"), "--indicators gone.txt: there is no such file"),
        (("--input", "supplier=x"), "supplier: there is no such input"),
        (("--store", "store.db"), "a schedule needs a store that it can share"),
    ],
)
def test_a_schedule_that_cannot_be_says_why(site: Site, words: tuple[str, ...], said: str) -> None:
    if words[0] == "--store":
        site.store, words = site.folder / words[1], ()
    refused = site.do(*ADD, *words)
    assert (refused.status, said in refused.err) == (2, True), refused.err
    assert refused.err.count("\n") == 1


def test_what_a_list_does_not_take_is_refused(site: Site) -> None:
    for words, said in ((("nightly",), "NAME: `schedule list` lists"), (("--cron", "x"), "--cron")):
        process = site.start("schedule", "list", *words)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, said in err) == (2, True), err


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_clocks_that_are_set_lose_no_tick() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")
    forward, back = moment("2026-03-29T00:45"), moment("2026-10-25T00:00")
    assert cron.next_after(forward) == moment("2026-03-29T01:00")
    ticks = cron.between(back, back + timedelta(days=1))
    assert ticks == [moment("2026-10-25T00:30"), moment("2026-10-25T01:30")]
    assert cron.newest(moment("2026-03-29T01:00")) == moment("2026-03-29T01:00")
    assert cron.newest(moment("2026-03-29T00:59")) == moment("2026-03-28T01:30")


@pytest.mark.parametrize("text", ["* * * *", "61 * * * *", "R * * * *", "0 0 30 2 *", "a b c d e"])
def test_an_expression_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="--cron"):
        Cron(text, "UTC")
