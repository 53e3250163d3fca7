"""Refusals: each documented code has a sentence, and the sentence says whose move it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from re import fullmatch
from typing import Any

import pytest

from ioc_removal.errors import DefinitionError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.refusals import Refusal, Rule, clocks, refusal_of, rules_of
from ioc_removal.schema import Schema
from transcribed import transcribed

SYSTEMS = {name: s.refusals for name, s in load_integration().systems.items() if s.refusals}
GROUPS: Mapping[str, list[dict[str, Any]]] = read("integration.yml")["refusals"]
EVERY = [row for rows in GROUPS.values() for row in rows]
DOCUMENTED = [
    pytest.param(system, row, id=f"{system} {row['status']} {row['code'] or ''} {row['text'][:90]}")
    for part in transcribed("refusals.yml")
    for system in part["systems"]
    for row in part["refusals"]
]
# What a reader can do, or must know when there is nothing to do.
MOVES = (
    *("correct ", "check ", "put ", "set ", "wait", "repeat", "ask ", "tell ", "report ", "lower "),
    *("use ", "choose ", "search for", "list the", "replace ", "shorten ", "must settle"),
    "{clocks}",  # ends with what to do
)
INTERNAL = (
    *("apigw", "apig.", "secmaster.2", "waf.0", "handler", "endpoint", "schema", "rule matches"),
    *("outcome", "payload", "traceback", "exception", "bisect", "regex", "http_status"),
)
NOW = datetime(2026, 11, 22, 21, 16, 14, tzinfo=timezone.utc)
OURS = "this machine's clock says 2026-11-22 21:16:14 UTC"


@pytest.mark.parametrize(("system", "row"), DOCUMENTED)
def test_a_documented_refusal_has_its_meaning(system: str, row: Mapping[str, Any]) -> None:
    found = refusal_of(SYSTEMS[system], row["status"], row["code"], row["text"])
    assert found is not None
    assert (found.about, found.then) == (row["about"], row["then"])
    assert row["says"] in found.means


@pytest.mark.parametrize(("system", "row"), DOCUMENTED)
def test_case_and_the_name_of_the_gateway_do_not_matter(
    system: str, row: Mapping[str, Any]
) -> None:
    rules, status, code, text = SYSTEMS[system], row["status"], row["code"], row["text"]
    found = refusal_of(rules, status, code, text)
    assert refusal_of(rules, status, code and code.upper(), text.upper()) == found
    assert refusal_of(rules, status, code and code.lower(), text.lower()) == found
    assert refusal_of(rules, status, code and code.replace("APIGW.", "APIG."), text) == found
    whole = f"{status} {code}: {text}"  # as an error's message has it
    assert refusal_of(rules, status, code, whole) == found


@pytest.mark.parametrize("row", EVERY, ids=[row["means"] for row in EVERY])
def test_a_sentence_is_one_line_that_says_whose_move_it_is(row: Mapping[str, Any]) -> None:
    means = row["means"]
    assert means.count("{") == means.count("{clocks}")
    assert len(means.replace("{clocks}", "")) < 200
    assert means.isprintable()
    assert means == " ".join(means.split())
    assert not means.endswith(".")
    assert means.partition(":")[2], "what it means: whose move it is"
    assert any(move in means for move in MOVES)
    assert not [word for word in INTERNAL if word in means.lower()]


def test_no_sentence_is_written_twice() -> None:
    means = [row["means"] for row in EVERY]
    assert len(set(means)) == len(means)


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_rule_stands_behind_one_that_takes_all_of_its_refusals(system: str) -> None:
    for rule in SYSTEMS[system]:
        status = next(iter(rule.statuses), 499)
        code = next(iter(rule.codes), "").replace("*", "")
        text = next(iter(rule.texts), "")
        found = refusal_of(SYSTEMS[system], status, code, text)
        assert found is not None
        assert (found.means == rule.refusal.means) != _specific(system, rule), rule


def _specific(system: str, rule: Rule) -> bool:
    """Tell whether CyberTrace has a sentence of its own for what this rule says of any server."""
    if system != "cybertrace" or rule.refusal.means not in {r["means"] for r in GROUPS["http"]}:
        return False
    own = {row["status"] for row in GROUPS["cybertrace"]}
    return set(rule.statuses) <= own


def test_each_group_is_used_and_each_use_has_its_group() -> None:
    systems = read("integration.yml")["systems"].values()
    used = [group for system in systems for group in system.get("refusals", ())]
    assert set(used) == set(GROUPS)
    with pytest.raises(DefinitionError, match="there is no group 'other'"):
        rules_of(GROUPS, ["http", "other"])


def test_the_systems_with_an_address_have_rules_and_the_plugin_itself_has_none() -> None:
    assert set(SYSTEMS) == {"cybertrace", "secmaster", "waf"}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "Other.20040001", "Parameter error."),
        (409, None, "Conflict"),
        (418, "WAF.00099999", "no such code"),
        (501, None, ""),
    ],
)
def test_what_is_not_listed_is_left_to_the_words_of_the_system(
    system: str, status: int, code: str | None, text: str
) -> None:
    assert system == "cybertrace" or refusal_of(SYSTEMS[system], status, code, text) is None
    if status != 400:
        assert refusal_of(SYSTEMS[system], status, code, text) is None


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("code", [None, "Other.1", "APIGW.9999", "WAF.1", "SecMaster.1"])
@pytest.mark.parametrize("text", ["", "token expired by hand", "<html>"])
def test_any_other_401_closes_the_connection_and_any_other_403_the_action(
    system: str, code: str | None, text: str
) -> None:
    refused = refusal_of(SYSTEMS[system], 401, code, text)
    forbidden = refusal_of(SYSTEMS[system], 403, code, text)
    assert refused is not None
    assert refused.then == "close connection"
    assert forbidden is not None
    assert forbidden.then == "close action"


def test_only_an_expired_token_is_renewed() -> None:
    renewed = {row["means"] for row in EVERY if row.get("then") == "renew"}
    assert len(renewed) == 2
    assert all("token" in means for means in renewed)
    text = "Incorrect IAM authentication information: token expires, expires_at: x"
    for status in (400, 403, 404, 429, 500):
        found = refusal_of(SYSTEMS["secmaster"], status, "APIGW.0301", text)
        assert found is None or found.then != "renew"


def test_the_first_rule_that_matches_counts() -> None:
    rows: list[dict[str, Any]] = [
        {"status": 404, "code": ["A.1", "APIGW.*"], "text": "one", "means": "1", "about": "place"},
        {"code": "APIG.0308", "means": "2", "about": "limit"},
        {"status": [404, 410], "means": "3", "about": "missing", "then": "close action"},
    ]
    rules = rules_of({"some": rows}, ["some"])
    assert refusal_of(rules, 404, "apig.7", "the ONE") == Refusal("1", "place", "")
    assert refusal_of(rules, 404, "A.1", "one") == Refusal("1", "place", "")
    assert refusal_of(rules, 404, "APIGW.0308", "two") == Refusal("2", "limit", "")
    assert refusal_of(rules, 410, "A.1", "one") == Refusal("3", "missing", "close action")
    assert refusal_of(rules, 404, None, "") == Refusal("3", "missing", "close action")
    assert refusal_of(rules, 411, None, "one") is None


def test_a_rule_that_the_schema_does_not_know_is_refused() -> None:
    schema, document = Schema(read("schemas/integration.json")), read("integration.yml")
    good = {"status": 404, "means": "nothing: wait", "about": "place"}
    wrong: list[dict[str, Any]] = [
        {**good, "about": "weather"},
        {**good, "then": "retry"},
        {**good, "then": ""},
        {**good, "status": 200},
        {**good, "status": []},
        {**good, "code": ""},
        {**good, "text": []},
        {**good, "means": "x" * 200},
        {**good, "menas": "x"},
        {"means": "matches everything: wait", "about": "place"},
        {"status": 404, "means": "about nothing: wait"},
        {"status": 404, "about": "place"},
    ]
    assert not list(schema.problems({**document, "refusals": {"http": [good]}}))
    for row in wrong:
        assert list(schema.problems({**document, "refusals": {"http": [row]}})), row


def test_both_clocks_are_named_when_they_differ() -> None:
    said = clocks("Sun, 22 Nov 2026 20:50:01 GMT", NOW)
    assert said == (
        f"{OURS}, the server's 2026-11-22 20:50:01 UTC: set the clock; "
        "a signature is valid for 15 minutes"
    )
    elsewhere = NOW.astimezone(timezone(timedelta(hours=8)))
    assert clocks("Mon, 23 Nov 2026 04:50:01 +0800", elsewhere) == said


@pytest.mark.parametrize("minutes", [-16, 16, -100_000, 100_000])
def test_a_clock_is_to_be_set_whichever_way_it_is_wrong(minutes: int) -> None:
    theirs = NOW + timedelta(minutes=minutes)
    assert "set the clock" in clocks(theirs.strftime("%a, %d %b %Y %H:%M:%S GMT"), NOW)


@pytest.mark.parametrize("minutes", [-15, -1, 0, 14])
def test_clocks_that_agree_are_not_blamed(minutes: int) -> None:
    theirs = NOW + timedelta(minutes=minutes)
    said = clocks(theirs.strftime("%a, %d %b %Y %H:%M:%S GMT"), NOW)
    assert "set the clock" not in said
    assert "they agree" in said


@pytest.mark.parametrize(
    "date",
    [
        *(None, "", "yesterday", "\x00", "{clocks}", "Sun, 99 Nov 2026 20:50:01 GMT", "1 1 1 1 1"),
        *("Sun, 22 Nov 99999 20:50:01 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "Sun, 22 Nov 2026"),
        "Sun, 22 Nov 2026 20:50:01 +99999999999999999999",
    ],
)
def test_a_date_that_cannot_be_read_names_our_clock_only(date: str | None) -> None:
    said = clocks(date, NOW)
    assert said.startswith(f"{OURS}, and the server named no time")
    assert said.count("UTC") == 1


@pytest.mark.parametrize("date", [None, "Sun, 22 Nov 2026 20:50:01 GMT", NOW.ctime()])
def test_the_sentence_with_the_clocks_is_short_too(date: str | None) -> None:
    text = "Incorrect IAM authentication information: calc ak sk signature fail:signature expired"
    for system in ("secmaster", "waf"):
        found = refusal_of(SYSTEMS[system], 401, "APIGW.0301", text)
        assert found is not None
        sentence = found.sentence(date, NOW)
        assert fullmatch(r"Huawei counts the signature as expired: this machine's [^{}]+", sentence)
        assert len(sentence) < 200


def test_a_sentence_without_clocks_is_as_written() -> None:
    assert Refusal("wait: {x} ", "limit").sentence("x", NOW) == "wait: {x} "
