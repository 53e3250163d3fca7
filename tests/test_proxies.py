"""Requests go through a real proxy: its credentials, its refusals, and who vouches for whom."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from socket import create_server
from threading import Event, Thread
from typing import Any, NamedTuple

import pytest

from asking import PROJECT
from certified import Authority, Certified
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.proxies import proxy_to
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from proxying import Proxy, over_tls, tinyproxy
from recorded import Recorded, Reply, Server, reply, serving, unused_address

INTEGRATION = load_integration()
USER, PASSWORD = "proxy-user", "proxy-secret"
AUTH = {"type": "basic", "username": "soc", "password": "of-the-target"}
SENT = f"Basic {b64encode(b'soc:of-the-target').decode()}"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Ways(NamedTuple):
    """A proxy that wants credentials, and two servers; tls: what vouches for the second."""

    proxy: Proxy
    plain: Server
    secure: Server
    tls: Certified

    @property
    def address(self) -> str:
        return f"http://{USER}:{PASSWORD}@{self.proxy.address}"

    def server(self, scheme: str) -> Server:
        return self.secure if scheme == "https" else self.plain


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(name="ways", scope="module")
def _ways(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    tls = authority.certified("127.0.0.1")
    folder = tmp_path_factory.mktemp("proxy")
    with (
        tinyproxy(folder, f"BasicAuth {USER} {PASSWORD}") as proxy,
        serving(by=done) as plain,
        serving(by=done, tls=tls.context) as secure,
    ):
        yield Ways(proxy, plain, secure, tls)


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def done(request: Recorded) -> Reply:
    return reply(201, [{"status": "Deleted"}]) if request.method == "DELETE" else reply(200, [])


def opened(address: str, **more: Any) -> Connection:
    own = {"system": "cybertrace", "url": address, "api_version": "1.3", "auth": AUTH, **more}
    settings = settings_from({"connections": {"one": own}}, "test")
    return Connection("one", settings, INTEGRATION.systems["cybertrace"])


def removal(address: str, **more: Any) -> dict[str, Any]:
    """Delete one indicator and return the row of its outcome."""
    action = INTEGRATION.bind("cybertrace-indicators-delete", opened(address, **more))
    prepared = action.prepare({"supplier": "InternalTI", "indicators": ["192.0.2.1"]})
    [finished] = perform(action, prepared, NoRecord())
    row = finished.outcomes[0].row()
    for secret in (PASSWORD, "of-the-target", b64encode(PASSWORD.encode()).decode()):
        assert secret not in json.dumps(row)
    assert "\n" not in row.get("reason", "")
    assert len(row.get("reason", "")) < 500
    return row


def unsent(address: str, **more: Any) -> str:
    """Return why a removal failed of which nothing can have been sent."""
    row = removal(address, **more)
    assert (row["outcome"], row.get("http_status")) == ("failed", None)
    return str(row["reason"])


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


def test_a_refusal_names_the_proxy_and_whose_move_it_is(ways: Ways, tmp_path: Path) -> None:
    wrong = f"http://{USER}:guessed-wrong@{ways.proxy.address}"
    before = ways.proxy.asked, len(ways.secure.requests)
    reason = unsent(ways.secure.url, proxy=wrong)
    assert f"the proxy http://{ways.proxy.address} opens no way there, it answers 401" in reason
    assert "correct the name and password in its setting" in reason
    assert "guessed" not in reason
    reason = unsent(ways.secure.url, proxy=f"http://{ways.proxy.address}")
    assert "it answers 407 Proxy Authentication Required; set it with a name" in reason
    # A wrong password is not tried again: that could lock the user.
    assert (ways.proxy.asked, len(ways.secure.requests)) == (before[0] + 2, before[1])
    with tinyproxy(tmp_path, "ConnectPort 443") as strict:
        reason = unsent(ways.secure.url, proxy=f"http://{strict.address}")
    assert "it answers 403 Access violation; ask who runs the proxy" in reason


def test_a_proxy_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", address := unused_address())
    row = removal("http://target.example", total_timeout=2)
    assert (row["outcome"], row["attempts"] > 1) == ("failed", True)
    words = "Connection refused; check its address, or ask who runs it"
    assert f"the proxy {address} of HTTP_PROXY: {words}" in row["reason"]


def test_a_server_that_the_proxy_does_not_reach_is_tried_again(ways: Ways) -> None:
    before = ways.proxy.asked
    address = unused_address().replace("http", "https")
    reason = unsent(address, proxy=ways.address, total_timeout=3)
    assert "opens no way there, it answers 500 Unable to connect" in reason
    assert ways.proxy.asked > before + 1


def test_a_read_without_a_body_hears_what_the_proxy_says_of_plain_http(ways: Ways) -> None:
    action = INTEGRATION.bind(
        "cybertrace-suppliers-list",
        opened(ways.plain.url, proxy=f"http://{ways.proxy.address}"),
    )
    before = len(ways.plain.requests)
    with pytest.raises(Exception, match="407") as refused:
        list(perform(action, action.prepare({}), NoRecord()))
    assert "the proxy wants credentials of its own" in str(refused.value)
    assert len(ways.plain.requests) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(301, "Moved"), "it answers 301 Moved; ask who runs the proxy"),
        (
            Reply(403, "For\x1bbidden"),
            "it answers 403 For\ufffdbidden; ask who runs the proxy to let",
        ),
        (Reply(405, "No"), "ask who runs the proxy to allow CONNECT"),
        (Reply(hang_up="close"), "closed connection without response; check its address"),
    ],
)
def test_what_a_proxy_says_instead_is_told(answer: Reply, words: str) -> None:
    with serving(by=lambda _: answer) as proxy:
        reason = unsent("https://target.example", proxy=proxy.url)
    assert words in reason
    assert f"no connection to https://target.example/api/1.3: the proxy {proxy.url}" in reason
    assert len(proxy.requests) == 1


def test_a_proxy_that_hangs_is_given_up() -> None:
    never = Event()
    with serving(by=lambda _: Reply(pause=never)) as proxy:
        reason = unsent("https://target.example", proxy=proxy.url, connect_timeout=0.2)
        never.set()
    assert f"the proxy {proxy.url} did not answer within 0.2 s (connect_timeout)" in reason


def test_what_is_no_proxy_is_told() -> None:
    with create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"220 mail.example ESMTP\r\n")

        thread = Thread(target=greet)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        reason = unsent("https://target.example", proxy=address)
        thread.join()
    assert f"the proxy {address}: what answers speaks no HTTP: 220 mail.example" in reason


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


def test_test_tells_a_person_of_the_proxy(
    ways: Ways, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"system": "cybertrace", "url": ways.secure.url, "api_version": "1.3", "auth": AUTH}
    file = tmp_path / "settings.json"
    proxy = f"http://{USER}:guessed-wrong@{ways.proxy.address}"
    file.write_text(json.dumps({"connections": {"one": {**own, "proxy": proxy}}}))
    assert main(["--settings", str(file), "test"]) == 3
    said = capsys.readouterr()
    assert f"one: no connection to {ways.secure.url}/api/1.3: the proxy http://" in said.out
    assert "guessed" not in said.out + said.err
