"""What is written faster is written as json.dumps() writes it, byte for byte."""

import json
from hashlib import sha256
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ioc_removal.store.ahead import rows_facts
from ioc_removal.store.plain_json import lines_of

plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
texts = st.lists(plain) | st.lists(plain | st.text(max_size=5))
values = texts | st.lists(plain | st.integers() | st.dictionaries(plain, plain, max_size=2))


@given(values)
def test_lines_are_those_of_each_alone(items: list[Any]) -> None:
    lines = lines_of(items)
    assert lines == ",\n".join(json.dumps(item) for item in items)
    assert json.loads(f"[{lines}]") == items


rows = st.tuples(st.integers() | st.booleans() | plain, texts.map(json.dumps) | st.binary())


@given(st.lists(rows | st.tuples(plain) | st.tuples(plain, plain, plain)))
def test_the_digest_of_rows_is_that_of_their_json(made: list[tuple[Any, ...]]) -> None:
    told = "".join(json.dumps(row, default=repr) for row in made)
    assert rows_facts(made) == {"sha256": sha256(told.encode()).hexdigest()}
