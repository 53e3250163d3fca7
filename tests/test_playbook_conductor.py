"""How a playbook is conducted: as Orquesta's own conductor does (its runs are the cases here)."""

from typing import Any

import pytest

from ioc_removal.errors import ArgumentError, DefinitionError
from ioc_removal.playbooks.calls import CallResult, Due
from ioc_removal.playbooks.conductor import conduct
from ioc_removal.playbooks.language import parse_playbook
from oracle.generated import generated
from scripted import Script, conducted
from transcribed import transcribed

CASES = transcribed("playbooks/conducted.yml")


class Unread:
    """A set in the store that nobody may read."""

    def __len__(self) -> int:
        raise AssertionError("it was read")

    __iter__ = __getitem__ = None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_playbook_is_conducted(case: dict[str, Any]) -> None:
    script = Script(case.get("answers", {}))
    ended = conducted(case["text"], script, case.get("inputs", {}))
    assert script.calls == case["calls"]
    assert script.waits == case.get("waits", [])
    assert ended.output == case.get("output", {})
    assert ended.errors + ended.endings == case.get("errors", [])
    assert ended.status == ("failed" if ended.errors + ended.endings else "succeeded")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_second_run_with_the_same_answers_does_the_same(case: dict[str, Any]) -> None:
    first, second = Script(case.get("answers", {})), Script(case.get("answers", {}))
    inputs = case.get("inputs", {})
    assert conducted(case["text"], first, inputs) == conducted(case["text"], second, inputs)
    assert first.calls == second.calls


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_whatever_a_playbook_says_it_ends_and_alike_both_times(first: int) -> None:
    conducts = 0
    for seed in range(first, first + 50):  # Orquesta conducts them alike: docs/stackstorm.md
        one, scripts, ends, refused = generated(seed), [], [], ""
        for _ in range(2):
            scripts.append(Script(one.answers))
            try:
                ends.append(conducted(one.text, scripts[-1], one.inputs))
            except DefinitionError as error:
                refused = str(error)
        assert not refused or ".join: " in refused, seed
        conducts += len(ends) == 2
        assert ends[:1] == ends[1:], seed
        assert scripts[0].calls == scripts[1].calls, seed
        for end in ends:
            assert (end.status == "failed") is bool(end.errors + end.endings), seed
    assert conducts > 30


def test_wrong_inputs_are_refused_before_anything_is_called() -> None:
    script = Script({})
    with pytest.raises(ArgumentError, match="there is no input 'x'"):
        conducted("version: 1.0\ntasks: {a: {action: ioc_removal.a}}", script, {"x": 1})
    assert script.calls == []


def test_a_set_reaches_the_action_as_the_same_object() -> None:
    seen: list[Any] = []

    def perform(due: list[Due]) -> list[list[CallResult]]:
        seen.append(due[0].calls[0].input["values"])
        return [[CallResult("succeeded", {"result": {"outcomes": stored}})]]

    stored = Unread()
    text = """
version: 1.0
input: [rows]
tasks:
  a:
    action: ioc_removal.a
    input: {values: "{{ ctx().rows }}"}
    next: [{publish: [{outcomes: "{{ result().result.outcomes }}"}], do: b}]
  b:
    action: ioc_removal.b
    input: {values: "{{ ctx().outcomes }}"}
output: [{outcomes: "{{ ctx().outcomes }}"}]
"""
    playbook = parse_playbook(text, "p", has_effect=lambda _: False, known=lambda _: True)
    ended = conduct(playbook, {"rows": stored}, perform, seen.append)
    assert all(value is stored for value in seen)
    assert ended.output["outcomes"] is stored


def test_too_many_items_are_refused() -> None:
    text = """
version: 1.0
input: [l]
tasks:
  a:
    with: x in {{ ctx().l }}
    action: ioc_removal.a
    input: {x: "{{ item('x') }}"}
"""
    script = Script({})
    ended = conducted(text, script, {"l": range(10_001)})
    assert script.calls == []
    assert ended.errors == [
        "p: line 6: tasks.a.with: 10,001 items, more than 10,000; give one action the list"
    ]
