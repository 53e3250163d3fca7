"""Connections that know their deadline, the certificate that is pinned, and the proxy's own TLS."""

from http.client import HTTPException, HTTPResponse
from re import match
from socket import socket
from ssl import CERT_REQUIRED, SSLContext, SSLEOFError, SSLSocket
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError, ProxyError

from .deadline import CURRENT, Deadline
from .proxies import Proxy
from .secret import MaskedText

SHORT = 1 << 16  # bytes
# How http.client words the answer of a proxy that opens no tunnel for want of the server.
NOT_NOW = r"Tunnel connection failed: 5\d\d"


class Adapter(HTTPAdapter):
    """An adapter for one server.

    fingerprint: of the only certificate to trust there, also through a proxy; proxy: that leads
    there; context: how TLS is spoken with that proxy itself, None for not at all.
    """

    def __init__(
        self,
        fingerprint: str | None,
        proxy: Proxy | None,
        context: SSLContext | None,
        **options: Any,
    ) -> None:
        self._pin: dict[str, Any] = {"assert_fingerprint": fingerprint} if fingerprint else {}
        self._proxy, self._context = proxy, context
        self._connections: Any = None  # once they were looked for
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make what holds the connections that go to the server directly."""
        super().init_poolmanager(*arguments, **{**options, **self._pin})
        _equip(self.poolmanager)

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """Return the connections to the server: to look for them takes long."""
        if self._connections is None:
            self._connections = super().get_connection_with_tls_context(*arguments, **options)
        return self._connections

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        """Return what the first line of a request asks for: its path, unless a proxy reads it."""
        return request.path_url if self._proxy is None else super().request_url(request, proxies)

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """Return an answer: its status, its head, and what reads its body."""
        response = Response()
        response.status_code, response.reason, response.raw = resp.status, resp.reason, resp
        response.headers, response.url, response.request = resp.headers, req.url or "", req
        return response

    def close(self) -> None:
        """Let go of all connections."""
        self._connections = None
        super().close()

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make what holds the connections that go through the proxy."""
        options = {**options, **self._pin, "proxy_ssl_context": self._context}
        manager = super().proxy_manager_for(proxy, **options)
        _equip(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:  # noqa: ARG002
        """Return the headers that are for the proxy alone."""
        authorization = self._proxy.authorization if self._proxy else None
        return {"Proxy-Authorization": MaskedText(authorization.reveal())} if authorization else {}


class _Response(HTTPResponse):
    """The head of an answer, without what urllib3 would log: with a traceback, and quoting it."""

    def begin(self) -> None:
        """Read the head; refuse one that does not give the body one length (RFC 9112, 6.3)."""
        super().begin()
        said = ",".join(self.headers.get_all("Content-Length", ()))
        lengths = {length.strip() for length in said.split(",") if said}
        if self.chunked:
            del self.headers["Content-Length"]
        elif len(lengths) > 1 or not all(one.isascii() and one.isdigit() for one in lengths):
            self.close()
            raise HTTPException("the answer does not give its body one length")
        if "," in ",".join(self.headers.get_all("Content-Encoding", ())):
            self.close()
            raise HTTPException("the answer is compressed more than once")  # a bomb, or a mistake
        self.headers.defects.clear()
        self.headers.set_payload("")


class _Connection(HTTPConnection):
    """A connection that tells the deadline of its request its socket, and what was sent."""

    response_class = _Response
    _twin: socket | None = None
    _holder: Deadline | None = None
    _together: bytearray | None = None  # while a request is sent, what waits for the rest of it

    def _new_conn(self) -> socket:
        connected = super()._new_conn()
        self._twin = connected.dup()  # TLS takes the first one over, and hides it meanwhile
        self._hold()
        return connected

    def _tunnel(self) -> None:
        """Have the proxy open a way to the server; whatever fails here is the proxy's."""
        try:
            super()._tunnel()
        except (OSError, HTTPException) as error:
            raised: Exception = error
            if match(NOT_NOW, str(error)):
                raised = NewConnectionError(self, str(error))  # the server may be there later
            raise ProxyError("no tunnel", raised) from error
        _check()

    def request(self, *arguments: Any, **options: Any) -> None:
        """Connect, if that is still to be done, and send: a short body together with its head."""
        if self.sock is None:
            self.connect()
        _check()
        self._hold(sent=True)
        self._together = bytearray()
        try:
            super().request(*arguments, **options)
            self._send_together()
        finally:
            self._together = None

    def send(self, data: Any) -> None:
        """Send, or wait for what follows of a request: each time takes a system call."""
        together = self._together
        if together is None or not isinstance(data, bytes) or len(data) > SHORT:
            self._send_together()
            super().send(data)
        else:
            together += data

    def _send_together(self) -> None:
        if self._together:
            data, self._together = self._together, bytearray()
            super().send(bytes(data))

    def _hold(self, *, sent: bool = False) -> None:
        """Let the deadline of the request that this thread makes hold the socket, and no other."""
        deadline = CURRENT.get()
        if self._holder is not None and self._holder is not deadline:
            self._holder.release()
        self._holder = deadline
        if deadline is not None and self._twin is not None:
            deadline.sent |= sent
            deadline.hold(self._twin)

    def close(self) -> None:
        """Close both sockets."""
        super().close()
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS, with the server or with a proxy.

    What is set for the server's certificate is not for the proxy's, which is always verified.
    """

    def connect(self) -> None:
        """Connect, and shake hands."""
        if self.proxy is not None and self._tunnel_host is None and self.proxy_config is not None:
            self.ssl_context, self.cert_reqs = self.proxy_config.ssl_context, CERT_REQUIRED
            self.ca_certs = self.ca_cert_dir = self.ca_cert_data = None
            self.cert_file = self.key_file = self.assert_fingerprint = None
        super().connect()

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send; where the server hung up meanwhile, let urllib3 read why."""
        try:
            super().request(*arguments, **options)
        except SSLEOFError as error:
            raise BrokenPipeError(str(error)) from error

    def _connect_tls_proxy(self, hostname: str, sock: socket) -> SSLSocket:
        assert self.proxy_config is not None  # noqa: S101  # only a proxy is connected to so
        assert self.proxy_config.ssl_context is not None  # noqa: S101  # see proxy_manager_for
        self.proxy_is_verified = True
        return self.proxy_config.ssl_context.wrap_socket(sock, server_hostname=hostname.strip("[]"))


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _equip(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _check() -> None:
    if (deadline := CURRENT.get()) is not None:
        deadline.check()
