"""What takes a short way comes to what the long way comes to."""

import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests import Request

from ioc_removal.authentication import authentication
from ioc_removal.body import objects_of
from ioc_removal.cli import main
from ioc_removal.outcome import OUTCOMES, Outcome
from ioc_removal.quotes import Quotes, mapped
from ioc_removal.same_outcome import SameOutcome, counts_of, kinds_of, names_of
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.secret import Secret
from ioc_removal.store import found, run_outcomes
from ioc_removal.store.chain import Hashing
from ioc_removal.store.outcome_rows import (
    columns_of,
    flat_parts,
    flat_row,
    outcome_of,
    rows_of_batch,
)
from ioc_removal.store.outcome_walk import columns_of_part
from ioc_removal.trust.lists import Lists
from ioc_removal.wire import open_wire

VALUES = [f"host{number}.example" for number in range(23)]


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
        value, id_, *shared, snapshot, not_restored = row
        alike = flat_parts((*shared, not_restored), "run")
        flat = flat_row("an-action", (value, id_), snapshot, alike, "run")
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
