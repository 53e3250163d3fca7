"""An HTTP server on loopback that records requests as they came and serves bytes verbatim."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from ssl import SSLContext
from struct import pack
from threading import Event, Lock, Thread
from typing import Any

from ports import unused_port


@dataclass(frozen=True)
class Recorded:
    """A request as it came: the target is the text of the request line."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Reply:
    """What is served, byte for byte.

    hang_up: "close" or "reset" the connection instead of answering; content_length: another than
    the true one; pause: wait for the event before answering; raw: sent in place of all that, before
    the connection is closed.
    """

    status: int = 200
    reason: str = "OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang_up: str = ""
    content_length: int | None = None
    pause: Event | None = None
    raw: bytes | None = None

    def head(self) -> bytes:
        length = len(self.body) if self.content_length is None else self.content_length
        headers = {"Content-Length": str(length), "Content-Type": "application/json"}
        lines = [f"{name}: {value}" for name, value in {**headers, **self.headers}.items()]
        return "\r\n".join([f"HTTP/1.1 {self.status} {self.reason}", *lines, "", ""]).encode()


NOTHING_LEFT = Reply(status=418, reason="Not expected")
Answerer = Callable[[Recorded], Reply]


def reply(status: int, document: Any = None, **more: Any) -> Reply:
    """Return an answer with a JSON body; without a document, with none."""
    return Reply(status, body=b"" if document is None else json.dumps(document).encode(), **more)


def script(*replies: Reply) -> Answerer:
    """Answer requests one after the other; what comes after the last is not expected."""
    left, lock = iter(replies), Lock()

    def answer(_: Recorded) -> Reply:
        with lock:
            return next(left, NOTHING_LEFT)

    return answer


class Server(ThreadingTCPServer):
    """requests: as they came; peak: how many were being answered at a time, at most."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, answerer: Answerer, tls: SSLContext | None = None) -> None:
        self.answerer = answerer
        self.requests: list[Recorded] = []
        self.peak = self.running = 0
        self.lock = Lock()
        self.open: set[socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_address[1]}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def answer(self, request: Recorded) -> Reply:
        with self.lock:
            self.requests.append(request)
            self.running += 1
            self.peak = max(self.peak, self.running)
        try:
            reply = self.answerer(request)
            if reply.pause is not None:
                reply.pause.wait(10)
            return reply
        finally:
            with self.lock:
                self.running -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        with self.server.lock:
            self.server.open.add(self.connection)
        while self._exchange():
            pass

    def _exchange(self) -> bool:
        line = self.rfile.readline()
        if not line:
            return False
        method, target, _ = line.decode("latin-1").rstrip("\r\n").split(" ")
        head = b""
        while (part := self.rfile.readline()) not in {b"\r\n", b""}:
            head += part
        headers = BytesParser().parsebytes(head)
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        reply = self.server.answer(Recorded(method, target, headers, body))
        if reply.hang_up:
            if reply.hang_up == "reset":
                self.connection.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
            return False
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            return False
        self.wfile.write(reply.head() + reply.body)
        return len(reply.body) == (
            len(reply.body) if reply.content_length is None else reply.content_length
        )


@contextmanager
def serving(
    *replies: Reply, by: Answerer | None = None, tls: SSLContext | None = None
) -> Iterator[Server]:
    """Serve replies in their order, or what a function answers."""
    server = Server(by or script(*replies), tls)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for connection in list(server.open):
            _hang_up(connection)


def unused_address() -> str:
    """Return an address at which nobody listens."""
    return f"http://127.0.0.1:{unused_port()}"


def _hang_up(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return
