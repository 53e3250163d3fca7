"""Credentials go to the server that the settings name, and to no other, whatever it says."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import load_integration
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from recorded import Recorded, Reply, Server, reply, serving

INTEGRATION = load_integration()
BASIC = {"type": "basic", "username": "user", "password": "made-up"}
AUTHS: Mapping[str, Mapping[str, Any]] = {
    "aksk": {
        "type": "aksk",
        "access_key": "AKEXAMPLE",
        "secret_key": "made-up",
        "security_token": "made-up-token",
    },
    "iam_token": {"type": "iam_token", "token": "made-up-token"},
    "iam_password": {
        "type": "iam_password",
        "username": "user",
        "password": "made-up",
        "domain": "d",
        "project": "p",
        "token_cache": False,
    },
}
CALLS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "cybertrace-indicators-delete": (
        "cybertrace",
        {"supplier": "InternalTI", "indicators": ["a.example"]},
    ),
    "cybertrace-suppliers-list": ("cybertrace", {}),
    "secmaster-indicators-delete": (
        "secmaster",
        {"project_id": "p", "workspace_id": "w", "batch_ids": ["id-1"]},
    ),
    "secmaster-indicators-search": (
        "secmaster",
        {"project_id": "p", "workspace_id": "w", "values": ["a.example"]},
    ),
    "waf-ip-reputation-rule-delete": (
        "waf",
        {"project_id": "p", "policy_id": "o", "rule_id": "r"},
    ),
    "waf-policies-list": ("waf", {"project_id": "p"}),
}


@pytest.fixture
def another() -> Iterator[Server]:
    """Return a server that nobody named, and that takes whatever it gets."""
    with serving(by=lambda _: reply(200, [{"status": "Deleted", "name": "InternalTI"}])) as server:
        yield server
    assert server.requests == []


def ways(url: str, target: str) -> Iterator[Reply]:
    """Yield what a server can say to send a client somewhere else."""
    parts = urlsplit(url)
    places = (url, url + target, f"//{parts.netloc}/x", f"http:{url}", f"\\\\{parts.netloc}\\x",
              f"http://user:pw@{parts.netloc}/", f"/\t/{parts.netloc}", f"?{url}", "")  # fmt: skip
    for status in (201, 301, 302, 303, 305, 307, 308, 300):
        for place in places if status == 307 else places[:1]:
            yield reply(status, [], headers={"Location": place})
    port = parts.port
    for name, value in (
        ("Alt-Svc", f'http/1.1="127.0.0.1:{port}"; ma=99999, h2=":{port}"'),
        ("Refresh", f"0; url={url}"),
        ("Content-Location", url),
        ("Link", f"<{url}>; rel=next, <{url}>; rel=preconnect"),
        ("Retry-After", url),
        ("WWW-Authenticate", f'Bearer realm="{url}/token", service="x"'),
        ("Proxy-Authenticate", f'Basic realm="{url}"'),
        ("X-Subject-Token", url),
    ):
        for status in (200, 401, 503):
            yield reply(status, [], headers={name: value})
    catalog = [{"endpoints": [{"url": url}]}]
    body = {"token": {"catalog": catalog}, "next": url, "links": {"next": url}, "items": [],
            "total": 0, "data": [], "error_msg": url}  # fmt: skip
    yield from (reply(status, body) for status in (200, 201, 403))
    yield Reply(raw=f"HTTP/1.1 101 Switching\r\nUpgrade: h2c, {url}\r\n\r\n".encode())


@pytest.mark.parametrize("auth", AUTHS)
def test_no_answer_leads_to_another_server(auth: str, another: Server) -> None:
    answers: list[Reply] = []
    with serving(by=lambda _: answers[0]) as server:
        for number, way in enumerate(ways(another.url, "/v1/p")):
            answers[:] = [way]
            connections: dict[str, Any] = {
                system: {"system": system, "url": server.url, "auth": dict(AUTHS[auth]),
                         "total_timeout": 0.2}
                for system in ("secmaster", "waf")
            }  # fmt: skip
            if auth == "iam_password":
                for own in connections.values():
                    own["auth"]["iam_url"] = server.url
            own = {"system": "cybertrace", "url": server.url, "auth": BASIC, "total_timeout": 0.2}
            connections["cybertrace"] = {**own, "api_version": "1.2"}
            settings = settings_from({"connections": connections}, "test")
            names = [name for name in CALLS if auth == "aksk" or not name.startswith("cyber")]
            for name in (names[number % len(names)], names[-1 - number % len(names)]):
                system, arguments = CALLS[name]
                connection = Connection(system, settings, INTEGRATION.systems[system])
                bound = INTEGRATION.bind(name, connection)
                try:
                    list(perform(bound, bound.prepare(arguments), NoRecord()))
                except PluginError as error:
                    assert "\n" not in str(error)  # noqa: PT017
        hosts = {request.headers["Host"] for request in server.requests}
        assert hosts == {urlsplit(server.url).netloc}
        assert all(request.target.startswith("/") for request in server.requests)


@pytest.mark.parametrize(
    "value",
    ["http://{}/", "//{}", "\\\\{}", "@{}", "x@{}/", "..;@{}", "?{}", "#{}", "a b", "\t{}", "%2f{}",
     "{}%2e%2e", " {}", "[::1]", "；{}", "／／{}", "‥"],
)  # fmt: skip
def test_no_value_of_a_path_leads_to_another_server(value: str, another: Server) -> None:
    text = value.format(urlsplit(another.url).netloc)
    with serving(by=lambda _: reply(404)) as server:
        connections: dict[str, Any] = {
            "cybertrace": {"system": "cybertrace", "auth": BASIC, "api_version": "1.3"},
            "secmaster": {"system": "secmaster", "auth": AUTHS["iam_token"]},
            "waf": {"system": "waf", "auth": AUTHS["aksk"]},
        }
        for own in connections.values():
            own.update(url=server.url, total_timeout=0.2)
        settings = settings_from({"connections": connections}, "test")
        for name in list(CALLS)[::2]:  # the deletions
            system, arguments = CALLS[name]
            for key in {"supplier", "workspace_id", "project_id", "policy_id", "rule_id"}:
                if key in arguments:
                    connection = Connection(system, settings, INTEGRATION.systems[system])
                    bound = INTEGRATION.bind(name, connection)
                    try:
                        list(perform(bound, bound.prepare({**arguments, key: text}), NoRecord()))
                    except PluginError as error:
                        assert "\n" not in str(error)  # noqa: PT017
        for request in server.requests:
            assert request.headers["Host"] == urlsplit(server.url).netloc
            assert request.target.startswith(("/api/1.3/", "/v1/"))


def test_a_tunnel_shows_the_proxy_nothing_and_the_server_no_credentials_of_the_proxy() -> None:
    said: list[Recorded] = []

    def through(request: Recorded) -> Reply:
        said.append(request)
        return Reply(raw=b"HTTP/1.1 200 Established\r\nLocation: http://127.0.0.1/\r\n\r\nno TLS")

    with serving(by=through) as proxy:
        address = proxy.url.replace("//", "//user:made-up-proxy@")
        own = {"system": "cybertrace", "url": "https://cybertrace.example", "auth": BASIC,
               "api_version": "1.2", "proxy": address, "total_timeout": 1}  # fmt: skip
        settings = settings_from({"connections": {"test": own}}, "test")
        connection = Connection("test", settings, INTEGRATION.systems["cybertrace"])
        bound = INTEGRATION.bind("cybertrace-indicators-delete", connection)
        prepared = bound.prepare(CALLS["cybertrace-indicators-delete"][1])
        [finished] = perform(bound, prepared, NoRecord())
    assert [outcome.outcome for outcome in finished.outcomes] == ["failed"]
    assert {request.method for request in said} == {"CONNECT"}
    assert all("Authorization" not in request.headers for request in said)
    assert all(request.body == b"" for request in said)
