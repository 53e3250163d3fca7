"""What a plan marks as assumed: never less than what depends on a removal or an answer."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ioc_removal.errors import DefinitionError
from ioc_removal.playbooks.calls import Call, CallResult, Due
from ioc_removal.playbooks.conductor import Ended, conduct
from ioc_removal.playbooks.language import parse_playbook

ACTS = ("remove", "ask")


class Conducted:
    """Answers calls: what acts as `answers` say, one after the other; reads always alike."""

    def __init__(self, answers: Sequence[tuple[str, str]] = ()) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str, bool]] = []

    def perform(self, due: list[Due]) -> list[list[CallResult]]:
        return [[self.one(one.task, call) for call in one.calls] for one in due]

    def one(self, task_id: str, call: Call) -> CallResult:
        acts = call.action in ACTS
        self.calls.append((task_id, repr(dict(call.input)), call.assumed))
        if not acts:
            return CallResult("succeeded", {"said": "read"}, call.assumed)
        status, said = self.answers.pop(0) if self.answers else ("succeeded", "removed")
        return CallResult(status, {"said": said}, assumed=True)


def run(text: str, conducted: Conducted) -> Ended:
    playbook = parse_playbook(text, "p", has_effect=lambda a: a in ACTS, known=lambda _: True)
    return conduct(playbook, {"given": "input"}, conducted.perform, lambda _: None)


EXPRESSIONS = [
    "{{ ctx().a }}",
    "{{ ctx('b') }}",
    "{{ ctx()['a'] }}",
    "{{ ctx() | length }}",
    "{{ ctx(key='b') }}",
    "{{ ctx('a' ~ '') }}",
    "{{ ctx().given }}",
    "{{ task_status('t0') }}",
    "{{ task_status('t' ~ 1) }}",
    "constant",
    "{{ [ctx().given, ctx().b] | first }}",
]
AFTER = [*EXPRESSIONS, "{{ result().said }}", "{{ result() | tojson }}", "{{ succeeded() }}"]
# What stands in the rows of one task: at most one of them holds.
WHENS: list[tuple[str | None, ...]] = [
    (),
    (None,),
    ("{{ completed() }}",),
    ("{{ succeeded() }}", "{{ failed() }}"),
    ("{{ failed() }}", "{{ succeeded() }}"),
    ("{{ result().said == 'removed' }}", "{{ result().said != 'removed' }}"),
    ("{{ ctx().a == 'removed' }}", "{{ ctx().a != 'removed' }}"),
    ("{{ ctx().given == 'input' }}",),
    ("{{ completed() or failed() }}",),
    ("{{ task_status('t0') == 'succeeded' }}", "{{ task_status('t0') != 'succeeded' }}"),
]
RETRIES = ["{{ failed() }}", "{{ ctx().a == 'removed' }}"]


@st.composite
def playbooks(draw: st.DrawFn) -> str:
    """Return a playbook of up to seven tasks that lead forward."""
    count = draw(st.integers(2, 7))
    tasks: dict[str, Any] = {}
    for number in range(count):
        action = draw(
            st.sampled_from(["ioc_removal.remove", "ioc_removal.ask", "ioc_removal.read"])
        )
        task: dict[str, Any] = {
            "action": action,
            "input": {"x": draw(st.sampled_from(EXPRESSIONS))},
        }
        if draw(st.integers(0, 3)) == 0:
            task["with"] = draw(
                st.sampled_from(["i in {{ [ctx().a, ctx().given] }}", "{{ [1, 2] }}"])
            )
        if action.endswith("read") and draw(st.integers(0, 4)) == 0:
            task["retry"] = {"when": draw(st.sampled_from(RETRIES)), "count": 1}
        rows = []
        for when in draw(st.sampled_from(WHENS)):
            row: dict[str, Any] = {"when": when} if when else {}
            names = draw(st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True))
            if names:
                row["publish"] = [{name: draw(st.sampled_from(AFTER))} for name in names]
            later = [f"t{n}" for n in range(number + 1, count)]
            row["do"] = draw(st.sampled_from([*later, *later, "noop", "fail"]))
            rows.append(row)
        if rows:
            task["next"] = rows
        tasks[f"t{number}"] = task
    reached = ["t0"]
    for name in reached:
        targets = [row["do"] for row in tasks[name].get("next", ())]
        reached += [one for one in targets if one in tasks and one not in reached]
    tasks = {name: task for name, task in tasks.items() if name in reached}
    document = {
        "version": 1.0,
        "description": "Generated.",
        "input": ["given"],
        "vars": [{"a": "removed"}, {"b": "b"}],
        "tasks": tasks,
    }
    return yaml.safe_dump(document, sort_keys=False)


ANSWERS = st.lists(
    st.tuples(st.sampled_from(["succeeded", "failed"]), st.sampled_from(["removed", "failed"])),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(text=playbooks(), answers=ANSWERS)
def test_what_is_not_assumed_happens_whatever_the_answers_are(
    text: str, answers: list[tuple[str, str]]
) -> None:
    """A call that is not marked comes, with its input, in every run that has no mistake before."""
    planned, other = Conducted(), Conducted(answers)
    try:
        run(text, planned)
    except DefinitionError:
        reject()
    ended = run(text, other)
    happened = {(task, given_) for task, given_, _ in other.calls}
    sure = [(task, given_) for task, given_, assumed in planned.calls if not assumed]
    missing = [call for call in sure if call not in happened]
    assert not missing or _stopped(ended), (missing, text)


def _stopped(ended: Ended) -> bool:
    """Whether a mistake of the playbook ended the run: two ways at once, or a value that fails."""
    return bool(ended.errors)


def marks(text: str) -> dict[str, bool]:
    conducted = Conducted()
    run(text, conducted)
    return {task: assumed for task, _, assumed in conducted.calls}


CHAIN = """
version: 1.0
description: Remove, then another.
input: [given]
vars: [{{a: x}}]
tasks:
  first:
    action: ioc_removal.remove
    next:
      - when: "{when}"
        publish: [{{a: "{value}"}}]
        do: second
  second:
    action: ioc_removal.remove
    input: {{x: "{{{{ ctx().{name} }}}}"}}
"""


@pytest.mark.parametrize(
    ("when", "value", "name", "assumed"),
    [
        ("{{ completed() }}", "{{ ctx().given }}", "a", False),
        ("{{ completed() }}", "{{ result() }}", "given", False),
        ("{{ completed() }}", "{{ result() }}", "a", True),
        ("{{ succeeded() }}", "{{ ctx().given }}", "given", True),
        ("{{ not failed() }}", "{{ ctx().given }}", "given", True),
        ("{{ result().said == 'removed' }}", "x", "given", True),
        ("{{ task_status('first') == 'succeeded' }}", "x", "given", True),
        ("{{ ctx().given == 'input' }}", "x", "given", False),
    ],
)
def test_marks_what_depends_and_no_more(when: str, value: str, name: str, *, assumed: bool) -> None:
    text = CHAIN.format(when=when, value=value, name=name)
    assert marks(text) == {"first": False, "second": assumed}
