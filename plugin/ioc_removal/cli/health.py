"""Serve the metrics of a worker, and whether it works, over HTTP."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from socketserver import TCPServer
from threading import Thread
from typing import Any

from ..errors import ArgumentError

LOOPBACK = "127.0.0.1"
SILENT = 10.0  # seconds after which a client that says nothing is left
Page = tuple[int, str, bytes]  # status, type and content


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT, or of a port on loopback; raises ArgumentError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else LOOPBACK
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16) or not host:
        raise ArgumentError(f"--metrics {text}: write it HOST:PORT, or PORT for this host only")
    return host, int(port)


@contextmanager
def serving(
    text: str, metrics: Callable[[str], tuple[str, bytes]], trouble: Callable[[], str | None]
) -> Iterator[None]:
    """Serve /metrics and /healthz meanwhile.

    text: HOST:PORT; metrics: returns type and text, given what a request accepts; trouble: says
    in a line why the worker does not work, None when it does. Raises ArgumentError when the
    address cannot be had.
    """

    def page(path: str, accept: str) -> Page:
        if path == "/metrics":
            return 200, *metrics(accept)
        if path == "/healthz":
            why = trouble()
            said = {"status": "failing", "reason": why} if why else {"status": "ok"}
            return 503 if why else 200, "application/json", json.dumps(said).encode() + b"\n"
        return 404, "text/plain; charset=utf-8", b"there are /metrics and /healthz\n"

    host, port = address_of(text)
    try:
        server = _Server((host, port), page)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ArgumentError(f"--metrics {text}: it cannot be served there: {why}") from error
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], page: Callable[[str, str], Page]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        self.page = page
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Take the address, without asking DNS for its name."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SILENT
    server_version, sys_version = "ioc-removal", ""

    def do_GET(self) -> None:
        """Answer with a page."""
        path, accept = self.path.partition("?")[0], self.headers.get("Accept", "")
        status, kind, content = self.server.page(path, accept)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_HEAD = do_GET  # noqa: N815  # as http.server asks for it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing of each scrape."""
