"""Requests go through a real proxy: with its credentials, and who vouches for whom."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from asking import PROJECT
from certified import Authority
from ioc_removal.connection import Connection
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from proxied import (
    INTEGRATION,
    PASSWORD,
    USER,
    Ways,
    authority,
    no_proxy_of_this_machine,
    removal,
    unsent,
    ways,
)
from proxying import over_tls, tinyproxy
from recorded import reply, serving, unused_address

__all__ = ["authority", "no_proxy_of_this_machine", "ways"]
SENT = f"Basic {b64encode(b'soc:of-the-target').decode()}"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_of_the_settings_is_used(ways: Ways, scheme: str, authority: Authority) -> None:
    server, before = ways.server(scheme), ways.proxy.asked
    row = removal(server.url, proxy=ways.address, ca_bundle=authority.bundle)
    assert row["outcome"] == "removed"
    assert ways.proxy.asked == before + 1
    assert "Proxy-Authorization" not in server.requests[-1].headers
    assert server.requests[-1].headers["Authorization"] == SENT


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_used(
    ways: Ways, authority: Authority, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, ways.address.removeprefix("http://"))
    monkeypatch.setenv("HTTP_PROXY", unused_address())
    before = ways.proxy.asked
    own = {"ca_bundle": authority.bundle}
    assert removal(ways.secure.url, **own)["outcome"] == "removed"
    assert ways.proxy.asked == before + 1
    monkeypatch.setenv("NO_PROXY", "192.0.2.1, 127.0.0.0/8")
    assert removal(ways.secure.url, **own)["outcome"] == "removed"
    monkeypatch.delenv("NO_PROXY")
    assert removal(ways.secure.url, **own, proxy=False)["outcome"] == "removed"
    assert ways.proxy.asked == before + 1
    monkeypatch.setenv("NO_PROXY", "*")
    assert removal(ways.secure.url, **own, proxy=ways.address)["outcome"] == "removed"
    assert ways.proxy.asked == before + 2


@pytest.mark.parametrize(
    "user",
    [
        "soc:p%40ss%3Aw%2Frd%25",
        "s%C3%B6c:%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C",
        "söc:пароль",
        "soc:",
        "soc",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_credentials_reach_the_proxy_as_they_were_meant(user: str, scheme: str) -> None:
    meant = {"soc:p%40ss%3Aw%2Frd%25": "soc:p@ss:w/rd%", "soc": "soc:"}
    pair = meant.get(user, "söc:пароль" if "s" in user and user[1] in "%ö" else user)
    with serving(by=lambda _: reply(403, {})) as proxy:
        address = proxy.url.replace("//", f"//{user}@")
        row = removal(f"{scheme}://target.example", proxy=address)
    [request] = proxy.requests
    assert request.headers["Proxy-Authorization"] == f"Basic {b64encode(pair.encode()).decode()}"
    assert row["outcome"] == "failed"
    if scheme == "https":
        assert (request.method, request.target) == ("CONNECT", "target.example:443")
        assert "Authorization" not in request.headers
        assert not request.body


def test_a_pin_holds_through_a_proxy(ways: Ways, authority: Authority) -> None:
    pins = {"proxy": ways.address, "fingerprint": ways.tls.fingerprint}
    assert removal(ways.secure.url, **pins)["outcome"] == "removed"
    other = authority.certified("127.0.0.1")
    before = len(ways.secure.requests)
    reason = unsent(ways.secure.url, **{**pins, "fingerprint": other.fingerprint})
    assert "it shows another certificate than the one of fingerprint" in reason
    assert f"through the proxy http://{ways.proxy.address}: " in reason
    reason = unsent(ways.secure.url, proxy=ways.address)
    assert "if this server is to be trusted, set its ca_bundle or fingerprint" in reason
    assert len(ways.secure.requests) == before


def test_the_certificate_of_a_proxy_is_always_verified(
    ways: Ways, authority: Authority, tmp_path: Path
) -> None:
    own = authority.certified("127.0.0.1")
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger")
    with over_tls(tmp_path, ways.proxy, own.file) as proxy:
        address = f"https://{USER}:{PASSWORD}@{proxy.address}"
        for server in (ways.plain, ways.secure):
            proven: tuple[dict[str, Any], ...] = (
                {"ca_bundle": authority.bundle},
                {"ca_bundle": authority.bundle, "fingerprint": ways.tls.fingerprint},
                {"ca_bundle": authority.bundle, "verify": False},
            )
            for more in proven:
                assert removal(server.url, proxy=address, **more)["outcome"] == "removed"
            before, asked = len(server.requests), proxy.asked
            unproven: tuple[dict[str, Any], ...] = (
                {},
                {"ca_bundle": stranger.bundle},
                {"fingerprint": ways.tls.fingerprint},
                {"fingerprint": own.fingerprint},
                {"verify": False},
            )
            for more in unproven:
                reason = unsent(server.url, proxy=address, **more)
                assert f"the proxy https://{proxy.address}: " in reason
                assert "if this proxy is to be trusted, set ca_bundle" in reason
            assert (len(server.requests), proxy.asked) == (before, asked)
        named = address.replace("127.0.0.1", "localhost")
        reason = unsent(ways.secure.url, proxy=named, ca_bundle=authority.bundle)
        assert "its setting must name this proxy as its certificate does" in reason


def test_iam_is_asked_through_the_proxy_too(tmp_path: Path) -> None:
    with tinyproxy(tmp_path) as proxy, Sandbox(tls=True) as sandbox:
        settings = sandbox.settings("iam_password")
        settings["credentials"]["huawei"]["token_cache"] = False
        settings["connections"]["waf"]["proxy"] = f"http://{proxy.address}"
        read = settings_from(settings, "test")
        waf = Connection("waf", read, INTEGRATION.systems["waf"])
        action = INTEGRATION.bind("waf-policies-list", waf)
        [finished] = perform(action, action.prepare({"project_id": PROJECT}), NoRecord())
        assert finished.outputs
        assert sandbox.requests[0]["system"] == "iam"
        assert proxy.asked == 2
