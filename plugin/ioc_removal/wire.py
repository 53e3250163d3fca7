"""How requests reach one server: a session with its certificates, its proxy and its deadlines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from os import environ
from socket import socket
from typing import Any

from requests import Request, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, disable_warnings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import InsecureRequestWarning

from .answer import Reply
from .deadline import CURRENT, Deadline, InFlight
from .quotes import Quotes
from .retries import Retries

CONNECT_TIMEOUT, READ_TIMEOUT, TOTAL_TIMEOUT = 10.0, 120.0, 300.0  # seconds
LONGEST_ANSWER = 1 << 26  # bytes; twice what the longest documented request could be echoed as
PORTION = 1 << 16  # bytes
LONG = 1.0  # seconds
SHORTEST = 0.001  # seconds; 0 is not allowed
USER_AGENT = "ioc-removal"
LOG = getLogger("ioc_removal")


@dataclass(frozen=True)
class Timeouts:
    """How long, in seconds: to connect, between two bytes of an answer, for all tries together."""

    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    total: float = TOTAL_TIMEOUT


class Wire:
    """An open way to one server.

    address: scheme, host, port and path, below which the paths of endpoints go; closed: whether
    nothing more is to be sent.
    """

    def __init__(self, address: str, session: Session, quotes: Quotes, timeouts: Timeouts) -> None:
        self.address = address.rstrip("/")
        self.session, self.quotes, self.timeouts = session, quotes, timeouts
        self.closed = False
        self._in_flight = InFlight()

    @contextmanager
    def deadline(self) -> Iterator[Deadline]:
        """Have a request in flight, until its end or its total timeout."""
        with self._in_flight.one(self.timeouts.total) as deadline:
            yield deadline

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> Reply:
        """Send a request once, signed anew, and read what comes back unless it is endless."""
        deadline.sent = False
        deadline.check()
        request = self.session.prepare_request(Request(method, url, data=body, headers=headers))
        left = max(deadline.left, SHORTEST)
        timeout = (min(self.timeouts.connect, left), min(self.timeouts.read, left))
        with self.session.send(
            request, timeout=timeout, allow_redirects=False, stream=True
        ) as response:
            content = bytearray()
            for portion in response.iter_content(PORTION):
                content += portion
                if len(content) > LONGEST_ANSWER:
                    break
            deadline.check()
            return Reply(
                response.status_code,
                response.reason or "",
                response.headers,
                bytes(content) if len(content) <= LONGEST_ANSWER else None,
                response.raw,
            )

    def waited(self, retries: Retries, deadline: Deadline, why: str) -> bool:
        """Wait before another try; False, at once where possible, when there is to be none.

        why: what the last try met; a wait of a second and more is logged with it.
        """
        pause = retries.pause
        if self.closed or pause >= deadline.left:
            return False
        if pause >= LONG:
            LOG.info("%s; trying again in %.0f s", why, pause)
        return deadline.waited(pause) and not self.closed

    def hang_up(self) -> None:
        """End what is in flight and let go of the sockets."""
        self._in_flight.hang_up()
        self.session.close()


def open_wire(
    own: Mapping[str, Any], address: str, auth: AuthBase | None, quotes: Quotes, in_flight: int = 1
) -> Wire:
    """Return a way to a server, with a connection's settings.

    own: the settings; auth: authenticates each request; in_flight: requests at a time.
    """
    session = _StayingSession()
    session.trust_env = False  # else a netrc file could replace the credentials
    session.headers["User-Agent"] = USER_AGENT
    session.auth = auth
    proxy = own.get("proxy")
    session.proxies.update(
        {"http": proxy, "https": proxy} if proxy else get_environ_proxies(address, no_proxy=None)
    )
    pinned = own.get("fingerprint")
    session.verify = (
        own.get("verify", True)
        and not pinned
        and (own.get("ca_bundle") or environ.get("REQUESTS_CA_BUNDLE") or True)
    )
    if own.get("verify") is False:
        disable_warnings(InsecureRequestWarning)  # it is said once, among the warnings
    session.cert = own.get("client_certificate")
    adapter = _Adapter(pinned, pool_maxsize=in_flight)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    named = {
        name: own[f"{name}_timeout"]
        for name in ("connect", "read", "total")
        if f"{name}_timeout" in own
    }
    return Wire(address, session, quotes, Timeouts(**named))


class _StayingSession(Session):
    """A session that neither follows a redirection nor looks where it leads."""

    def get_redirect_target(self, resp: Response) -> None:
        """Say that there is none: an address that cannot be read must not hide the answer."""


class _Connection(HTTPConnection):
    """A connection that tells the deadline of its request its socket, and what was sent."""

    _twin: socket | None = None

    def _new_conn(self) -> socket:
        connected = super()._new_conn()
        self._twin = connected.dup()  # TLS takes the first one over, and hides it meanwhile
        _held(self._twin)
        return connected

    def _tunnel(self) -> None:
        super()._tunnel()
        _check()

    def request(self, *arguments: Any, **options: Any) -> None:
        """Connect, if that is still to be done, and send."""
        if self.sock is None:
            self.connect()
        _check()
        if self._twin is not None:
            _held(self._twin, sent=True)
        super().request(*arguments, **options)

    def close(self) -> None:
        """Close both sockets."""
        super().close()
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """An adapter with these connections; with a fingerprint, it trusts that certificate only."""

    def __init__(self, fingerprint: str | None, **options: Any) -> None:
        self._fingerprint = fingerprint
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        if self._fingerprint:
            options["assert_fingerprint"] = self._fingerprint
        super().init_poolmanager(*arguments, **options)
        _equip(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        _equip(manager)
        return manager


def _equip(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _check() -> None:
    if (deadline := CURRENT.get()) is not None:
        deadline.check()


def _held(connected: socket, *, sent: bool = False) -> None:
    if (deadline := CURRENT.get()) is not None:
        deadline.sent |= sent
        deadline.hold(connected)
