"""Which proxy the settings and the environment choose for an address, and what cannot be one."""

from collections.abc import Mapping

import pytest

from ioc_removal.errors import SettingsError
from ioc_removal.proxies import proxy_to
from proxied import no_proxy_of_this_machine, opened

__all__ = ["no_proxy_of_this_machine"]


@pytest.mark.parametrize(
    ("exceptions", "address", "direct"),
    [
        ("*", "https://a.example", True),
        ("a.example", "https://a.example", True),
        ("A.Example", "https://a.EXAMPLE", True),
        (".example", "https://a.example", True),
        ("example", "https://a.example", True),
        ("*.example", "https://a.b.example", True),
        ("b.example", "https://ab.example", False),
        ("a.example:443", "https://a.example", True),
        ("a.example:8443", "https://a.example", False),
        ("a.example:8443", "https://a.example:8443", True),
        ("a.example", "https://a.example:8443", True),
        ("x, ,a.example", "https://a.example", True),
        ("x a.example", "https://a.example", True),
        ("192.0.2.7", "https://192.0.2.7", True),
        ("192.0.2.7:443", "https://192.0.2.7", True),
        ("192.0.2.7:80", "https://192.0.2.7", False),
        ("192.0.2.0/24", "https://192.0.2.7", True),
        ("192.0.2.7/24", "https://192.0.2.7", True),
        ("192.0.3.0/24", "https://192.0.2.7", False),
        ("2.7", "https://192.0.2.7", False),
        ("::1", "https://[::1]:8443", True),
        ("[::1]:8443", "https://[::1]:8443", True),
        ("[::1]:443", "https://[::1]:8443", False),
        ("2001:db8::/32", "https://[2001:db8::7]", True),
        ("192.0.2.0/24", "https://a.example", False),
        ("", "https://a.example", False),
        (".", "https://a.example", False),
    ],
)
def test_no_proxy_excepts(exceptions: str, address: str, direct: bool) -> None:
    environment = {"NO_PROXY": exceptions, "HTTPS_PROXY": "http://proxy.example:3128"}
    assert (proxy_to(address, {}, environment) is None) == direct
    assert proxy_to(address, {"proxy": "http://proxy.example"}, environment)


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1"),
        ({"https_proxy": "a:1", "HTTPS_PROXY": "http://b:1"}, "http://a:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, None),
        ({"HTTP_PROXY": "http://a:1"}, None),
        ({"ALL_PROXY": "http://a:1"}, "http://a:1"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "http://b:1"),
        ({"HTTPS_PROXY": "https://[::1]"}, "https://[::1]:443"),
        ({"HTTPS_PROXY": "http://a:1", "no_proxy": "x.example", "NO_PROXY": "y"}, None),
        ({}, None),
    ],
)
def test_small_letters_come_first(environment: Mapping[str, str], chosen: str | None) -> None:
    proxy = proxy_to("https://x.example", {}, environment)
    assert (proxy and proxy.address) == chosen


def test_a_web_server_cannot_be_given_a_proxy_by_a_header() -> None:
    environment = {"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}
    assert proxy_to("http://x.example", {}, environment) is None
    assert proxy_to("http://x.example", {}, {**environment, "http_proxy": "http://b:1"})


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://user:secret@[", "is not http://"),
        ("http://user:secret@a..example", "is not http://"),
        ("http://user:se/cret@a.example:1", "is not http://"),
        ("http://user:se#cret@a.example:1", "is not http://"),
        ("http://user:secret@a.example:99999", "is not http://"),
        ("http://user:secret@a.example:1/path", "is not http://"),
        ("http://user:sec\nret@a.example:1", "is not http://"),
        ("http://", "is not http://"),
        ("socks5://user:secret@a.example:1", "socks5://a.example:1 is no HTTP proxy"),
    ],
)
def test_a_proxy_that_cannot_be_one_is_a_mistake_of_the_settings(
    proxy: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy.replace("\n", "\x01"))
    with pytest.raises(SettingsError) as refused:
        opened("https://target.example")
    assert str(refused.value).startswith(f"connection one: ALL_PROXY: {words}")
    assert "cret" not in str(refused.value)
    monkeypatch.delenv("ALL_PROXY")
    with pytest.raises(SettingsError) as refused:
        opened("https://target.example", proxy=proxy)
    assert "cret" not in str(refused.value)
    assert "proxy: " in str(refused.value)
