"""Wildcards, networks, suffixes and private addresses are told from what is like them."""

import pytest

from ioc_removal.trust.forms import forms_of
from ioc_removal.trust.shapes import private_in, suffix_in, wildcard_in


@pytest.mark.parametrize(
    "text",
    ["*", "*.example.com", "http://a.example/*", "host?.example.com", "192.0.2.?", "http://ev?l/"],
)
def test_wildcards(text: str) -> None:
    assert wildcard_in(text, forms_of(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0.0.0.0/0", "4,294,967,296"),
        ("1.2.3.0/8", "16,777,216"),
        ("192[.]0.2.7/31", "2"),
        ("192.0.2.0/255.255.255.0", "256"),
        ("10/8", "16,777,216"),
        ("2001:db8::/127", "2"),
        ("::/0", f"{1 << 128:,}"),
    ],
)
def test_a_network_stands_for_many(text: str, count: str) -> None:
    for path in (False, True):
        said = wildcard_in(text, forms_of(text), path=path)
        assert said == f"it is a network of {count} addresses"


@pytest.mark.parametrize(
    "text", ["192.0.2.7/32", "2001:db8::7/128", "192.0.2.7/", "192.0.2.7/33", "http://192.0.2.7/8"]
)
def test_one_address_is_no_network(text: str) -> None:
    assert wildcard_in(text, forms_of(text)) is None


@pytest.mark.parametrize(
    "text",
    ["a.example", "http://a.example/?id=7", "a.example/x?y=z", "192.0.2.1/?x", "a.example?x=1"],
)
def test_a_query_is_no_wildcard(text: str) -> None:
    assert wildcard_in(text, forms_of(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "com",
        "COM",
        "com.",
        ".com",
        ".example.com",
        "/",
        "//",
        ".",
        "http://",
        "http://com/",
        "http://com",
        "co.uk",
        "http://co.uk",
        "CO.UK.",
        "com.br",
        "ne.jp",
        "рф",
        "xn--p1ai",
        "localhost",
        "http://.com/",
    ],
)
def test_suffixes(text: str) -> None:
    assert suffix_in(text, forms_of(text)), text


@pytest.mark.parametrize(
    "text",
    [
        "a.com",
        "bbc.co.uk",
        "http://co.uk/malware",
        "192.0.2.1",
        "2001:db8::1",
        "http://192.0.2.1/",
        "t.co",
        "d41d8cd98f00b204e9800998ecf8427e",
        "http://intranet/x",
        "www.com.example",
        "example.co",
    ],
)
def test_what_is_no_suffix(text: str) -> None:
    assert suffix_in(text, forms_of(text)) is None, text


@pytest.mark.parametrize(
    "text",
    [
        "10.1.2.3",
        "127.0.0.1",
        "192.0.2.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "2001:db8::1",
        "224.0.0.1",
        "http://192.168.0.1/x",
        "a.local",
        "http://db.internal:80/",
        "localhost",
        "router.home.arpa",
        "::ffff:10.0.0.1",
    ],
)
def test_what_is_private(text: str) -> None:
    assert private_in(forms_of(text)), text


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "a.example.com", "http://8.8.4.4/", "2606:4700::1111", "local.com"]
)
def test_what_is_not_private(text: str) -> None:
    assert private_in(forms_of(text)) is None, text
