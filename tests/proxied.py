"""Removals through a real proxy that wants credentials, from a plain server and one with TLS."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from certified import Authority, Certified
from connecting import opened_at, removal_by
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from proxying import Proxy, tinyproxy
from recorded import Recorded, Reply, Server, reply, serving

INTEGRATION = load_integration()
USER, PASSWORD = "proxy-user", "proxy-secret"
AUTH = {"type": "basic", "username": "soc", "password": "of-the-target"}
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ways(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    tls = authority.certified("127.0.0.1")
    folder = tmp_path_factory.mktemp("proxy")
    with (
        tinyproxy(folder, f"BasicAuth {USER} {PASSWORD}") as proxy,
        serving(by=done) as plain,
        serving(by=done, tls=tls.context) as secure,
    ):
        yield Ways(proxy, plain, secure, tls)


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def done(request: Recorded) -> Reply:
    return reply(201, [{"status": "Deleted"}]) if request.method == "DELETE" else reply(200, [])


def opened(address: str, **more: Any) -> Connection:
    return opened_at(address, auth=AUTH, **more)


def removal(address: str, **more: Any) -> dict[str, Any]:
    """Delete one indicator and return the row of its outcome."""
    row = removal_by(opened(address, **more))
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
