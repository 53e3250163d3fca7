"""What XSOAR gives as texts means what a person meant, or is refused; it is never guessed."""

from typing import Any

import pytest

from ioc_removal.errors import ArgumentError
from ioc_removal.hosts.xsoar.inside.arguments import arguments_of, flag, texts

RULES: dict[str, Any] = {
    "indicators": {"type": "array", "items": {"type": "string"}},
    "rules": {"type": "array", "items": {"type": "object"}},
    "action": {"type": "object"},
    "status": {"type": "integer"},
    "sure": {"type": "boolean"},
    "name": {"type": "string"},
}
MD5 = "0cc175b9c0f1b6a831c399e269772661"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        (" a.example , b.example ", ["a.example", "b.example"]),
        ("a.example,", ["a.example", ""]),
        ("http://a.example/x,y", ["http://a.example/x,y"]),
        ("http://a.example/?q=1,2,3", ["http://a.example/?q=1,2,3"]),
        ("http://a.example/,http://b.example/", ["http://a.example/", "http://b.example/"]),
        ("http://a.example/x,y, b.example", ["http://a.example/x,y", "b.example"]),
        ("b.example, http://a.example/x,y", ["b.example", "http://a.example/x,y"]),
        (f"192.0.2.1,{MD5},http://a.example/x", ["192.0.2.1", MD5, "http://a.example/x"]),
        ('["http://a.example/x,y"]', ["http://a.example/x,y"]),
        ('["a", 1, null]', ["a", 1, None]),
        ("[]", []),
        ("", []),
        ("http://[2001:db8::1]/x", ["http://[2001:db8::1]/x"]),
        (["a,b", "c"], ["a,b", "c"]),
        (7, 7),
        (None, None),
    ],
)
def test_a_list_means(given: Any, meant: Any) -> None:
    assert arguments_of(RULES, {"indicators": given}) == {"indicators": meant}


@pytest.mark.parametrize(
    "given",
    [
        "http://a.example/x,b.example",
        "http://a.example/x,192.0.2.1,http://b.example/",
        "a.example,http://a.example/x,y",
        '["a.example"],b.example',
        'b.example,["a.example"]',
        '"a.example","b.example"',
        '["a.example"',
        "[a.example]",
    ],
)
def test_a_list_that_may_mean_two_things_is_refused(given: str) -> None:
    with pytest.raises(ArgumentError, match=r"^indicators: .*JSON array such as \["):
        arguments_of(RULES, {"indicators": given})


@pytest.mark.nested
def test_structures_are_json() -> None:
    given = {"rules": '{"policy_id": "p"}', "action": '{"category": "log"}'}
    meant = {"rules": [{"policy_id": "p"}], "action": {"category": "log"}}
    assert arguments_of(RULES, given) == arguments_of(RULES, meant) == meant
    assert arguments_of(RULES, {"rules": {"policy_id": "p"}}) == {"rules": [{"policy_id": "p"}]}
    for bad in ("log", "[1]", "{"):
        with pytest.raises(ArgumentError, match=r"^action: is a structure; "):
            arguments_of(RULES, {"action": bad})
    with pytest.raises(ArgumentError):
        arguments_of(RULES, {"rules": "[" * 100_000})


def test_numbers_and_truths_are_read_and_nothing_else() -> None:
    assert arguments_of(RULES, {"status": "0", "sure": "No"}) == {"status": 0, "sure": False}
    assert arguments_of(RULES, {"status": 1, "sure": True}) == {"status": 1, "sure": True}
    for name, bad in (("status", "1.5"), ("status", "one"), ("sure", "maybe"), ("sure", "")):
        with pytest.raises(ArgumentError, match=f"^{name}: "):
            arguments_of(RULES, {name: bad})


def test_what_is_unknown_is_left_to_the_schema() -> None:
    assert arguments_of(RULES, {"name": "", "misspelt": "x"}) == {"name": "", "misspelt": "x"}


def test_how_a_command_is_performed_is_taken_out_of_its_arguments() -> None:
    args: dict[str, Any] = {"dry_run": "TRUE", "override": "suffix, wildcard", "name": "x"}
    assert flag(args, "dry_run")
    assert not flag(args, "verify")
    assert texts(args, "override") == ["suffix", "wildcard"]
    assert texts(args, "other") == []
    assert args == {"name": "x"}
    with pytest.raises(ArgumentError, match="dry_run: 'perhaps' is not true or false"):
        flag({"dry_run": "perhaps"}, "dry_run")
