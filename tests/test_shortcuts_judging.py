"""What is judged in a short way, or many texts at once, is judged as a library does one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema_rs import validator_for

from ioc_removal.clean_texts import judge_of_texts
from ioc_removal.loader import read
from ioc_removal.schema import Schema
from made_up_texts import TEXTS
from schema_fields import PARTS, SCHEMAS
from slips import seeds, variants


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_judges_and_libraries_come_to_one_verdict(name: str, part: str) -> None:
    target = {**SCHEMAS[name], "$ref": f"#/$defs/{part}"}
    slow, fast = Draft202012Validator(target), validator_for(target)
    schema = Schema(SCHEMAS[name], part)
    for value in (variant for seed in seeds(name, part) for variant in variants(seed)):
        assert schema.accepts(value) == slow.is_valid(value), value
        assert fast.is_valid(value) == slow.is_valid(value), value


@pytest.mark.parametrize(
    ("name", "document"),
    [("integration", "integration.yml"), ("playbook", "playbooks/lift-ip-reputation-rules.yml")],
)
def test_our_own_documents_are_judged_without_a_library(name: str, document: str) -> None:
    assert Schema(read(f"schemas/{name}.json")).accepts(read(document))


def test_a_long_list_with_a_mistake_is_refused_in_the_same_words() -> None:
    schema = Schema(SCHEMAS["cybertrace/delete_indicators"], "arguments")
    given_ = {"supplier": "InternalTI", "api_version": "1.3"}
    few = list(schema.problems({**given_, "indicators": ["a\x00b", 1]}))
    many = ["x.example"] * 5_000
    found_ = list(schema.problems({**given_, "indicators": [*many, "a\x00b", 1]}))
    assert found_ == [line.replace("[0]", "[5000]").replace("[1]", "[5001]") for line in few]
    assert list(schema.problems({**given_, "indicators": many})) == []


LISTS_OF_TEXTS = [
    SCHEMAS[f"{name}_indicators"]["$defs"]["arguments"]["properties"][argument]
    for name, argument in (("cybertrace/delete", "indicators"), ("secmaster/delete", "batch_ids"))
]


@pytest.mark.parametrize("schema", LISTS_OF_TEXTS)
@given(
    st.lists(
        st.one_of(
            TEXTS,
            st.text(st.sampled_from(" \t\x00\x1f\x7f\x80\xa0\u2028\u3000é~!\ud800"), max_size=3),
            st.text("a", min_size=60, max_size=70),
            st.integers(),
        ),
        max_size=5,
    )
)
def test_texts_judged_at_once_are_right_one_by_one(schema: dict[str, Any], texts: Any) -> None:
    judge = judge_of_texts(schema["items"])
    assert judge is not None
    one = Draft202012Validator(schema["items"])
    if judge(texts):
        assert all(map(one.is_valid, texts))
        assert "".join(texts).encode() or not texts
    elif all(map(one.is_valid, texts)):  # a doubt: a half of a pair, or a space of another kind
        assert any("\ud800" in text or not text.strip() for text in texts)


def test_a_long_list_of_texts_is_judged_whole() -> None:
    judge = judge_of_texts(LISTS_OF_TEXTS[0]["items"])
    assert judge is not None
    texts = [f"host-{number}.example" for number in range(2_000)]
    assert judge(texts)
    for odd in ("a\ud800b", "\udfff", "\ud83d\ude00", "", "  ", "a\x00", "a\n", "\x7f", 1, None):
        for place in (0, 499, 500, 1_999):
            assert not judge([*texts[:place], odd, *texts[place + 1 :]])


@pytest.mark.parametrize(
    "items",
    [
        *(True, {}, {"type": "integer"}, {"type": "string", "minLength": 2}),
        *({"type": "string", "enum": ["a"]}, {"type": "string", "not": {"pattern": "a"}}),
    ],
)
def test_only_what_a_schema_says_of_texts_is_judged_at_once(items: object) -> None:
    assert judge_of_texts(items) is None
