"""Workers share a run's removals, take over from whoever dies, and leave when they are told to."""

import json
import signal
from collections import Counter
from pathlib import Path

from ioc_removal.playbooks.chunking import LEAST
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.store.location import Location
from killing import LONGEST, deletions
from working import VALUES, Site, expect_once, heard, sandbox, site, until
from written import FROM_SECMASTER, TWICE

__all__ = ["sandbox", "site"]
EVERYWHERE = (
    """
version: 1.0
input: [indicators]
output: [{told: "{{ ctx().one + ctx().other }}"}]
tasks:
  cybertrace:
    with: supplier in {{ ['InternalTI', 'TriageFeed'] }}
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: "{{ item('supplier') }}", indicators: "{{ ctx().indicators }}"}
    next:
      - publish: [{one: "{{ result() | map(attribute='result.counts') | map('dictsort')
          | sum(start=[]) | map('last') | sum }}"}]
        do: told
"""
    + FROM_SECMASTER
)
IN_FLIGHT = 1
FROM_FILE = ("--indicators", "iocs.txt")


def test_workers_share_a_run_and_stop_when_told(site: Site, sandbox: Sandbox) -> None:
    site.work()
    site.work("--serve", "cybertrace")
    record = site.record(site.run())
    told = site.stop()
    assert set(Counter(deletions(sandbox)).values()) == {1}
    expect_once(record)
    chunks = [row for one in told for row in one if row["event"] == "chunk done"]
    assert chunks
    assert len({(row["call"], row["first"]) for row in chunks}) == len(chunks)
    assert {row["connection"] for row in chunks} <= {"cybertrace"}
    assert [worker.returncode for worker in site.workers] == [0, 0]
    assert [one[-1]["event"] for one in told] == ["stopped", "stopped"]


def test_a_worker_takes_over_from_a_run_and_a_worker_that_died(
    site: Site, sandbox: Sandbox
) -> None:
    first = site.work("--chunks", "1")  # in each process one batch is under way
    process = site.run()
    until(sandbox, 10)
    process.kill()
    first.kill()
    process.communicate()
    site.long_ago()
    site.work()
    run = site.ended()
    record = site.done("show", run)
    assert sum(times - 1 for times in Counter(deletions(sandbox)).values()) <= 2 * IN_FLIGHT
    expect_once(record)


def test_what_two_tasks_remove_at_once_by_a_plan_is_sent_once_by_workers(
    site: Site, sandbox: Sandbox
) -> None:
    (site.folder / "p.yml").write_text(TWICE)
    words = ("run", "p.yml", "--indicators", "iocs.txt")
    plan = site.done(*words, "--dry-run")["plan"]["plan"]
    site.work()
    site.work()
    record = site.done("run", "--plan", plan)
    told = site.stop()
    assert record["counts"] == {"removed": len(VALUES)}
    assert set(Counter(deletions(sandbox)).values()) == {1}
    again = [row for row in record["outcomes"] if (row.get("reason") or "").startswith("done once")]
    assert len(again) == len(VALUES)
    assert {row["event"] for one in told for row in one} > {"chunk done"}


def test_branches_and_items_at_once_add_up_when_a_worker_is_killed(
    shared: Location, tmp_path: Path
) -> None:
    seed = default_seed()
    suppliers = seed["cybertrace"]["suppliers"]
    suppliers["InternalTI"] = {"indicators": list(VALUES)}
    suppliers["TriageFeed"] = {"indicators": list(VALUES)}
    workspace = next(iter(seed["secmaster"]["workspaces"]))
    rows = [{"value": value, "type": "Domain"} for value in VALUES]
    seed["secmaster"]["workspaces"] = {workspace: {"indicators": rows}}
    with Sandbox(seed) as sandbox:
        sandbox.misbehave(method="DELETE", delay=0.01, times=1_000)
        site = Site(sandbox, shared, tmp_path)
        (tmp_path / "p.yml").write_text(EVERYWHERE)
        try:
            first = site.work("--chunks", "2")
            site.work()
            process = site.start("run", "p.yml", "--indicators", "iocs.txt")
            until(sandbox, 30)
            first.kill()
            site.long_ago()
            record = site.record(process)
            told = site.stop()
        finally:
            for worker in site.workers:
                worker.kill()
                worker.communicate()
        sent = Counter(
            (request["target"], json.dumps(request["body"]))
            for request in sandbox.requests
            if request["method"] == "DELETE"
        )
        left = sandbox.state()
    assert record["result"] == "succeeded"
    assert sum(record["counts"].values()) == 3 * len(VALUES)
    assert set(record["counts"]) <= {"removed", "absent"}
    assert len(sent) == 3 * len(VALUES)
    assert sum(sent.values()) - len(sent) <= 2  # as many chunks as the killed one was at
    assert record["output"]["told"] == 3 * len(VALUES)
    assert not left["cybertrace"]["suppliers"]["TriageFeed"]
    assert not left["secmaster"]["workspaces"][workspace]
    assert {row["connection"] for row in told[1] if row["event"] == "chunk done"} == {
        "cybertrace",
        "secmaster",
    }


def test_a_worker_that_is_told_twice_to_stop_leaves_at_once(site: Site, sandbox: Sandbox) -> None:
    begun = site.record(site.start("run", "remove-iocs-after-triage", *FROM_FILE, "--detach"))
    sandbox.behave()
    sandbox.misbehave(method="DELETE", delay=LONGEST, times=1_000)
    worker = site.work()
    until(sandbox, 1)
    worker.send_signal(signal.SIGTERM)
    while heard(worker, 1)[0]["event"] != "stopping":
        pass
    worker.send_signal(signal.SIGTERM)
    out, _ = worker.communicate(timeout=LONGEST)
    assert worker.returncode == 130
    assert json.loads(out.splitlines()[-1])["event"] == "left"
    sandbox.behave()
    site.work()
    assert site.ended() == begun["run"]
    expect_once(site.record(site.start("show", begun["run"])))


def test_a_run_that_is_left_to_a_worker_is_done_by_it(site: Site, sandbox: Sandbox) -> None:
    words = ("run", "remove-iocs-after-triage", *FROM_FILE, "--detach")
    for more, said in (("--wait", "nobody stays"), ("--dry-run", "a plan is made here")):
        assert f"--detach: goes without {more}: {said}" in site.do(*words, more).err
    begun = site.done(*words, "--request-id", "INC-1")
    assert (begun["status"], begun["outcomes"], deletions(sandbox)) == ("running", [], [])
    again = site.done(*words, "--request-id", "INC-1")
    assert again["run"] == begun["run"]
    site.work("--verbose")
    assert site.ended() == begun["run"]
    record = site.done("show", begun["run"])
    expect_once(record)
    assert set(Counter(deletions(sandbox)).values()) == {1}
    [told] = site.stop()
    batches = [row for row in told if row["event"] == "batch"]
    assert len(batches) == len(VALUES)
    chunks = [row for row in told if row["event"] == "chunk done"]
    assert len(chunks) > len(VALUES) // LEAST // 2  # the run's own process leaves them to it
    assert {row["run"] for row in batches} == {begun["run"]}
    site.store = site.folder / "store.db"
    assert "--detach needs a store that it can share" in site.do(*words).err


def test_a_run_does_the_rest_itself_when_its_worker_is_told_to_stop(
    site: Site, sandbox: Sandbox
) -> None:
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt", "--detach")
    site.work("--chunks", "1")
    run = site.record(site.start(*words))["run"]
    until(sandbox, 10)
    [told] = site.stop()
    assert site.ended() == run
    expect_once(site.record(site.start("show", run)))
    assert set(Counter(deletions(sandbox)).values()) == {1}
    done = [row for row in told if row["event"] == "chunk done"]
    assert 0 < len(done) < len(VALUES) // LEAST
