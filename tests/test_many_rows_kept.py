"""Rows and texts that are too many for memory are kept and prepared as few are."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_removal.connection import Connection
from ioc_removal.handlers.secmaster_listing import Distinct
from ioc_removal.playbooks.expressions import expression
from ioc_removal.settings import settings_from
from ioc_removal.spool import LongTexts, Spool, kept, texts_of
from ioc_removal.store.sets import by_reference
from lessened import INTEGRATION, VALUES, lessen, little

__all__ = ["little"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=3), some),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.integers(0, 2), JSON), max_size=30))
def test_a_spool_gives_back_what_was_added(added: list[tuple[int, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        parts = Spool(3)
        for part, value in added:
            parts.add(value, part)
            assert value in parts
        for part in range(3):
            own = [value for at, value in added if at == part]
            for _ in range(2):
                assert list(parts.values(part)) == own
            assert list(parts.lines(part)) == [json.dumps(value) for value in own]
        assert len(parts) == len(added)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
@pytest.mark.usefixtures("little")
def test_rows_are_kept_whether_few_or_many(count: int) -> None:
    rows = [{"value": f"\u00fc{at}", "at": at} for at in range(count)]
    found = kept(row for row in rows)
    assert isinstance(found, tuple) == (count < 2)
    assert list(found) == list(found) == rows
    assert len(found) == count
    assert list(texts_of(found)) == [json.dumps(row) for row in rows]


@given(st.lists(st.text(max_size=3), max_size=8), st.integers(-9, 9), st.integers(-9, 9))
def test_long_texts_are_a_list(texts: list[str], one: int, other: int) -> None:
    found = LongTexts(texts)
    assert found == texts
    assert (len(found), list(reversed(found)), repr(found)) == (
        len(texts), texts[::-1], repr(texts),
    )  # fmt: skip
    for part in (slice(one, other), slice(None, None, -1), slice(one, None, 2)):
        assert found[part] == texts[part]
    if -len(texts) <= one < len(texts):
        assert found[one] == texts[one]
    else:
        with pytest.raises(IndexError):
            found[one]
    assert by_reference({"ids": [found]}) == {"ids": [texts]}
    assert by_reference({"ids": found}, leaves=False)["ids"] is found


@given(st.lists(st.sampled_from(["a", " a", "b", "c "]), min_size=1))
def test_long_texts_are_prepared_as_a_list(texts: list[str]) -> None:
    document = {"connections": {"secmaster": {"system": "secmaster", "url": "http://127.0.0.1:9",
                "auth": {"type": "iam_token", "token": "made-up-token"}}}}  # fmt: skip
    connection = Connection(
        "secmaster", settings_from(document, "a test"), INTEGRATION.systems["secmaster"]
    )
    action = INTEGRATION.bind("secmaster-indicators-delete", connection)
    place = {"project_id": "p", "workspace_id": "w"}
    few = action.prepare({**place, "batch_ids": texts})
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        many = action.prepare({**place, "batch_ids": LongTexts(texts)})
    assert list(many.items) == list(few.items)
    assert (many.size, many.duplicates) == (few.size, few.duplicates)
    assert [batch.items for batch in many] == [batch.items for batch in few]


EXPRESSIONS = (
    "some() | list", "some() | list + ['x']", "['x'] + some() | list", "(some() | list) + some()",
    "some() | list | length", "(some() | list) == some()", "some() | list | last",
    "some() | list | unique | list", "'a' in some() | list", "(some() | list)[1:]",
    "some() | list | tojson", "some() | list | string", "(some() | list).count('a')",
    "some() | list | select | list is sequence", "(some() | list)[0]", "some() | list | join('-')",
)  # fmt: skip


@pytest.mark.parametrize("source", EXPRESSIONS)
@pytest.mark.parametrize("some", [["a", "b", "c", "a"], ["a", "b", 3, "d"], ["a", "b", "c", [1]]])
def test_an_expression_of_many_texts_is_that_of_few(source: str, some: list[Any]) -> None:
    functions = {"some": lambda: some}
    try:
        expected = expression(source).value(functions)
    except TypeError as error:
        expected = str(error)
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        try:
            found = expression(source).value(functions)
        except TypeError as error:
            found = str(error)
    assert found == expected


def test_a_full_disk_is_told_in_one_line() -> None:
    code = (
        "import resource; from ioc_removal.spool import Spool; from ioc_removal.errors import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); rows = Spool()\n"
        "try:\n    [rows.add('x' * 1000) for _ in range(1000)]\n"
        "except StoreError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rows cannot be kept in a temporary file: File too large; free ")
    assert done.stdout.count("\n") == 1
    assert not done.stderr


@given(st.lists(VALUES, max_size=30))
def test_what_is_distinct_of_many_is_that_of_few(values: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lessen(patch)
        found = Distinct(values)
        assert list(found) == list(found) == list(dict.fromkeys(values))
        assert len(found) == len(set(values))
