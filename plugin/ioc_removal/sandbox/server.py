"""Listen on loopback, read requests, write answers; nothing here knows a system."""

import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, create_connection, socket
from socketserver import TCPServer, ThreadingMixIn
from ssl import SSLContext
from struct import pack
from threading import Event, Thread
from typing import Any

from .exchange import Answer, Request
from .writing import write

LARGEST_BODY = 67108864
LARGEST_DRAINED = 4 * LARGEST_BODY
CHUNK = 1 << 20

Answerer = Callable[[Request], Answer]


class Listener(ThreadingMixIn, TCPServer):
    """An HTTP/1.1 server on 127.0.0.1 that hands every request to one function.

    context: with it, TLS is spoken. Raises OSError or OverflowError when the port is not to be had.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answerer: Answerer, context: SSLContext | None = None) -> None:
        self.answerer = answerer
        self.stopping = Event()
        self._open: set[socket] = set()
        self._reset: set[socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        if context is not None:
            # The handshake is made by the connection's own thread, at its first read.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = Thread(target=self._accept, name="sandbox", daemon=True)

    def start(self) -> None:
        """Answer in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and hang up on every client that is still connected."""
        self.stopping.set()
        # A connection of our own ends the wait for the next one; another one, should it be lost.
        while self._thread.is_alive():
            try:
                create_connection(("127.0.0.1", self.server_address[1]), timeout=1).close()
            except OSError:
                _hang_up(self.socket)
            self._thread.join(1)
        self.server_close()
        for connection in list(self._open):
            _hang_up(connection)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                request, address = self.get_request()
            except OSError:  # the client went away, or too many files are open
                self.stopping.wait(0.01)
                continue
            if self.stopping.is_set():
                super().shutdown_request(request)
                return
            self.process_request(request, address)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that stop can close it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it: with an RST if it is to be reset."""
        self._open.discard(request)
        if request not in self._reset:
            super().shutdown_request(request)
            return
        self._reset.discard(request)
        request.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
        request.close()

    def reset(self, request: Any) -> None:
        """Let the connection end with an RST."""
        self._reset.add(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that hang up; they may."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_<METHOD>: every method gets a documented answer, and an
        # unknown one is "method not allowed" rather than the base class's HTML.
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing: the sandbox has a log of its own."""

    def _exchange(self) -> None:
        request = self._read()
        if request is None:
            self.close_connection = True
            return
        if request.length < 0 or request.length > LARGEST_DRAINED:
            self.close_connection = True
        answer = self.server.answerer(request)
        delivery = answer.delivery
        if delivery.delay:
            self.server.stopping.wait(delivery.delay)
        if delivery.reset:
            self.server.reset(self.request)
        if not delivery.answers or delivery.cut is not None or delivery.endless:
            self.close_connection = True
        if delivery.answers:
            write(
                self.wfile,
                answer,
                self.date_time_string(),
                self.server.stopping,
                last=self.close_connection and delivery.cut is None,
                head_only=self.command == "HEAD",
            )

    def _read(self) -> Request | None:
        target = self.requestline.split()[1]
        if target.startswith(("http://", "https://")):
            target = "/" + target.partition("://")[2].partition("/")[2]
        length = self._length()
        body = b""
        if 0 <= length <= LARGEST_BODY:
            body = self.rfile.read(length)
            if len(body) < length:
                return None
        elif length <= LARGEST_DRAINED:
            # An answer to a client that is still sending would reach it as a broken pipe.
            self._drain(length)
        return Request(self.command, target, self.headers, length, body)

    def _length(self) -> int:
        if self.headers.get("Transfer-Encoding"):
            return -1
        declared = self.headers.get("Content-Length", "0").strip()
        return int(declared) if declared.isascii() and declared.isdigit() else -1

    def _drain(self, length: int) -> None:
        while length > 0 and (read := self.rfile.read(min(length, CHUNK))):
            length -= len(read)


def _hang_up(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return
