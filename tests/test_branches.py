"""Tasks that run at once: a kill, a question and a plan in the midst of them."""

from collections import Counter
from pathlib import Path

import pytest

from approving import Desk, desk
from ioc_removal.sandbox import Sandbox
from killing import Program, deletions, expect_all_gone, killed_after, sandbox
from written import FROM_SECMASTER, TWICE

__all__ = ["desk", "sandbox"]

BOTH = (
    """
version: 1.0
input: [indicators]
output: [{removed: "{{ ctx().one + ctx().other }}"}]
tasks:
  cybertrace:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: "{{ ctx().indicators }}"}
    next: [{publish: [{one: "{{ result().result.counts.removed | default(0) }}"}], do: told}]
"""
    + FROM_SECMASTER
)
ASKING = """
version: 1.0
output: [{seen: "{{ ctx().seen }}"}]
vars: [{seen: []}]
tasks:
  begin: {action: core.noop, next: [{do: [ask, first]}]}
  ask: {action: core.ask, next: [{when: "{{ succeeded() }}", do: [asked, end]}]}
  asked:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [203.0.113.7]}
  first:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [192.0.2.10]}
    next: [{do: second}]
  second:
    action: ioc_removal.cybertrace-indicators-delete
    input: {supplier: InternalTI, indicators: [malware.example]}
    next: [{publish: [{seen: "{{ ctx().seen + [result().result.counts] }}"}], do: end}]
  end: {action: core.noop, join: all}
"""


class Branching(Program):
    """The command with a playbook of ours in the place of the ready one."""

    def write(self, text: str) -> tuple[str, ...]:
        (self.folder / "p.yml").write_text(text)
        return ("run", "p.yml", "--indicators", "iocs.txt")


@pytest.mark.parametrize("count", [4, 9])
def test_tasks_at_once_go_on_after_a_kill(sandbox: Sandbox, tmp_path: Path, count: int) -> None:
    program = Branching(sandbox, tmp_path)
    killed_after(program.start(*program.write(BOTH)), sandbox, count)
    before, finished = deletions(sandbox), program.finished()

    record = program.done("resume")

    again = deletions(sandbox)[len(before) :]
    assert finished.isdisjoint(again), "a finished batch was sent again"
    assert sum(times - 1 for times in Counter(before + again).values()) <= 2  # one a task
    expect_all_gone(sandbox, record)


def test_what_two_tasks_at_once_remove_is_removed_once_by_a_plan(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    program = Branching(sandbox, tmp_path)
    words = program.write(TWICE)
    plan = program.done(*words, "--dry-run")["plan"]["plan"]
    record = program.done("run", "--plan", plan)
    assert record["counts"] == {"removed": 36}
    assert set(Counter(deletions(sandbox)).values()) == {1}


def test_a_question_in_one_branch_lets_the_others_go_on_first(desk: Desk) -> None:
    waiting = desk.do("run", desk.playbook(ASKING), "--actor", "carl")
    assert waiting.status == 4, waiting.err
    assert "203.0.113.7" in desk.supplier("InternalTI")
    sent = desk.sent()
    assert len(sent) == 2
    run = waiting.json["run"]
    assert desk.do("approve", run, "--actor", "anna").status == 0
    ended = desk.do("resume", run)
    assert ended.status == 0, ended.err
    assert "203.0.113.7" not in desk.supplier("InternalTI")
    assert len(desk.sent()) == 3
    assert ended.json["output"] == {"seen": [{"removed": 1}]}
