"""Misbehave when told to: refuse, delay, answer nonsense, lose an answer, hang up."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from ..errors import ArgumentError
from .exchange import Answer, Request
from .huawei import answered, gateway_error
from .shape import SEED, problems

HANG_UPS = ("before", "after")

THROTTLED = (
    "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 minute"
)


class Faults:
    """Faults in the order given; each strikes a number of times and is then spent.

    A fault names the requests that it strikes (system, method, a part of the path; left out
    means any), how often (times, 1 if left out) and what happens: status, body and headers
    replace the answer, and the system never sees the request; hang_up "before" drops the
    connection unseen, "after" does so once the system has acted; delay holds an answer back for
    so many seconds.
    """

    def __init__(self, faults: Any = ()) -> None:
        self._left: list[tuple[Mapping[str, Any], int]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Mapping[str, Any]) -> None:
        """Take one more fault."""
        found = list(problems(fault, SEED["faults"][0], "fault"))
        if not found and fault.get("hang_up", "after") not in HANG_UPS:
            found.append(f"fault.hang_up: must be one of {', '.join(HANG_UPS)}")
        if not found and not isinstance(fault.get("delay", 0), int | float):
            found.append("fault.delay: must be a number of seconds")
        if not found and not 200 <= fault.get("status", 200) <= 599:
            found.append("fault.status: must be between 200 and 599")
        if found:
            raise ArgumentError(*found)
        self._left.append((dict(fault), int(fault.get("times", 1))))

    def strike(
        self, system: str | None, request: Request, answer: Callable[[Request], Answer]
    ) -> Answer:
        """Answer a request, or let the first fault that names it have its way."""
        fault = self._next(system, request)
        if fault is None:
            return answer(request)
        if fault.get("hang_up") == "before":
            return Answer(0, None, hang_up=True)
        given = _replacement(fault, system) if "status" in fault else answer(request)
        return replace(
            given, hang_up=fault.get("hang_up") == "after", delay=float(fault.get("delay", 0))
        )

    def _next(self, system: str | None, request: Request) -> Mapping[str, Any] | None:
        for place, (fault, left) in enumerate(self._left):
            if left > 0 and _names(fault, system, request):
                self._left[place] = (fault, left - 1)
                return fault
        return None


def _names(fault: Mapping[str, Any], system: str | None, request: Request) -> bool:
    return (
        fault.get("system", system) == system
        and fault.get("method", request.method) == request.method
        and fault.get("path", "") in request.raw_path
    )


def _replacement(fault: Mapping[str, Any], system: str | None) -> Answer:
    status: int = fault["status"]
    answer = _usual(status, system)
    if "body" in fault:
        body = fault["body"]
        answer = replace(answer, document=body.encode() if isinstance(body, str) else body)
    return replace(answer, headers={**answer.headers, **fault.get("headers", {})})


def _usual(status: int, system: str | None) -> Answer:
    """Return what such a status usually comes with: a system's words or a proxy's page."""
    if system == "cybertrace" and status not in (502, 503, 504):
        return Answer(status, [{"status": _phrase(status)}])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return gateway_error(status, "APIGW.0308", THROTTLED)
    page = f"<html><body>{status} {_phrase(status)}</body></html>".encode()
    return replace(answered(status, page), headers={"Content-Type": "text/html"})


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
