"""Whatever a server does, a request ends when its time is over, and at once when the run ends."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socket import SHUT_RDWR, create_server, socket
from threading import Event, Thread
from typing import Any

import pytest

from ioc_removal.endpoint import Endpoint
from ioc_removal.errors import ClosedError, HungUpError, ResponseError, TransportError
from ioc_removal.quotes import Quotes
from ioc_removal.wire import LONGEST_ANSWER, Wire, open_wire
from recorded import reply, serving

DELETE = Endpoint("DELETE", "it")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def wire(address: str, **own: Any) -> Wire:
    return open_wire({"total_timeout": 0.6, **own}, address, None, Quotes())


@contextmanager
def dripping(start: bytes, drop: bytes) -> Iterator[str]:
    """Answer every request with a start, and then with drops, for ever."""
    over = Event()

    def serve(connection: socket) -> None:
        with connection:
            try:
                connection.sendall(start)
                while not over.wait(0.02):
                    connection.sendall(drop)
            except OSError:
                return

    def accept(listener: socket) -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            Thread(target=serve, args=(connection,), daemon=True).start()

    with create_server(("127.0.0.1", 0)) as listener:
        Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            listener.shutdown(SHUT_RDWR)  # so that accept ends


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (HEAD, b"z"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "headers", "a header", "body", "chunks", "continue"],
)
def test_a_slow_answer_ends_with_the_time_of_its_request(start: bytes, drop: bytes) -> None:
    with dripping(start, drop) as address, pytest.raises(TransportError) as late:
        DELETE.send(wire(f"http://{address}"))
    assert late.value.sent
    assert "not within 0.6 s (total_timeout)" in str(late.value)


def test_a_slow_handshake_ends_too_and_nothing_was_sent() -> None:
    with (
        dripping(b"\x16\x03\x03\x3f\xff", b"\x02") as address,
        pytest.raises(TransportError) as late,
    ):
        DELETE.send(wire(f"https://{address}"))
    assert not late.value.sent
    assert "no answer to" in str(late.value)


def test_a_tunnel_that_does_not_open_ends_too_and_nothing_was_sent() -> None:
    with (
        dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y") as address,
        pytest.raises(TransportError) as late,
    ):
        DELETE.send(wire("https://192.0.2.1", proxy=f"http://{address}"))
    assert not late.value.sent


def test_no_wait_is_begun_that_the_time_does_not_allow() -> None:
    busy = reply(429, {}, headers={"Retry-After": "3600"})
    with serving(busy) as server, pytest.raises(Exception, match="429") as refused:
        DELETE.send(wire(server.url))
    assert type(refused.value).__name__ == "ApiError"
    assert len(server.requests) == 1


def test_an_endless_answer_is_cut() -> None:
    def endless(_: Any) -> Any:
        return reply(200, "x" * (LONGEST_ANSWER + 1))

    with serving(by=endless) as server, pytest.raises(ResponseError, match="without end"):
        DELETE.send(wire(server.url, total_timeout=60))


def test_hanging_up_ends_what_is_in_flight_and_what_comes() -> None:
    arrived, never = Event(), Event()

    def silent(_: Any) -> Any:
        arrived.set()
        return reply(200, {}, pause=never)

    with serving(by=silent) as server, ThreadPoolExecutor(1) as pool:
        way = wire(server.url, total_timeout=300)
        try:
            flying = pool.submit(DELETE.send, way)
            assert arrived.wait(10)
            way.hang_up()
            with pytest.raises(HungUpError):
                flying.result(10)
            with pytest.raises(HungUpError):
                DELETE.send(way)
        finally:
            never.set()
    assert len(server.requests) == 1


def test_a_pause_ends_when_the_run_ends() -> None:
    busy = reply(429, {}, headers={"Retry-After": "200"})
    answered = Event()

    def answer(_: Any) -> Any:
        answered.set()
        return busy

    with serving(by=answer) as server, ThreadPoolExecutor(1) as pool:
        way = wire(server.url, total_timeout=300)
        flying = pool.submit(DELETE.send, way)
        assert answered.wait(10)
        way.hang_up()
        assert isinstance(flying.exception(10), Exception)
    assert len(server.requests) == 1


def test_sequential_requests_share_one_connection_and_many_deadlines() -> None:
    with serving(by=lambda _: reply(200, {})) as server:
        way = wire(server.url, total_timeout=60)
        for _ in range(50):
            assert DELETE.send(way).status == 200
    assert len(server.requests) == 50


def test_a_request_that_ends_while_it_pauses_leaves_others_their_connection() -> None:
    """The connection of a request that pauses is in the pool: another request uses it."""
    arrived, go_on = Event(), Event()
    busy = reply(503, {}, headers={"Retry-After": "1"})

    def answer(request: Any) -> Any:
        if request.method == "DELETE":
            return busy
        arrived.set()
        return reply(200, {}, pause=go_on)

    with serving(by=answer) as server, ThreadPoolExecutor(2) as pool:
        way = wire(server.url, total_timeout=1.5)
        pausing = pool.submit(DELETE.send, way)
        while not server.requests:
            go_on.wait(0.01)
        way.timeouts = way.timeouts._replace(total=60)
        reading = pool.submit(Endpoint("GET", "it").send, way)
        assert arrived.wait(10)
        assert type(pausing.exception(10)).__name__ == "ApiError"
        go_on.set()
        assert reading.result(10).status == 200


def test_a_closed_wire_sends_nothing() -> None:
    with serving(by=lambda _: reply(200, {})) as server:
        way = wire(server.url)
        way.closed = "the connection was closed after: 401"
        with pytest.raises(ClosedError, match="401"):
            DELETE.send(way)
    assert not server.requests


def test_no_cookie_is_kept() -> None:
    setting = reply(200, {}, headers={"Set-Cookie": "session=made-up; Path=/"})
    with serving(by=lambda _: setting) as server:
        way = wire(server.url)
        for _ in range(2):
            DELETE.send(way)
    assert len(server.requests) == 2
    assert not any(request.headers["Cookie"] for request in server.requests)
