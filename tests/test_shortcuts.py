"""What takes a short way comes to what the long way comes to."""

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema_rs import validator_for
from requests import Request

from ioc_removal.authentication import authentication
from ioc_removal.body import objects_of
from ioc_removal.clean_texts import judge_of_texts
from ioc_removal.cli import main
from ioc_removal.loader import parse, read
from ioc_removal.outcome import OUTCOMES, Outcome
from ioc_removal.quotes import Quotes, mapped
from ioc_removal.same_outcome import SameOutcome, counts_of, kinds_of, names_of
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.schema import Schema
from ioc_removal.secret import Secret
from ioc_removal.store import columns, found, run_outcomes
from ioc_removal.store.chain import Hashing
from ioc_removal.store.outcome_rows import (
    columns_of,
    flat_row,
    outcome_of,
    rows_of_batch,
)
from ioc_removal.store.outcome_walk import columns_of_part
from ioc_removal.trust.lists import Lists
from ioc_removal.wire import open_wire
from ioc_removal.yaml_reading import _PLAIN, _loaded, _loaded_by, parse_yaml
from schema_fields import PARTS, SCHEMAS
from slips import seeds, variants
from test_plain_values import TEXTS

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
VALUES = [f"host{number}.example" for number in range(23)]
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


@given(
    st.sampled_from(["DELETE", "GET", "POST", "PUT"]),
    st.sampled_from(
        ["http://127.0.0.1:8080", "https://example.com/api/1.3", "https://müller.example"]
    ),
    st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from("ab"), st.text(max_size=5)),
    st.none() | st.binary(min_size=1, max_size=9),
)
def test_a_request_is_made_as_requests_makes_it(
    method: str, address: str, path: list[str], query: dict[str, str], body: bytes | None
) -> None:
    auth = authentication({"type": "basic", "username": "soc", "password": Secret("example")})
    way = open_wire({}, address, auth, Quotes())
    segments = (quote(part.encode("utf-8", "surrogatepass"), safe="~") for part in path)
    url = "/".join([way.address, *segments])
    if query:
        url += "?" + urlencode(query, quote_via=quote, safe="~", errors="surrogatepass")
    headers = {"Accept": "application/json", "X-Language": "en-us"}
    plain = way.session.prepare_request(Request(method, url, data=body, headers=headers, auth=auth))
    for _ in range(2):  # made, and copied
        ours = way.signed(method, url, headers, body)
        assert (ours.method, ours.url, ours.body) == (method, plain.url, body)
        assert dict(ours.headers) == dict(plain.headers)


@given(st.lists(st.text(alphabet='ab"\\\u00e9/ ', max_size=8), max_size=4), st.booleans())
@example(['x"secret'], False)
@example(["secr\u00e9t-\u00e9"], True)
def test_what_surely_holds_no_secret_stays_as_it_is(texts: list[str], escaped: bool) -> None:
    quotes = Quotes([Secret("secr\u00e9t-\u00e9"), Secret("ab/ab\u00e9ab")])
    row = {"value": texts}
    if not quotes.tells(json.dumps(row, ensure_ascii=escaped)):
        assert quotes.cleaned(row) == row == mapped(row, quotes.masked)


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


@st.composite
def outcomes(draw: st.DrawFn) -> list[Outcome]:
    texts = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=8))
    rows = st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.integers(), st.text()))
    one = Outcome(
        draw(st.sampled_from(OUTCOMES)),
        {"supplier": "InternalTI"},
        reason=draw(texts),
        http_status=draw(st.one_of(st.none(), st.integers())),
        maybe_ours=draw(st.booleans()),
        snapshot=draw(st.one_of(st.none(), rows)),
        not_restored=tuple(draw(st.lists(st.text(max_size=3), max_size=2))),
        response=draw(rows),
    )
    made = [one.same_of(draw(texts), draw(texts)) for _ in range(3)]
    return [*made, made[0].with_snapshot(draw(rows)), one, Outcome("removed", {}, value="x")]


@given(outcomes())
def test_rows_made_together_are_those_made_alone(made: list[Outcome]) -> None:
    hashing = Hashing()
    parts, hashes = rows_of_batch(('run"', "call", 7), made, hashing)
    rows = sorted(
        (*columns_of_part(json.loads(own), part.shared), hash_)
        for part in parts
        for own, hash_ in zip(part.own, part.hashes, strict=True)
    )
    assert [at for at, *_ in rows] == [*range(len(made))]
    for (at, *row, hash_), outcome in zip(rows, made, strict=True):
        assert tuple(row) == columns_of(outcome)
        assert hash_ == hashes[at] == hashing.row(('run"', "call", 7, at, *row))
        told = outcome_of(tuple(row), "run").row()
        flat = flat_row("an-action", tuple(row), "run")
        assert list(flat.items()) == [("action", "an-action"), *told.items()]


@given(outcomes(), st.lists(st.text(), unique=True), st.sampled_from(["value", "id"]))
def test_the_same_outcome_of_several_is_that_of_each(
    made: list[Outcome], names: list[str], named_by: str
) -> None:
    same = SameOutcome(made[0], names, named_by)
    alone = [made[0].same_of(**{"value" if named_by == "value" else "id_": n}) for n in names]
    assert same == alone
    assert [*same] == [same[at] for at in range(len(same))] == same[:]
    assert names_of(same, named_by) == names
    assert names_of(same, "value") == names_of(alone, "value")
    assert counts_of(same) == counts_of(alone)
    assert [outcome.outcome for outcome in kinds_of(same)] == [*counts_of(alone)]
    key, hashing = ("run", "call", 7), Hashing()
    assert rows_of_batch(key, same, hashing, 3) == rows_of_batch(key, alone, hashing, 3)


@given(st.lists(st.text()), st.dictionaries(st.text(), st.one_of(st.booleans(), st.text())))
def test_a_body_put_together_at_once_is_what_json_says(texts: list[str], more: Any) -> None:
    more.pop("indicator", None)
    objects = [{"indicator": text, **more} for text in texts]
    assert (
        objects_of("indicator", texts, more) == json.dumps(objects, separators=(",", ":")).encode()
    )


@given(st.lists(st.text()))
def test_texts_of_the_store_are_read_as_they_were_written(texts: list[str]) -> None:
    kept = [*map(json.dumps, texts)]
    assert [columns.parsed(text, "pieces.items") for text in kept] == texts


def test_lists_are_asked_for_once_until_the_run_does_something_else() -> None:
    lists, asked = Lists(), list[int]()

    def read_() -> list[dict[str, Any]]:
        asked.append(1)
        return [{"id": "a"}, {"id": "b"}]

    both = {"a": {"id": "a"}, "b": {"id": "b"}}
    assert lists.rows("policy", read_) == lists.rows("policy", read_) == both
    lists.without({"a"})
    assert lists.rows("policy", read_) == {"b": {"id": "b"}}
    assert len(asked) == 1
    lists.forget()
    assert len(lists.rows("policy", read_)) == 2
    assert len(asked) == 2


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run of twenty-three indicators be a long one."""
    monkeypatch.setattr(found, "SOON", 10)
    monkeypatch.setattr(run_outcomes, "AT_ONCE", 5)


@pytest.mark.usefixtures("long_ways")
def test_a_long_run_is_shown_row_by_row_and_indexed_when_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": VALUES[:20]}
    settings, store = tmp_path / "settings.yml", tmp_path / "store.db"
    with Sandbox(seed) as sandbox:
        settings.write_text(json.dumps(sandbox.settings()))
        where = ["--settings", str(settings), "--store", str(store)]
        given_ = [word for value in VALUES for word in ("--arg", f"indicators={value}")]
        call = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI", *given_]
        assert main([*call, "--json", *where]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [row["value"] for row in record["outcomes"]] == VALUES
    assert record["context"]["CyberTrace"]["IndicatorRemoval"] == record["outcomes"]
    assert record["counts"] == {"removed": 20, "absent": 3}
    main(["show", record["run"], "--json", *where])
    assert json.loads(capsys.readouterr().out)["outcomes"] == record["outcomes"]
    main(["show", record["run"], *where])
    assert "host22.example" in capsys.readouterr().out

    indexed = "SELECT count(*) FROM indexed"
    with sqlite3.connect(store) as connection:
        assert connection.execute(indexed).fetchone() == (0,)
    assert main(["journal", "--indicator", "HOST7.example", "--json", *where]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["value"], row["run"]) == ("host7.example", record["run"])
    with sqlite3.connect(store) as connection:
        assert connection.execute(indexed).fetchone() == (1,)
    assert main(["journal", "verify", *where]) == 0
