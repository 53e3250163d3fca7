"""Runs that ask a person: who may decide, once, in time; and what goes on afterwards, once."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from ended import Ended, done
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema
from ioc_removal.store.runs import requester_of
from rechained import redate

LONGEST = 60.0  # seconds that a command may take before the test gives up
EXAMPLE = Path(__file__).parents[1] / "examples" / "ask-before-unmarking.yml"
MARKED = ["192.0.2.53", "intranet.example.com"]  # in the sandbox's FalsePositive
ANSWER = ("--answer", "unmark_detections=false")
TWO_ASKS = """
version: 1.0
output:
  - seen: "{{ ctx().seen }}"
vars:
  - seen: []
tasks:
  suppliers: {action: ioc_removal.cybertrace-suppliers-list, next: [{do: first}]}
  first:
    action: core.ask
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ ctx().seen + [task_status('first')] }}"]
        do: remove_one
  remove_one:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [192.0.2.10]}
    next: [{do: second}]
  second:
    action: core.ask
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ ctx().seen + [task_status('second')] }}"]
        do: remove_other
  remove_other:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [malware.example]}
"""


def end_of(process: "subprocess.Popen[str]") -> Ended:
    """Wait until a process ends."""
    out, err = process.communicate(timeout=LONGEST)
    assert "Traceback" not in err
    return Ended(process.returncode, out, err)


class Desk:
    """The command, as several people use it on one store and one sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.format = ["--json"]
        self.settings: dict[str, Any] = sandbox.settings()
        self.settings["approval"] = {"approvers": ["anna", "bob"], "four_eyes": "actors"}

    def command(self, *words: str) -> list[str]:
        new = self.folder / "settings.new"  # a process that was started may be reading the old ones
        new.write_text(json.dumps(self.settings))
        new.replace(self.folder / "settings.yml")
        return [*words, "--settings", "settings.yml", "--store", "store.db", *self.format]

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command as a process of its own, which can be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "ioc_removal", *self.command(*words)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def do(self, *words: str) -> Ended:
        return done(*self.command(*words))

    def ask(self, *words: str) -> str:
        """Run the example until it waits; return its run."""
        inputs = [word for value in MARKED for word in ("--input", f"indicators={value}")]
        ended = self.do("run", str(EXAMPLE), *inputs, "--actor", "carl", *words)
        assert ended.status == 4, ended.err
        return str(ended.json["run"])

    def playbook(self, text: str, name: str = "p") -> str:
        (self.folder / f"{name}.yml").write_text(text)
        return f"{name}.yml"

    def change(self, statement: str, *values: str) -> None:
        with sqlite3.connect(self.folder / "store.db") as connection:
            connection.execute(statement, values)
        connection.close()

    def unlocked(self, statement: str) -> None:
        """Change the store as somebody who may write its file can, whatever its triggers say."""
        for (trigger,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.change(f"DROP TRIGGER {trigger}")
        self.change(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "store.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def redate(self, run: str, **dates: str) -> None:
        """Let what a run asks, and its decision, have been at other times."""
        with sqlite3.connect(self.folder / "store.db") as connection:
            redate(connection, run, dates)
        connection.close()

    def expire(self, run: str) -> None:
        """Let the time of what a run asks be over."""
        self.redate(run, asked="2020-01-01T00:00:00.000Z", expires="2020-01-02T00:00:00.000Z")

    def sent(self, method: str = "DELETE") -> list[str]:
        return [r["target"] for r in self.sandbox.requests if r["method"] == method]

    def marked(self) -> set[str]:
        return set(MARKED) & set(self.supplier("FalsePositive"))

    def supplier(self, name: str) -> list[str]:
        values: list[str] = self.sandbox.state()["cybertrace"]["suppliers"][name]
        return values


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        yield Desk(sandbox, tmp_path)


def test_a_run_that_asks_waits_without_a_process_and_goes_on_when_approved(desk: Desk) -> None:
    run = desk.ask("--ticket", "INC-1")
    shown = desk.do("show", run).json
    assert shown["status"] == "waiting"
    assert list(Schema(read("schemas/result.json")).problems(shown)) == []
    assert shown["waiting"]["question"].startswith("Unmark 2 false positives?")
    assert (shown["waiting"]["route"], shown["waiting"]["approvers"]) == (
        "soc-leads",
        ["anna", "bob"],
    )
    assert desk.do("runs").json[0]["status"] == "waiting"
    [row] = desk.do("approvals").json
    assert (row["run"], row["requester"], row["ticket"]) == (run, "carl", "INC-1")
    assert row["approvers"] == ["anna", "bob"]

    undecided = desk.do("resume", run)
    assert (undecided.status, undecided.json["status"]) == (4, "waiting")
    assert desk.do("resume").status == 2  # nothing can go on

    approved = desk.do("approve", run, "--actor", "anna", "--reason", "looked at it", *ANSWER)
    assert approved.status == 0
    assert approved.json["next"] == f"ioc-removal resume {run}"
    assert (approved.json["actor"], approved.json["user"]) == ("anna", getuser())
    assert desk.sent() == []

    reads = len(desk.sent("GET"))
    ended = desk.do("resume")
    assert ended.status == 0, ended.err
    assert ended.json["counts"] == {"removed": 2}
    assert ended.json["output"]["decision"] == "approved"
    assert desk.marked() == set()
    assert (len(desk.sent()), len(desk.sent("GET"))) == (1, reads), "something was read again"
    again = desk.do("resume", run)
    assert (again.status, len(desk.sent())) == (2, 1)
    assert desk.do("approvals").json == []
    kinds = [json.loads(facts) for kind, facts in desk.rows("SELECT kind, facts FROM links")
             if kind == "approval"]  # fmt: skip
    assert [next(iter(facts)) for facts in kinds] == ["asked", "ask", "ask"]
    assert desk.do("journal", "verify").status == 0
    assert kinds[1]["by"] == {
        "actor": "anna", "user": getuser(), "ticket": None, "reason": "looked at it",
    }  # fmt: skip


def test_what_is_to_be_decided_is_told_with_the_commands(desk: Desk) -> None:
    run = desk.ask("--ticket", "INC-1", "--reason", "a false alarm")
    desk.format = []
    told = desk.do("approvals").out
    for line in (
        f"run {run} waits until",
        "wanted by  carl",
        "ticket     INC-1",
        "reason     a false alarm",
        "question   Unmark 2 false positives?",
        f"yes        `ioc-removal approve {run} --answer unmark_detections=…`",
        f"no         `ioc-removal reject {run} --reason TEXT`",
    ):
        assert line in told
    said = desk.do("approve", run, "--actor", "anna", *ANSWER).out
    assert said.startswith("approved by anna")
    assert f"next       `ioc-removal resume {run}` goes on" in said
    assert f"run {run}: approved by anna at" in desk.do("approvals").out


def test_the_example_takes_one_value_or_a_file(desk: Desk) -> None:
    one = desk.do("run", str(EXAMPLE), "--input", f"indicators={MARKED[0]}", "--actor", "carl")
    assert one.json["waiting"]["question"].startswith("Unmark 1 false positive?")
    (desk.folder / "f.txt").write_text("\n".join(MARKED))
    file = desk.do("run", str(EXAMPLE), "--indicators", "f.txt", "--input", "minutes=5")
    assert file.json["waiting"]["question"].startswith("Unmark 2 false positives?")
    for run in (one.json["run"], file.json["run"]):
        desk.do("approve", run, "--actor", "anna", *ANSWER)
        assert desk.do("resume", run).status == 0
    assert desk.marked() == set()


@pytest.mark.parametrize("given", ["indicators:=7", "indicators:=[[]]", "minutes=soon"])
def test_a_wrong_type_is_refused_before_anybody_is_asked(desk: Desk, given: str) -> None:
    right = ("--input", f"indicators={MARKED[0]}")[: 2 * given.startswith("minutes")]
    ended = desk.do("run", str(EXAMPLE), *right, "--input", given)
    assert (ended.status, "type" in ended.err) == (2, True), ended.err
    assert desk.do("approvals").json == []
    assert desk.sandbox.requests == []


def test_a_no_removes_nothing_and_needs_a_reason(desk: Desk) -> None:
    run = desk.ask()
    silent = desk.do("reject", run, "--actor", "anna")
    assert (silent.status, "--reason" in silent.err) == (2, True)
    rejected = desk.do("reject", run, "--actor", "anna", "--reason", "still in use")
    assert (rejected.status, rejected.json["decision"]) == (0, "rejected")
    ended = desk.do("resume", run)
    assert ended.status == 2
    assert ended.json["output"]["decision"] == "rejected"
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))


def test_silence_is_a_no(desk: Desk) -> None:
    run = desk.ask()
    desk.expire(run)
    [row] = desk.do("approvals").json
    assert row["decision"] == "expired"
    late = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert (late.status, "expired at 2020-01-02" in late.err) == (2, True)
    ended = desk.do("resume")
    assert ended.status == 2
    assert ended.json["output"]["decision"] == "nobody answered in time"
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))


@pytest.mark.parametrize("how", ["reject", "expire"])
def test_a_no_holds_where_the_playbook_forgets_it(desk: Desk, how: str) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "bob").status == 0
    assert desk.do("resume", run).status == 4
    if how == "reject":
        desk.do("reject", run, "--actor", "bob", "--reason", "no more")
    else:
        desk.expire(run)
    ended = desk.do("resume", run)
    outcomes = {row["value"]: row["outcome"] for row in ended.json["outcomes"]}
    assert outcomes == {"192.0.2.10": "removed", "malware.example": "refused"}
    reason = ended.json["outcomes"][1]["reason"]
    assert reason.startswith(
        "not approved: " + ("rejected by bob" if how == "reject" else "nobody")
    )
    assert (ended.status, len(desk.sent())) == (1, 1)
    assert "malware.example" in desk.supplier("InternalTI")


def test_two_asks_and_nothing_is_read_or_sent_twice(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    reads = desk.sent("GET")
    assert desk.sent() == []
    desk.do("approve", run, "--actor", "anna")
    second = desk.do("resume", run)
    assert (second.status, second.json["waiting"]["ask"], len(desk.sent())) == (4, "second", 1)
    desk.do("approve", run, "--actor", "bob")
    ended = desk.do("resume", run)
    assert ended.status == 0, ended.err
    assert ended.json["output"]["seen"] == ["succeeded", "succeeded"]
    assert ended.json["counts"] == {"removed": 2}
    assert (len(desk.sent()), desk.sent("GET")) == (2, reads)


def test_who_wants_it_may_not_approve_it(desk: Desk) -> None:
    desk.settings["approval"]["approvers"] += ["carl", "Carl ", getuser()]
    run = desk.ask()
    for words in (("--actor", "carl"), ("--actor", "Carl "), ()):
        refused = desk.do("approve", run, *words, *ANSWER)
        assert (refused.status, "four_eyes" in refused.err) == (2, True), words
    assert desk.do("approvals").json[0]["approvers"] == ["anna", "bob"]
    desk.settings["approval"]["four_eyes"] = False
    late = desk.do("approve", run, "--actor", "carl", *ANSWER)
    assert (late.status, "when the run" in late.err) == (2, True)
    assert desk.do("approve", desk.ask(), "--actor", "carl", *ANSWER).status == 0


@pytest.mark.parametrize("given", [True, None])
def test_another_name_of_the_same_user_may_not_approve_it(desk: Desk, given: bool | None) -> None:
    desk.settings["approval"] = {"approvers": ["anna"], "four_eyes": given}
    if given is None:
        del desk.settings["approval"]["four_eyes"]
    run = desk.ask()
    for words in (("approve", run, *ANSWER), ("reject", run, "--reason", "x")):
        refused = desk.do(*words, "--actor", "anna")
        assert refused.status == 2
        assert "anna is declared by --actor, and the user of the operating" in refused.err
        assert "`four_eyes: actors`" in refused.err
    assert desk.do("approvals").json[0].get("decision") is None
    desk.settings["approval"]["four_eyes"] = "actors"
    assert desk.do("approve", run, *ANSWER, "--actor", "anna").status == 0
    desk.settings["approval"]["four_eyes"] = "users"
    assert "four_eyes" in desk.do("approvals").err


def test_the_user_is_not_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    before = requester_of().user
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    assert requester_of().user == before != "mallory"


def test_only_those_who_are_named_may_decide(desk: Desk) -> None:
    asks = TWO_ASKS.replace("first:\n    action: core.ask", "first:\n    action: core.ask\n"
                            "    input: {users: [bob, eve]}")  # fmt: skip
    run = desk.do("run", desk.playbook(asks), "--actor", "carl").json["run"]
    assert desk.do("approvals").json[0]["approvers"] == ["bob"]
    for actor, why in (
        ("eve", "eve may not decide: approval.approvers"),
        ("anna", "asks bob, eve"),
    ):
        for words in (("approve", run), ("reject", run, "--reason", "x")):
            refused = desk.do(*words, "--actor", actor)
            assert (refused.status, why in refused.err) == (2, True)
    del desk.settings["approval"]
    nobody = desk.do("approve", run, "--actor", "bob")
    assert (nobody.status, nobody.json["errors"][0]["error"]) == (2, "SettingsError")
    assert "approval.approvers of settings.yml" in nobody.err
    assert desk.rows("SELECT decision FROM approvals") == [(None,)]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--plan", "0123456789"), "asks without a plan"),
        ((), "--answer unmark_detections=… is missing"),
        (("--answer", "unmark_detections=maybe"), "neither true nor false"),
        (("--answer", "unmark_detection=true"), "this is not asked"),
        (("--answer", "unmark_detections"), "write NAME=VALUE"),
        (("--answer", "continue=false", *ANSWER), "this is not asked"),
    ],
)
def test_a_wrong_answer_decides_nothing(desk: Desk, words: tuple[str, ...], why: str) -> None:
    run = desk.ask()
    refused = desk.do("approve", run, "--actor", "anna", *words)
    assert (refused.status, why in refused.err) == (2, True), refused.err
    assert desk.rows("SELECT decision FROM approvals") == [(None,)]
    assert desk.do("approve", "2").status == 2
    assert desk.do("reject", "nothing", "--reason", "x").status == 2


def test_of_two_decisions_at_once_one_counts(desk: Desk) -> None:
    run = desk.ask()
    both = [
        desk.start("approve", run, "--actor", "anna", *ANSWER),
        desk.start("reject", run, "--actor", "bob", "--reason", "no"),
    ]
    ended = [end_of(process) for process in both]
    assert sorted(one.status for one in ended) == [0, 2]
    [first], [second] = ([one for one in ended if one.status == status] for status in (0, 2))
    said = f"decided already: {first.json['decision']} by {first.json['actor']} (user "
    assert said in second.err
    assert len(desk.rows("SELECT 1 FROM links WHERE kind = 'approval'")) == 2


def waiting(desk: Desk, *words: str) -> tuple["subprocess.Popen[str]", str]:
    """Start the example with --wait; return it and its run once it waits."""
    process = desk.start(
        "run", str(EXAMPLE), "--input", f"indicators:={json.dumps(MARKED)}",
        "--actor", "carl", "--wait", *words,
    )  # fmt: skip
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and process.poll() is None:
        if (desk.folder / "store.db").exists():
            try:
                found = desk.rows("SELECT run FROM runs WHERE status = 'waiting'")
            except sqlite3.OperationalError:
                found = []
            if found:
                return process, str(found[0][0])
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def test_with_wait_it_goes_on_by_itself(desk: Desk) -> None:
    process, run = waiting(desk)
    alive = desk.do("resume", run)
    assert (alive.status, "is alive" in alive.err) == (2, True)
    approved = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert "next" not in approved.json
    ended = end_of(process)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert f"run {run} waits until" in ended.err
    assert "anna or bob" in ended.err


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_waits_may_go(desk: Desk, kill: signal.Signals) -> None:
    process, run = waiting(desk)
    process.send_signal(kill)
    gone = end_of(process)
    if kill == signal.SIGINT:
        assert (gone.status, "the run waits on" in gone.err) == (130, True)
    assert desk.do("show", run).json["status"] == "waiting"
    approved = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert approved.json["next"] == f"ioc-removal resume {run}"
    reads = desk.sent("GET")
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert (len(desk.sent()), desk.sent("GET")) == (1, reads)


@pytest.mark.parametrize("words", [("resume",), ("resume", "--wait")])
def test_resume_waits_too(desk: Desk, words: tuple[str, ...]) -> None:
    run = desk.ask()
    process = desk.start("resume", run, *words[1:])
    if len(words) == 1:
        assert end_of(process).status == 4
        return
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    assert end_of(process).json["counts"] == {"removed": 2}


def test_a_decision_that_is_killed_counts_whole_or_not_at_all(desk: Desk) -> None:
    run = desk.ask()
    for hundredths in range(10, 110, 10):
        process = desk.start("approve", run, "--actor", "anna", *ANSWER)
        time.sleep(hundredths / 100)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=LONGEST)
    last = desk.do("approve", run, "--actor", "anna", *ANSWER)
    assert last.status == 0 or "decided already: approved by anna" in last.err
    assert desk.do("journal", "verify").status == 0
    assert len(desk.rows("SELECT 1 FROM links WHERE kind = 'approval'")) == 2
    assert desk.do("resume").json["counts"] == {"removed": 2}


def test_a_process_that_dies_before_the_store_knows_that_it_waits(desk: Desk) -> None:
    run = desk.ask()
    desk.change("UPDATE runs SET status = 'running', details = json_remove(details, '$.turn')"
                " WHERE run = ?", run)  # fmt: skip
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    assert len(desk.sent()) == 1


def test_killed_after_the_approval_it_goes_on_and_sends_nothing_twice(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    desk.do("approve", run, "--actor", "anna")
    desk.sandbox.misbehave(method="DELETE", delay=0.3)
    process = desk.start("resume", run)
    end = time.monotonic() + LONGEST
    while not desk.sent() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    reads = desk.sent("GET")
    desk.do("resume", run)
    desk.do("approve", run, "--actor", "anna")
    ended = desk.do("resume", run)
    assert ended.status == 0, ended.err
    assert sum(ended.json["counts"].values()) == 2
    assert set(ended.json["counts"]) <= {"removed", "absent"}
    assert (len(desk.sent()) <= 3, desk.sent("GET")) == (True, reads)


def test_a_read_that_failed_before_the_question_is_not_tried_again_after_it(desk: Desk) -> None:
    text = """
version: 1.0
output: [seen: "{{ ctx().seen }}"]
tasks:
  suppliers:
    action: ioc_removal.cybertrace-suppliers-list
    retry: {count: 1, delay: 1}
    next:
      - when: "{{ completed() }}"
        publish: [seen: "{{ task_status('suppliers') }}"]
        do: ask
  ask: {action: core.ask}
"""
    desk.sandbox.misbehave(method="GET", status=400, times=9)
    run = desk.do("run", desk.playbook(text), "--actor", "carl").json["run"]
    reads = desk.sent("GET")
    assert len(reads) == 2
    desk.sandbox.behave()
    desk.do("approve", run, "--actor", "anna")
    ended = desk.do("resume", run)
    assert ended.json["output"]["seen"] == "failed"
    assert desk.sent("GET") == reads


def test_a_sub_playbook_may_ask_but_not_for_each_item(desk: Desk) -> None:
    desk.playbook(TWO_ASKS, "asking")
    outer = "version: 1.0\ntasks:\n  a:\n    action: ioc_removal.asking\n"
    run = desk.do("run", desk.playbook(outer), "--actor", "carl").json["run"]
    assert desk.do("show", run).json["waiting"]["ask"] == "a/first"
    for _ in range(2):
        desk.do("approve", run, "--actor", "anna")
        ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})
    items = desk.playbook(f"{outer}    with: x in {{{{ [1] }}}}\n", "q")
    refused = desk.do("run", items)
    assert (refused.status, "line 3: tasks.a.with: the playbook asking asks" in refused.err) == (
        2,
        True,
    )


def test_a_dry_run_takes_the_answer_for_a_yes(desk: Desk) -> None:
    inputs = ("--input", f"indicators:={json.dumps(MARKED)}")
    ended = desk.do("run", str(EXAMPLE), *inputs, "--dry-run")
    assert (ended.status, ended.json["counts"]) == (0, {"planned": 2})
    assert desk.rows("SELECT 1 FROM approvals") == []


def test_times_that_cannot_be_true_are_refused_and_nothing_is_lost(desk: Desk) -> None:
    run = desk.ask()
    before = desk.rows("SELECT asked, expires FROM approvals")
    desk.redate(run, asked="2090-01-01T00:00:00.000Z", expires="2090-01-02T00:00:00.000Z")
    for words in (("approve", run, "--actor", "anna", *ANSWER), ("resume", run)):
        refused = desk.do(*words)
        assert (refused.status, "set the clock right" in refused.err) == (2, True)
    desk.redate(run, asked=before[0][0], expires=before[0][1])
    desk.do("approve", run, "--actor", "anna", *ANSWER)
    desk.redate(run, decided="2020-01-01T00:00:00.000Z")
    refused = desk.do("resume", run)
    assert (refused.status, "the decision is dated 2020-01-01" in refused.err) == (2, True)
    assert desk.do("show", run).json["status"] == "waiting"
    assert desk.sent() == []


def test_an_approval_that_nobody_uses_expires_too(desk: Desk) -> None:
    run = desk.ask()
    desk.do("approve", run, "--actor", "anna", *ANSWER)
    desk.expire(run)
    desk.redate(run, decided="2020-01-01T05:00:00.000Z")
    ended = desk.do("resume", run)
    assert (ended.status, desk.sent()) == (2, [])
    assert ended.json["output"]["decision"] == "nobody answered in time"
    assert desk.rows("SELECT decision FROM approvals") == [("expired",)]


def test_a_call_above_the_count_is_refused_and_says_what_to_do(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    delete = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
    values = ("--arg", "indicators=192.0.2.10", "--arg", "indicators=malware.example")
    ended = desk.do(*delete, *values)
    assert (ended.status, ended.json["counts"], desk.sent()) == (2, {"refused": 2}, [])
    reason = ended.json["outcomes"][0]["reason"]
    assert "would disarm 2 indicators, more than 1 (approval.disarms of the settings)" in reason
    assert "a single call asks nobody, `ioc-removal run` does" in reason
    assert desk.do(*delete, *values, "--dry-run").json["counts"] == {"planned": 2}
    assert desk.do(*delete, *values[:2]).json["counts"] == {"removed": 1}
    unmark = desk.do(
        "call", "cybertrace-false-positives-unmark", "--arg", "unmark_detections:=false",
        "--arg", f"indicators:={json.dumps(MARKED)}",
    )  # fmt: skip
    assert (unmark.status, len(desk.sent())) == (2, 1)
    assert "would rearm 2 indicators, more than 1 (approval.rearms" in unmark.out


def test_a_call_counts_what_the_system_shows_to_rearm(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 2, "rearms": 1}
    values = json.dumps(["malware.example", *MARKED])
    found = desk.do("call", "secmaster-indicators-search", "--arg", f"values:={values}")
    ids = {row["value"]: row["id"] for row in found.json["outputs"]}
    given = ("--arg", f"batch_ids:={json.dumps([*ids.values()])}")
    ended = desk.do("call", "secmaster-indicators-delete", *given)
    assert (ended.status, ended.json["counts"]) == (2, {"refused": 3})
    assert "this would disarm 3 indicators, more than 2 (approval.disarms" in ended.out
    desk.settings["approval"]["disarms"] = 3
    ended = desk.do("call", "secmaster-indicators-delete", *given)
    assert (ended.status, ended.json["counts"]) == (1, {"removed": 2, "refused": 1}), ended.err
    [kept] = [row for row in ended.json["outcomes"] if row["outcome"] == "refused"]
    assert kept["id"] == ids[MARKED[1]]
    assert "this would rearm 2 indicators, more than 1 (approval.rearms" in kept["reason"]


def test_an_approver_who_was_listed_later_may_not_decide(desk: Desk) -> None:
    run = desk.ask()
    desk.settings["approval"]["approvers"] = ["dora", "anna"]
    refused = desk.do("approve", run, "--actor", "dora", *ANSWER)
    assert refused.status == 2
    assert "dora may not decide this: when the run" in refused.err
    [row] = desk.do("approvals").json
    assert row["approvers"] == ["anna"]
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0


UNMARK = ("run", "unmark-false-positives", "--input", f"indicators:={json.dumps(MARKED)}",
          "--input", "unmark_detections:=false", "--actor", "carl")  # fmt: skip


def planned(desk: Desk, *words: str) -> tuple[str, str]:
    """Run what needs an approval; return the run that waits, and the hash of its plan."""
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    ended = desk.do(*UNMARK, *words)
    assert (ended.status, ended.json["status"]) == (4, "waiting"), ended.err
    waits = ended.json["waiting"]
    assert (waits["ask"], waits["effects"], len(waits["plan"])) == ("plan", {"rearms": 2}, 64)
    assert (desk.sent(), ended.json["counts"]) == ([], {})
    return ended.json["run"], waits["plan"]


def test_above_the_count_a_run_waits_with_its_plan(desk: Desk) -> None:
    run, plan = planned(desk)
    [row] = desk.do("approvals").json
    assert (row["plan"], row["effects"], row["approvers"]) == (plan, {"rearms": 2}, ["anna", "bob"])
    assert desk.do("plan", plan[:12]).json["effects"] == {"rearms": 2}
    for wrong in (plan[:7], "0" * 64, plan[:-1] + "x"):
        refused = desk.do("approve", run, "--actor", "anna", "--plan", wrong)
        assert (refused.status, f"asks for the plan {plan}" in refused.err) == (2, True)
    approved = desk.do("approve", run, "--actor", "anna", "--plan", plan[:8].upper())
    assert (approved.status, approved.json["plan"]) == (0, plan)
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2}), ended.err
    assert (desk.marked(), len(desk.sent())) == (set(), 1)
    assert ended.json["plan"]["sha256"] == plan


def test_below_the_count_it_does_not_wait(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 0, "rearms": 2}
    ended = desk.do(*UNMARK)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2}), ended.err
    del desk.settings["approval"]
    ended = desk.do("run", "remove-iocs-after-triage", "--input", "indicators=192.0.2.10")
    assert ended.status == 0
    assert "plan" not in ended.json


@pytest.mark.parametrize("how", ["reject", "expire"])
def test_without_approval_of_its_plan_all_is_refused(desk: Desk, how: str) -> None:
    run, _ = planned(desk)
    if how == "reject":
        desk.do("reject", run, "--actor", "bob", "--reason", "not these")
    else:
        desk.expire(run)
    ended = desk.do("resume")
    assert (ended.status, ended.json["counts"], ended.json["status"]) == (
        2,
        {"refused": 2},
        "ended",
    )
    why = "rejected by bob" if how == "reject" else "nobody approved it until"
    assert all(why in row["reason"] for row in ended.json["outcomes"])
    assert (desk.sent(), desk.marked()) == ([], set(MARKED))
    assert desk.do("journal", "verify").status == 0


def test_a_no_to_a_plan_is_told_from_the_plan_alone(desk: Desk) -> None:
    desk.settings["approval"] |= {"disarms": 1}
    (desk.folder / "f.txt").write_text(
        "192.0.2.10\nmalware.example\n192.0.2.10\nnot one\nabsent.example.org\n"
    )
    words = ("run", "remove-iocs-after-triage", "--indicators", "f.txt", "--actor", "carl")
    run = desk.do(*words).json["run"]
    desk.do("reject", run, "--actor", "anna", "--reason", "in use")
    before = len(desk.sandbox.requests)
    ended = desk.do("resume", run)
    assert (ended.status, len(desk.sandbox.requests)) == (2, before)
    assert ended.json["counts"] == {"refused": 5, "absent": 1}
    found = [row for row in ended.json["outcomes"] if row["action"].startswith("secmaster")]
    assert sorted((row["value"], row["outcome"], "id" in row) for row in found) == [
        ("192.0.2.10", "refused", True),
        ("absent.example.org", "absent", False),
        ("malware.example", "refused", True),
    ]
    assert list(Schema(read("schemas/result.json")).problems(ended.json)) == []
    sums = {"read": 5, "used": 3, "duplicates": 1, "unused": 1, "types": {"domain": 2, "ipv4": 1}}
    assert ended.json["input"] == sums  # as a run that was not planned first shows them
    [unused] = desk.do("show", run, "--unused").json
    assert unused["text"] == "not one"


def test_an_approval_does_not_count_for_another_plan(desk: Desk) -> None:
    run, plan = planned(desk)
    desk.do("approve", run, "--actor", "anna", "--plan", plan)
    desk.change("UPDATE approvals SET plan = ?", "0" * 64)
    refused = desk.do("resume", run)
    assert (refused.status, "does not count" in refused.err) == (2, True), refused.err
    desk.change("UPDATE approvals SET plan = ?", plan)
    connection = desk.settings["connections"]["cybertrace"]
    before = connection["url"]
    connection["url"] = before.replace("127.0.0.1", "localhost")
    refused = desk.do("resume", run)
    assert refused.status == 2
    assert (desk.sent(), desk.do("show", run).json["status"]) == ([], "waiting")
    connection["url"] = before
    assert desk.do("resume", run).json["counts"] == {"removed": 2}


def test_a_plan_that_is_applied_later_needs_its_approval_too(desk: Desk) -> None:
    made = desk.do(*UNMARK, "--dry-run").json["plan"]
    desk.settings["approval"] |= {"rearms": 1}
    ended = desk.do("run", "--plan", made["plan"], "--actor", "carl")
    assert (ended.status, ended.json["waiting"]["plan"]) == (4, made["sha256"])
    desk.do("approve", ended.json["run"], "--actor", "anna")
    assert desk.do("resume").json["counts"] == {"removed": 2}


def test_it_waits_for_its_plan_and_goes_on_by_itself(desk: Desk) -> None:
    desk.settings["approval"] |= {"rearms": 1}
    process = desk.start(*UNMARK, "--wait")
    end = time.monotonic() + LONGEST
    row: list[dict[str, Any]] = []
    while not row and time.monotonic() < end:
        row = desk.do("approvals").json
    assert desk.do("approve", row[0]["run"], "--actor", "anna").status == 0
    assert end_of(process).json["counts"] == {"removed": 2}


def test_what_the_store_says_decides_not_what_the_playbook_does(desk: Desk) -> None:
    run, _ = planned(desk)
    desk.change("UPDATE runs SET status = 'running'")  # as if nobody had to be asked
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"], desk.sent()) == (2, {"refused": 2}, [])
    assert "rearm 2 indicators, more than 1 (approval.rearms" in ended.out


def test_an_undo_above_the_count_is_refused_too(desk: Desk) -> None:
    indicators = f"indicators:={json.dumps(['192.0.2.10', 'malware.example'])}"
    delete = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
    run = desk.do(*delete, "--arg", indicators).json["run"]
    desk.settings["approval"] |= {"disarms": 1, "rearms": 1}
    ended = desk.do("undo", run)
    assert (ended.status, ended.json["counts"], desk.sent("PUT")) == (2, {"refused": 2}, [])
    assert "an undo asks nobody: put back fewer at a time with --indicator VALUE" in ended.out
    assert desk.do("undo", run, "--indicator", "192.0.2.10").json["counts"] == {"added": 1}
    del desk.settings["approval"]["rearms"], desk.settings["approval"]["disarms"]
    assert desk.do("undo", run).json["counts"] == {"added": 1}
    assert {"192.0.2.10", "malware.example"} <= set(desk.supplier("InternalTI"))


DECIDED = """
UPDATE approvals SET decision = 'approved', response = '{"continue": true}',
    decider = '{"actor": "anna", "user": "anna", "ticket": null, "reason": null}',
    decided = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
"""
LINKED = """
INSERT INTO links SELECT run, max(link) + 1, 'approval', NULL, NULL, 0, '',
    (SELECT json_object('ask', ask, 'plan', plan, 'decision', decision, 'by', json(decider),
                        'response', json(response)) FROM approvals),
    (SELECT decided FROM approvals), key, hash FROM links WHERE run = (SELECT run FROM approvals)
"""


def test_a_decision_that_was_written_into_the_store_does_not_count(desk: Desk) -> None:
    run, _ = planned(desk)
    desk.change(DECIDED)
    refused = desk.do("resume", run)
    assert (refused.status, "the store was changed by hand" in refused.err) == (2, True)
    verdict = desk.do("journal", "verify")
    assert (verdict.status, verdict.json["problems"][0]["run"]) == (1, run)
    what = "the approval that plan asked for: decision, decider, decided, response were changed"
    assert verdict.json["problems"][0]["what"] == what
    desk.change("UPDATE approvals SET used = decided")  # and as if the run had gone on by it
    assert (desk.do("resume", run).status, desk.sent()) == (2, [])


def test_the_journal_tells_who_decided(desk: Desk) -> None:
    run, plan = planned(desk, "--ticket", "INC-1")
    assert [row["outcome"] for row in desk.do("journal", "--run", run).json] == ["asked"]
    assert desk.do("approve", run, "--actor", "anna", "--reason", "seen").status == 0
    [asked, decided] = desk.do("journal", "--since", "2020-01-01", "--run", run).json
    assert {"actor": "carl", "ticket": "INC-1", "run": run, "plan_sha256": plan}.items() <= (
        asked.items()
    )
    who = {"actor": "anna", "user": requester_of().user, "why": "seen", "outcome": "approved"}
    assert who.items() <= decided.items()
    assert "ticket" not in decided
    assert desk.do("resume", run).status == 0
    rows = desk.do("journal", "--run", run).json
    assert [row["outcome"] for row in rows] == ["asked", "approved", "removed", "removed"]
    assert rows[2]["plan"] == desk.rows("SELECT plan FROM plans")[0][0]
    lines = desk.do("journal", "--run", run, "--format", "csv").out.splitlines()
    assert "approval" in lines[2]
    assert ",anna," in lines[2]
    for value in MARKED:  # by indicator only what became of it
        assert {row["outcome"] for row in desk.do("journal", "--indicator", value).json} <= {
            "removed", "planned"
        }  # fmt: skip


def test_with_a_key_nobody_can_make_the_link_of_a_decision(desk: Desk) -> None:
    desk.settings["journal"] = {"key": "a key that only the journal's owner has"}
    run, _ = planned(desk)
    desk.change(DECIDED)
    desk.change(LINKED)
    for again in (False, True):
        if again:
            desk.redate(run)  # the hashes made anew without the key
        refused = desk.do("resume", run)
        first = "begin" if again else "approval"  # of the links that are not made with the key
        assert (refused.status, f"of its chain ({first})" in refused.err) == (2, True), refused.err
        assert (desk.do("journal", "verify").status, desk.sent()) == (1, [])


CHANGES = {
    "UPDATE approvals SET expires = '2090-01-01T00:00:00.000Z'": "expires was changed",
    "UPDATE approvals SET asked = '2020-01-01T00:00:00.000Z'": "asked was changed",
    "UPDATE approvals SET question = json_set(question, '$.users[0]', 'carl')": "question was",
    "UPDATE approvals SET question = 'x'": "question was changed",
    "UPDATE approvals SET ask = 'other'": "the journal does not know it: it was added",
    "DELETE FROM approvals": "it was taken away",
    "UPDATE approvals SET decision = NULL, decided = NULL": "decision, decided were changed",
    "UPDATE approvals SET decision = 'approved'": "decision was changed",
    "UPDATE approvals SET used = decided": "used was changed",
    "INSERT INTO approvals SELECT 'x', ask, plan, question, asked, expires, NULL, NULL, NULL, NULL,"
    " NULL FROM approvals": "an approval was added, of a run that is not there",
}


def test_a_changed_approval_is_named_and_nothing_is_removed(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(TWO_ASKS), "--actor", "carl").json["run"]
    assert desk.do("reject", run, "--actor", "bob", "--reason", "no").status == 0
    assert desk.do("journal", "verify").status == 0
    store = (desk.folder / "store.db").read_bytes()
    for change, what in CHANGES.items():
        (desk.folder / "store.db").write_bytes(store)
        desk.change(change)
        verdict = desk.do("journal", "verify")
        assert verdict.status == 1
        assert what in " ".join(problem["what"] for problem in verdict.json["problems"])
        if "INSERT" not in change:
            desk.do("resume", run)
        assert desk.sent() == [], change


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "UPDATE runs SET details = replace(details, 'intranet.example.com', '*.example.com')",
            "inputs was changed",
        ),
        ("DELETE FROM links WHERE kind = 'inputs'", "is not as it was"),
    ],
)
def test_inputs_that_were_changed_while_it_waited_are_refused(
    desk: Desk, change: str, what: str
) -> None:
    run = desk.ask()
    desk.unlocked(change)
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent(), desk.marked()) == (2, [], set(MARKED))
    assert "the store was changed by hand" in refused.err
    assert what in refused.err
    assert "nothing was sent" in refused.err
    assert len(refused.err.strip().splitlines()) <= 2  # with the line that names the run
    assert desk.do("journal", "verify").status == 1


def test_a_list_that_was_changed_while_it_waited_is_refused(desk: Desk) -> None:
    (desk.folder / "iocs.txt").write_text("\n".join(MARKED))
    run = desk.do("run", str(EXAMPLE), "--indicators", "iocs.txt", "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    desk.unlocked("UPDATE pieces SET items = replace(items, '192.0.2.53', '192.0.2.99')")
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, [])
    assert "of its inputs was changed" in refused.err


def test_inputs_that_were_changed_while_a_process_waits_are_refused(desk: Desk) -> None:
    process, run = waiting(desk)
    desk.unlocked("UPDATE runs SET details = replace(details, '192.0.2.53', '192.0.2.99')")
    assert desk.do("approve", run, "--actor", "anna", *ANSWER).status == 0
    refused = end_of(process)
    assert (refused.status, desk.sent()) == (2, [])
    assert "inputs was changed" in refused.err


def test_inputs_of_a_plan_that_were_changed_while_it_waited_are_refused(desk: Desk) -> None:
    run, _ = planned(desk)
    assert desk.do("approve", run, "--actor", "anna").status == 0
    desk.unlocked("UPDATE runs SET details = replace(details, '192.0.2.53', '192.0.2.99')")
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, [])
    assert "inputs was changed" in refused.err


READ_BEFORE = """
version: 1.0
tasks:
  one:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [192.0.2.10]}
    next: [{do: search}]
  search:
    action: ioc_removal.secmaster-indicators-search
    input: {values: [malware.example]}
    next:
      - when: "{{ succeeded() }}"
        publish: [ids: "{{ result().result.outputs | map(attribute='id') | list }}"]
        do: ask
  ask:
    action: core.ask
    next:
      - when: "{{ succeeded() }}"
        do: read
  read:
    action: ioc_removal.secmaster-indicators-search
    input: {values: [c2.example.net]}
    next:
      - when: "{{ succeeded() }}"
        do: remove
  remove:
    action: ioc_removal.secmaster-indicators-delete
    input: {batch_ids: "{{ ctx().ids }}"}
"""
OTHER = "909494e3-558e-46b6-a9eb-07a8e18ca62f"  # an indicator that nobody names
HAND_MADE = {
    f"UPDATE batches SET items = '[\"{OTHER}\"]' WHERE call = 'one'": "one: what it has yet to do",
    "UPDATE batches SET finished = 0, items = '[\"192.0.2.11\"]' WHERE call = 'one'": "yet to do",
    f"UPDATE outputs SET row = json_set(row, '$.id', '{OTHER}')": "search: what it read",
    f"INSERT INTO outputs SELECT run, call, batch, 9, json_set(row, '$.id', '{OTHER}')"
    " FROM outputs": "search: what it read",
    f"UPDATE pieces SET items = json_set(items, '$[0].id', '{OTHER}')"
    " WHERE name = 'outputs of search'": "the list outputs of search that search returned",
    "UPDATE steps SET result = replace(result, 'outputs of search', 'outcomes of one')"
    " WHERE step = 'search'": "search: what its playbook saw",
    "DELETE FROM steps WHERE step = 'search'": "search: what its playbook saw",
    "INSERT INTO steps SELECT run, 'read', result FROM steps WHERE step = 'search'": "rows of read",
    "INSERT INTO batches SELECT run, 'read', 0, items, 1, 1, 0 FROM batches"
    " WHERE call = 'search'": "rows of read were added (table batches)",
    f"INSERT INTO batches SELECT run, 'remove', 0, '[\"{OTHER}\"]', 0, 0, 0 FROM batches"
    " WHERE call = 'search'": "rows of remove were added (table batches)",
    "INSERT INTO calls SELECT run, 'remove', 'secmaster-indicators-delete', connection, target,"
    " arguments, 0, filled, 0 FROM calls WHERE call = 'search'": "rows of remove were added",
}


def test_what_a_run_goes_on_with_is_compared(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(READ_BEFORE), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna").status == 0
    assert desk.do("journal", "verify").status == 0
    store, sent = (desk.folder / "store.db").read_bytes(), desk.sent()
    for change, what in HAND_MADE.items():
        (desk.folder / "store.db").write_bytes(store)
        desk.unlocked(change)
        refused = desk.do("resume", run)
        assert (refused.status, desk.sent()) == (2, sent), change
        assert "the store was changed by hand" in refused.err
        assert what in refused.err
        assert len(refused.err.strip().splitlines()) <= 2
        if not change.startswith("INSERT INTO"):  # of those that no link tells of
            assert desk.do("journal", "verify").status == 1, change
    (desk.folder / "store.db").write_bytes(store)
    ended = desk.do("resume", run)
    assert (ended.status, ended.json["counts"]) == (0, {"removed": 2})


def test_it_goes_on_at_the_place_of_which_it_asked(desk: Desk) -> None:
    run = desk.do("run", desk.playbook(READ_BEFORE), "--actor", "carl").json["run"]
    assert desk.do("approve", run, "--actor", "anna").status == 0
    defaults, sent = desk.settings["connections"]["secmaster"]["defaults"], desk.sent()
    before = defaults["workspace_id"]
    defaults["workspace_id"] = "909494e3-558e-46b6-a9eb-07a8e18ca621"
    refused = desk.do("resume", run)
    assert (refused.status, desk.sent()) == (2, sent)
    assert (
        f"begun with other settings: connection secmaster: defaults: workspace_id was {before}"
        in (refused.err)
    )
    defaults["workspace_id"] = before
    assert desk.do("resume", run).json["counts"] == {"removed": 2}
