"""`retry --not-done` sends what a run did not do, and nothing else."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asking import POLICY, RULE
from ended import Ended, done
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.schema import Schema
from ioc_removal.store.location import Location
from killing import Program, deletions, killed_after
from recorded import Recorded, Reply, reply, serving
from test_nodes import VALUES as OF_NODES
from test_nodes import at, deleted

RESULT = Schema(read("schemas/result.json"))
MANY = [f"many{number}.example" for number in range(30)]
VALUES = [f"host{number}.example" for number in range(6)]
REMOVE = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
ONCE: dict[str, Any] = {"method": "DELETE", "chance": 1, "times": 9}


class Desk:
    """The command on a store and a sandbox, two items a request."""

    def __init__(self, sandbox: Sandbox, folder: Path, store: Location) -> None:
        self.sandbox, self.folder, self.store = sandbox, folder, store
        self.settings = sandbox.settings()
        for connection in self.settings["connections"].values():
            connection |= {"limits": {"items": 2, "in_flight": 1}, "retries": 0}
        (folder / "iocs.txt").write_text("\n".join(VALUES))

    def do(self, *words: str) -> Ended:
        (self.folder / "settings.yml").write_text(json.dumps(self.settings))
        words = tuple(str(self.folder / one) if one == "iocs.txt" else one for one in words)
        where = ("--settings", str(self.folder / "settings.yml"), "--store", str(self.store))
        return done(*words, *where, "--json")

    def record(self, *words: str, status: int = 0) -> dict[str, Any]:
        ended = self.do(*words)
        assert ended.status == status, ended.err
        assert not list(RESULT.problems(ended.json))
        found: dict[str, Any] = ended.json
        return found

    def retry(self, run: str, *words: str, status: int = 0) -> dict[str, Any]:
        return self.record("retry", run, "--not-done", *words, status=status)

    def sent(self) -> list[str]:
        """What was sent to be removed since the last time."""
        found: list[str] = []
        for request in self.sandbox.requests[getattr(self, "_seen", 0) :]:
            if request["method"] == "DELETE":
                body = request["body"]
                named = body["batch_ids"] if isinstance(body, dict) else body
                found += [one["indicator"] if isinstance(one, dict) else one for one in named or ()]
        self._seen = len(self.sandbox.requests)
        return found

    def expect_intact(self) -> None:
        verdict = self.do("journal", "verify")
        assert verdict.json["problems"] == []


@pytest.fixture
def desk(tmp_path: Path, store: Location) -> Iterator[Desk]:
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(VALUES)}
    first = next(iter(seed["secmaster"]["workspaces"]))
    rows = [{"value": value, "type": "Domain"} for value in VALUES]
    seed["secmaster"]["workspaces"] = {first: {"indicators": rows}}
    with Sandbox(seed) as sandbox:
        yield Desk(sandbox, tmp_path, store)


def outcomes(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = record["outcomes"]
    return sorted((row["action"].split("-")[0], row["value"], row["outcome"]) for row in rows)


def test_only_what_was_not_done_is_sent_until_nothing_is_left(desk: Desk) -> None:
    desk.sandbox.misbehave(system="cybertrace", carries="host3.example", status=400, **ONCE)
    desk.sandbox.misbehave(system="cybertrace", carries="host5.example", reset="after", **ONCE)
    desk.sandbox.misbehave(system="secmaster", path="/search", status=500, times=99)
    first = desk.record(*REMOVE, status=3)
    assert first["counts"] == {"removed": 3, "failed": 1, "unknown": 8}
    run, _ = first["run"], desk.sent()

    desk.sandbox.behave()
    dry = desk.retry(run, "--dry-run")
    assert (dry["retry_of"], dry["counts"]) == (run, {"planned": 9})
    assert not desk.sent()
    desk.sandbox.misbehave(system="secmaster", method="DELETE", skip=2, status=403, times=1)
    again = desk.retry(run, "--ticket", "INC-7", status=1)
    assert outcomes(again) == [
        ("cybertrace", "host3.example", "removed"),
        ("cybertrace", "host4.example", "absent"),
        ("cybertrace", "host5.example", "absent"),
        *(("secmaster", value, "removed") for value in VALUES[:4]),
        *(("secmaster", value, "failed") for value in VALUES[4:]),
    ]
    [lost] = [row for row in again["outcomes"] if row["value"] == "host5.example"][:1]
    assert lost["maybe_ours"]
    assert desk.sent()[:3] == ["host4.example", "host5.example", "host3.example"]

    desk.sandbox.behave()
    last = desk.retry(again["run"])
    assert outcomes(last) == [("secmaster", value, "removed") for value in VALUES[4:]]
    assert {row["id"] for row in last["outcomes"]} == set(desk.sent())
    report = {(row["value"], row["target"], row["outcome"]) for row in last["output"]["report"]}
    assert len(report) == 2 * len(VALUES)
    assert {outcome for *_, outcome in report} <= {"removed", "absent"}

    for one in (run, again["run"]):
        nothing = desk.do("retry", one, "--not-done")
        assert (nothing.status, nothing.json["left"]) == (0, 0)
        assert f"nothing of run {one} is left to do" in nothing.err
    assert not desk.sent()
    shown = desk.record("show", run, status=0)
    assert shown["retried_by"] == [again["run"]]
    assert desk.record("show", again["run"])["retried_by"] == [last["run"]]
    links = desk.do("journal", "--run", last["run"], "--format", "jsonl").out.splitlines()
    assert json.loads(json.loads(links[0])["facts"])["retry_of"] == again["run"]
    desk.expect_intact()


def test_a_call_is_tried_again_with_its_arguments(desk: Desk) -> None:
    desk.sandbox.misbehave(system="cybertrace", carries="host3.example", status=400, **ONCE)
    first = desk.record(*DELETE, "--indicators", "iocs.txt", "--reason", "triage", status=1)
    assert first["counts"] == {"removed": 5, "failed": 1}
    desk.sent()
    still = desk.retry(first["run"], status=1)
    desk.sandbox.behave()
    again = desk.retry(first["run"])
    assert [row["value"] for row in again["outcomes"]] == ["host3.example"]
    assert desk.sent()[-1:] == ["host3.example"]
    assert desk.record("show", first["run"])["retried_by"] == [still["run"], again["run"]]
    [row] = desk.do("journal", "--run", again["run"]).json
    assert row["why"] == "triage"
    desk.expect_intact()


def test_what_the_first_run_removed_need_not_be_found_again(desk: Desk) -> None:
    desk.sandbox.misbehave(system="waf", method="DELETE", skip=1, times=1, status=403)
    policy = {"policy_id": POLICY}
    rows = desk.record(*("call", "waf-ip-reputation-rules-list", "--arg", f"policy_id={POLICY}"))
    ids = [row["id"] for row in rows["outputs"]][:2]
    assert RULE in ids
    rules = json.dumps([{**policy, "rule_ids": ids}])
    words = ("run", "lift-ip-reputation-rules", "--input", f"rules:={rules}")
    override = ("--override", "last_rule", "--reason", "a test")
    first = desk.record(*words, *override, status=1)
    assert first["counts"] == {"removed": 1, "failed": 1}
    again = desk.retry(first["run"], *override)
    assert again["counts"] == {"removed": 1}
    assert {row["id"] for row in [*first["outcomes"], *again["outcomes"]]} == set(ids)


def test_the_approval_and_the_plan_of_a_run_hold_for_its_retry(desk: Desk) -> None:
    desk.settings["approval"] = {"disarms": 2, "approvers": ["anna"], "four_eyes": "actors"}
    asked = desk.record(*REMOVE, status=4)
    assert desk.do("reject", asked["run"], "--actor", "anna", "--reason", "later").status == 0
    first = desk.record("resume", asked["run"], status=2)
    assert first["counts"] == {"refused": 12}
    waiting = desk.retry(first["run"], status=4)
    assert waiting["retry_of"] == first["run"]
    busy = desk.do("retry", first["run"], "--not-done")
    assert (busy.status, f"run {waiting['run']} is about" in busy.err) == (2, True), busy.err
    assert desk.do("approve", waiting["run"], "--actor", "anna").status == 0
    assert desk.record("resume", waiting["run"])["counts"] == {"removed": 12}

    del desk.settings["approval"]
    plan = desk.record(*DELETE, "--arg", "indicators=x.example", "--dry-run")
    assert "is a dry run" in desk.do("retry", plan["run"], "--not-done").err
    desk.expect_intact()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_a_plan_did_not_name_is_not_tried_again(desk: Desk) -> None:
    values = ["--input", "indicators:=" + json.dumps(VALUES[:2])]
    desk.sandbox.misbehave(system="secmaster", path="/search", status=500, times=99)
    dry = ("run", "remove-iocs-after-triage", *values, "--dry-run")
    plan = desk.record(*dry, status=3)["plan"]["plan"]
    desk.sandbox.behave()
    applied = desk.record("run", "--plan", plan, status=1)
    assert applied["counts"] == {"removed": 2, "refused": 2}
    nothing = desk.do("retry", applied["run"], "--not-done")
    assert (nothing.status, nothing.json) == (0, {"retry_of": applied["run"], "left": 0})


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_each_of_several_servers_gets_what_it_did_not_do(desk: Desk) -> None:
    ill = True

    def sometimes(request: Recorded) -> Reply:
        return reply(403, []) if ill and request.method == "DELETE" else deleted(request)

    with serving(by=deleted) as well, serving(by=sometimes) as other:
        own = desk.settings["connections"]["cybertrace"]
        del own["url"]
        own |= {"nodes": [well.url, other.url], "api_version": "1.3"}
        words = [word for value in OF_NODES for word in ("--arg", f"indicators={value}")]
        first = desk.record(*DELETE, *words, status=1)
        assert at(first["outcomes"], well.url) == ["removed"] * 5
        before, ill = len(well.requests), False
        again = desk.retry(first["run"])
        assert at(again["outcomes"], well.url) == []
        assert at(again["outcomes"], other.url) == ["removed"] * 5
        assert not [one for one in well.requests[before:] if one.method == "DELETE"]
    desk.expect_intact()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_why_a_run_cannot_be_tried_again(desk: Desk) -> None:
    desk.sandbox.misbehave(system="cybertrace", carries="host3.example", status=400, **ONCE)
    first = desk.record(*REMOVE, status=1)["run"]
    only = desk.do("retry", first)
    assert (only.status, "--not-done is missing" in only.err) == (2, True)
    undone = desk.record("undo", first, "--indicator", "host1.example")
    assert (
        f"another `ioc-removal undo {first}`" in desk.do("retry", undone["run"], "--not-done").err
    )
    listed = desk.record("call", "cybertrace-suppliers-list")
    assert "only read" in desk.do("retry", listed["run"], "--not-done").err
    with Sandbox() as elsewhere:
        kept, desk.settings = desk.settings, elsewhere.settings()
        moved = desk.do("retry", first, "--not-done")
        assert (moved.status, "used other settings" in moved.err) == (2, True), moved.err
        assert not elsewhere.requests
        desk.settings = kept


def test_a_retry_that_is_killed_goes_on(tmp_path: Path, store: Location) -> None:
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(MANY)}
    with Sandbox(seed) as sandbox:
        program = Program(sandbox, tmp_path, store=store)
        (tmp_path / "iocs.txt").write_text("\n".join(MANY))
        sandbox.misbehave(system="cybertrace", method="DELETE", status=403, times=99)
        ended = program.do("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
        run = ended.json
        assert run["counts"]["refused"] + run["counts"]["failed"] == len(MANY), ended.err
        sandbox.behave()
        sandbox.misbehave(method="DELETE", delay=0.03, times=1_000)
        before = len(deletions(sandbox))
        killed_after(program.start("retry", run["run"], "--not-done"), sandbox, before + 2)
        program.long_ago()
        record = program.done("resume")
        assert record["retry_of"] == run["run"]
        assert {row["value"] for row in record["outcomes"]} == set(MANY)
        assert record["counts"].keys() <= {"removed", "absent"}
        sent = Counter(deletions(sandbox)[before:])
        assert sum(times - 1 for times in sent.values()) <= 1  # what was in flight
        assert not sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
