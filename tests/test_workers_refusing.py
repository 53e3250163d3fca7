"""What a worker does not take: what has other settings, was changed by hand, or cannot be."""

import json
import time
from collections import Counter

import pytest

from ioc_removal.sandbox import Sandbox
from ioc_removal.store.database import Database
from killing import LONGEST, deletions
from stores import change_by_hand
from working import Site, heard, sandbox, site, until

__all__ = ["sandbox", "site"]


def test_a_worker_with_other_settings_takes_nothing(site: Site, sandbox: Sandbox) -> None:
    file = site.folder / "settings.yml"
    text = file.read_text()
    with Sandbox() as other:
        file.write_text(json.dumps(other.settings()))
        site.work()
        file.write_text(text)
        process = site.run()
        until(sandbox, 5)
        process.kill()
        process.communicate()
        site.long_ago()
        time.sleep(1)  # long enough to take something
        assert not other.requests
        [told] = site.stop()
    assert {row["event"] for row in told} == {"stopping", "stopped"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE batches SET items = '[\"victim.example\"]' WHERE batch = 65", "yet to do"),
        ("UPDATE chunks SET action = 'cybertrace-indicators-add' WHERE first > 0", "table chunks"),
    ],
)
def test_a_worker_sends_nothing_of_what_was_changed_by_hand(
    site: Site, sandbox: Sandbox, change: str, said: str
) -> None:
    sandbox.behave()
    sandbox.misbehave(method="DELETE", delay=2, times=200)  # the run is at its first chunk
    process = site.run()
    until(sandbox, 1)
    database = Database(site.store)
    change_by_hand(database, "batches", change)
    told = heard(site.work(), 16)  # of each chunk that it is taken, and what became of it
    assert Counter(row["event"] for row in told) == {"chunk taken": 8, "chunk given up": 8}
    told = [row for row in told if row["event"] == "chunk given up"]
    assert all("changed by hand" in row["error"] and said in row["error"] for row in told)
    sandbox.behave()
    out, _ = process.communicate(timeout=LONGEST)
    record = json.loads(out)
    assert record["result"] == "partial"
    assert said in record["errors"][0]["message"]
    assert ("victim.example",) not in deletions(sandbox)
    assert record["counts"]["refused"] >= 50
    database.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store", "store.db"), "a worker needs a store that it can share"),
        (("--serve", "nowhere"), "there is no connection 'nowhere' in settings.yml"),
        (("--chunks", "0"), "--chunks: 0 is not 1 or more"),
        (("--in-flight", "0"), "--in-flight: 0 is not 1 or more"),
    ],
)
def test_a_worker_that_cannot_work_says_why(site: Site, words: tuple[str, ...], said: str) -> None:
    if "--store" in words:
        site.store, words = site.folder / "store.db", ()
    refused = site.do("worker", *words)
    assert refused.status == 2
    assert said in refused.err
