"""What is read in a short way is read as YAML is, or as it was written."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ioc_removal.loader import parse
from ioc_removal.store import columns
from ioc_removal.yaml_reading import _PLAIN, _loaded, _loaded_by, parse_yaml

YAML = [
    *(
        "a",
        "b: ",
        "on",
        "- ",
        ": ",
        "? ",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "#",
        " #",
        "'",
        '"',
        "|\n",
        ">-\n",
    ),
    *(
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "!a ",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
    ),
    *(
        "\t",
        "\ufeff",
        "\x85",
        "\u2028",
        "\xa0",
        "\x07",
        "é",
        "\U0001f600",
        "\ud800",
        "\\x41",
        "\\",
        "\r",
    ),
    *(
        "1e3",
        "0x1f",
        "1_0",
        "12:30",
        "2001-01-01",
        "~",
        "null",
        "0o7",
        "-1.5",
        ".inf",
        "=",
        "@",
        "`",
    ),
]
NESTED = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.sampled_from([0.5, -2.25])),
        st.text(
            st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0xD7FF), max_size=8
        ),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab"), inner)),
    max_leaves=6,
)


@given(st.dictionaries(st.text("aé<=.-~: ", max_size=3), NESTED, max_size=4))
@example({"off": "on", "a": [1, -2, 0.5, True, None, "1e5", "2026-11-29", "<<"], "<<": {"a": 1}})
def test_what_is_json_is_read_as_yaml_is(document: dict[str, Any]) -> None:
    for text in (json.dumps(document), json.dumps(document, indent=2, ensure_ascii=False)):
        assert parse(text, "settings.yml") == parse_yaml(text, "settings.yml") == document


@pytest.mark.parametrize(
    "text",
    ['{"a": 1e5}', '{"a": 1.5E+3}', '{"a": NaN}', "{a: 1, b: [x]}", '{"a": 1, "a": 2}', " {}\n"],
)
def test_what_json_reads_otherwise_is_read_as_yaml(text: str) -> None:
    assert parse(text, "settings.yml") == parse_yaml(text, "settings.yml")


@pytest.mark.nested
@settings(deadline=None)
@given(st.lists(st.sampled_from(YAML), max_size=25).map("".join))
@example("a: {b: [c?d]}")
@example("a:\tb")
@example("a: 1\n\ufeffb: 2")
@example("a: 2001-99-99")
@example("a: &b [*b]")
@example("- {off: 1}")
@example("[" * 900)
@example("a:\n" + "".join(f"{' ' * depth}- b:\n" for depth in range(80)))
def test_yaml_is_read_in_c_as_without(text: str) -> None:
    found = []
    for read_it in (_loaded, partial(_loaded_by, _PLAIN)):
        try:
            found.append(repr(read_it(text)))
        except Exception as error:  # noqa: BLE001  # as whatever it is refused
            found.append(type(error).__name__)
    assert found[0] == found[1]


@given(st.lists(st.text()))
def test_texts_of_the_store_are_read_as_they_were_written(texts: list[str]) -> None:
    kept = [*map(json.dumps, texts)]
    assert [columns.parsed(text, "pieces.items") for text in kept] == texts
