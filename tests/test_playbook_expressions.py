"""Expressions: what they give, that data is never evaluated, and that nothing can blow up."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_removal.errors import DefinitionError
from ioc_removal.playbooks.functions import NAMES, Scope
from ioc_removal.playbooks.values import Place, Value

PLACE = Place("p", 3, "tasks.a.input")
BIG = "x" * 9_000_000


class Stored:
    """Behaves as a set in the store: a list that is read when asked."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]


ROWS = [
    {"value": "192.0.2.7", "type": "ip", "n": 2},
    {"value": "a.example", "type": "domain", "n": 1},
]
STORED = Stored(ROWS)


def evaluate(text: Any, **context: Any) -> Any:
    scope = Scope(
        {"rows": STORED, "n": 5, "d": {"a": 1, "items": [1]}, "big": BIG, **context},
        {"a": "succeeded", "b": "failed"},
        task="a",
        result={"result": {"ids": [1, 2]}},
        item={"v": 1},
    )
    return Value(text, PLACE, NAMES).evaluate(scope)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ ctx().n }}", 5),
        ("{{ ctx('n') + 1 }}", 6),
        (" {{ 1 }}", " 1"),
        ("{{ 1 }}{{ none }}{{ true }}", "1NoneTrue"),
        ({"a": ["{{ 1 }}", {"b": "{{ 2 }}"}], "c": 3}, {"a": [1, {"b": 2}], "c": 3}),
        ("{{ result().result.ids | length }}", 2),
        ("{{ result().result.nothing | default(3) }}", 3),
        ("{{ succeeded() and completed() and not failed() }}", True),
        ("{{ task_status('b') }} {{ task_status('other') }}", "failed null"),
        ("{{ item('v') }} {{ item().v }}", "1 1"),
        ("{{ zip([1, 2], [3]) }}", [[1, 3], [2, None]]),
        ("{{ zip([1, 2], none, pad=0) }}", [[1, 0], [2, 0]]),
        ("{{ zip([1]) }}", [1]),
        ("{{ json('{\"a\": 1}').a }}", 1),
        ("{{ json(ctx().d).a }}", 1),
        ("{{ dict(a=1) }}", {"a": 1}),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ ctx().d['items'] }}", [1]),
        ("{{ ctx().d | dictsort }}", [["a", 1], ["items", [1]]]),
        ("{{ [3, 1, 3] | unique | sort }}", [1, 3]),
        ("{{ [1, 2, 3] | batch(2, 0) | list }}", [[1, 2], [3, 0]]),
        ("{{ [[1], [2]] | sum(start=[]) }}", [1, 2]),
        ("{{ 'a-b' | replace('-', '+') | upper }}", "A+B"),
        ("{{ '<a>' | tojson }}", '"\\u003ca\\u003e"'),
        ("{{ 'a' ~ 1 ~ none }}", "a1None"),
        ("{{ 7 % 4 * 2 ** 3 }}", 24),
        ("{{ ctx().n if ctx().n > 9 else 'few' }}", "few"),
    ],
)
def test_an_expression_gives_its_value(text: Any, value: Any) -> None:
    assert evaluate(text) == value
    assert type(evaluate(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ ctx().rows | length }}", 2),
        ("{{ ctx().rows | map(attribute='value') | join(', ') }}", "192.0.2.7, a.example"),
        ("{{ ctx().rows | join(',', 'type') }}", "ip,domain"),
        ("{{ ctx().rows | selectattr('type', 'eq', 'ip') }}", ROWS[:1]),
        ("{{ ctx().rows | rejectattr('type', 'eq', 'ip') | list }}", ROWS[1:]),
        ("{{ ctx().rows | sort(attribute='n') }}", ROWS[::-1]),
        ("{{ ctx().rows | sum(attribute='n') }}", 3),
        ("{{ (ctx().rows | groupby('type') | first).grouper }}", "domain"),
        ("{{ ctx().rows | first == ctx().rows[0] }}", True),
        ("{{ (ctx().rows | last).value }}", "a.example"),
        ("{{ ctx().rows[:1] }}", ROWS[:1]),
        ("{{ ctx().rows[0] in ctx().rows }}", True),
        ("{{ 'some' if ctx().rows else 'none' }}", "some"),
        ("{{ ctx().rows is sequence and ctx().rows is iterable }}", True),
        ("{{ zip(ctx().rows, [1]) | length }}", 2),
        ("{{ {'a': [1]} | tojson }}{{ [ctx().rows] | tojson | length > 9 }}", '{"a": [1]}True'),
    ],
)
def test_a_set_behaves_as_a_list(text: str, value: Any) -> None:
    assert evaluate(text) == value


def test_a_set_is_passed_on_and_never_copied() -> None:
    assert evaluate("{{ ctx().rows }}") is STORED
    assert evaluate({"a": "{{ [ctx('rows')] }}"})["a"][0] is STORED
    assert evaluate("{{ ctx().rows | default([]) }}") is STORED


@given(st.text())
def test_data_is_never_evaluated(text: str) -> None:
    for data in (text, f"{{{{ {text} }}}}", "{{ 7*7 }}", "{% if 1 %}"):
        assert evaluate("{{ ctx().data }}", data=data) == data
        assert evaluate("<{{ ctx().data }}>", data=data) == f"<{data}>"
        assert evaluate("{{ ctx().data | list | join }}", data=data) == data


@given(st.text(alphabet="{}%'\"()[]|~*+.,: actxresultn0123456789_", max_size=40))
def test_any_text_is_a_value_or_one_line(text: str) -> None:
    said = "p: line 3: tasks.a.input: "
    try:
        evaluate("{{ " + text + " }}")
    except DefinitionError as error:
        said = str(error)
    assert said.startswith("p: line 3: tasks.a.input: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ 'a' * 10 ** 9 }}", "only numbers can be calculated with, not str"),
        ("{{ [[0] * 9999] * 9999 }}", "only numbers can be calculated with, not list"),
        ("{{ 9 ** 9 ** 9 ** 9 ** 9 }}", "the result has more than 4,096 bits"),
        ("{{ 2.5 ** 99999 }}", "Numerical result out of range"),
        ("{{ range(10 ** 9) | list }}", "Range too big"),
        ("{{ ''.__class__ }}", "the attribute '__class__' is not allowed"),
        ("{{ ''['__class__'] }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ [1] | map(attribute='__class__') | list }}", "is unsafe."),
        ("{{ '' | attr('__class__') }}", "there is no filter 'attr' here"),
        ("{{ [1] | map('attr', 'x') | list }}", "No filter named 'attr'."),
        ("{{ ctx.__globals__ }}", "the attribute '__globals__' is not allowed"),
        ("{{ '%1000000000d' | format(1) }}", "there is no filter 'format' here"),
        ("{{ '%1000000000d' % 1 }}", "only numbers can be calculated with, not str"),
        ("{{ '{:>1000000000}'.format(1) }}", "attribute 'format' of 'str' object is unsafe."),
        ("{{ '{:>1000000000}'['format'](1) }}", "attribute 'format' of 'str' object is unsafe."),
        ("{{ 'a'.ljust(10 ** 9) }}", "attribute 'ljust' of 'str' object is unsafe."),
        ("{{ 'a' | center(10 ** 9) }}", "there is no filter 'center' here"),
        ("{{ [1] | batch(10 ** 9, 0) | list }}", "batch needs a size from 1 to 1,000,000"),
        ("{{ 1 | tojson(10 ** 9) }}", "tojson indents by 0 to 8"),
        ("{{ ctx().big ~ ctx().big }}", "the result has more than 10,000,000 characters"),
        ("{{ ctx().big + ctx().big }}", "the result has more than 10,000,000 characters"),
        ("{{ [ctx().big, ctx().big] | join }}", "the result has more than 10,000,000 characters"),
        ("{{ ctx().big | replace('x', 'xx') }}", "more than 10,000,000 characters"),
        ("{{ ctx().big }}{{ ctx().big }}", "the text is longer than 10,000,000"),
        ("{{ [" + "ctx().big, " * 20 + "] }}", "the result is too large"),
        ("{{ " + "(" * 900 + "1" + ")" * 900 + " }}", "nested too deep"),
        ("{{ " + "1 + " * 600 + "1 }}", "an expression has at most 2,000 characters"),
        ("{{ [1].append(2) }}", "attribute 'append' of 'list' object is unsafe."),
        ("{{ dict.fromkeys('a') }}", "attribute 'fromkeys' of 'type' object is unsafe."),
        ("{{ [1] | random }}", "there is no filter 'random' here"),
        ("{{ 1 is callable }}", "there is no test 'callable' here"),
        ("{{ cycler(1) }}", "cycler is not known; write ctx('cycler')?"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 1e308 * 10 }}", "inf is not a number that JSON knows"),
        ("{{ {1: 2} }}", "the key 1 is not text"),
        ("{{ ctx().d.items }}", "is not a value; call it, or write ['name']"),
        ("{{ ctx().rows + [1] }}", "unsupported operand"),
        ("{{ result().nothing }}", "there is no 'nothing'"),
        ("{{ [result().nothing] }}", "there is no 'nothing'"),
        ("{{ result().nothing.more | default(1) }}", "there is no 'nothing'"),
        ("{{ ctx('nothing') }}", "there is no variable 'nothing'"),
        ("{{ item('nothing') }}", "the item has no 'nothing'"),
        ("{{ json(1) }}", "json() takes text of up to 10,000,000 characters"),
        ("{{ json('[') }}", "Expecting value"),
    ],
)
def test_what_is_refused_says_why_in_one_line(text: str, why: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        evaluate(text)
    assert str(refused.value).startswith("p: line 3: tasks.a.input: ")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_variables_are_found() -> None:
    text = "{{ ctx().a }} {{ ctx('b').c }} {{ ctx()['d'] | default(ctx().e) }} {{ ctx(1) }}"
    assert Value({"x": [text]}, PLACE, NAMES).variables == {"a", "b", "d", "e"}
