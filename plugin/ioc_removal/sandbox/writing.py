"""Write an answer to a connection, with the flaws that its delivery asks for."""

from collections.abc import Mapping
from http import HTTPStatus
from io import BufferedIOBase
from threading import Event

from .exchange import Answer

BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
MORE = b"x" * 65536
PAUSE = 0.01  # seconds between two pieces of a body without end


def write(
    out: BufferedIOBase, answer: Answer, date: str, stopping: Event, *, last: bool, head_only: bool
) -> None:
    """Write status, headers and body.

    date: of the Date header; stopping: ends a slow delivery; last: the connection ends with this
    answer; head_only: HEAD was asked. Raises OSError when the client is gone.
    """
    delivery = answer.delivery
    given = {name.lower() for name in answer.headers}
    usual = {"Date": date, "Content-Type": "application/json"}
    headers = {name: value for name, value in usual.items() if name.lower() not in given}
    headers.update(answer.headers)
    body = b"" if answer.status in BODILESS or head_only else answer.body
    if answer.status not in BODILESS and not delivery.endless:
        headers["Content-Length"] = str(max(0, len(answer.body) + delivery.excess))
    if last:
        headers["Connection"] = "close"
    _drip(out, _head(answer, headers), delivery.drip_headers, stopping)
    _drip(out, body[: delivery.cut], delivery.drip_body, stopping)
    while delivery.endless and not head_only and not stopping.wait(PAUSE):
        _drip(out, MORE, delivery.drip_body, stopping)


def phrase(status: int) -> str:
    """Return the usual reason phrase of a status."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def _head(answer: Answer, headers: Mapping[str, str]) -> bytes:
    reason = phrase(answer.status) if answer.reason is None else answer.reason
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _drip(out: BufferedIOBase, data: bytes, seconds: float, stopping: Event) -> None:
    """Write at once, or byte after byte with so many seconds behind each."""
    if not seconds:
        out.write(data)
        out.flush()
        return
    for place in range(len(data)):
        out.write(data[place : place + 1])
        out.flush()
        if stopping.wait(seconds):
            return
