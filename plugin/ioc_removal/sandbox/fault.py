"""One fault: which requests it strikes, how often, and what they meet instead."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from .exchange import Answer, Delivery, Request
from .ready import READY, altered
from .usual import SYSTEMS, usual
from .writing import BODILESS

LOSSES = ("before", "after")
CHOOSING = ("system", "method", "path", "times", "skip", "chance", "random")
ANSWERING = ("answer", "status", "body", "headers", "acted")
DELIVERING = ("cut", "content_length", "drip_headers", "drip_body")

Act = Callable[[], Answer]


class Fault:
    """A fault with the number of its strikes.

    rule: its keys, checked by fault_problems; number: its place among all, from 1.
    """

    def __init__(self, rule: Mapping[str, Any], number: int) -> None:
        self.rule = dict(rule)
        self.number = number
        self.struck = 0
        self._passed = 0
        # Draws repeat themselves, so that a rehearsal can be repeated.
        self._random = Random(rule.get("random", number))  # noqa: S311
        self._times: int | None = rule.get("times", None if "chance" in rule else 1)

    @property
    def left(self) -> int | None:
        """How often it can still strike; None without an end."""
        return None if self._times is None else self._times - self.struck

    def strikes(self, system: str | None, request: Request) -> bool:
        """Tell whether it strikes a request; the first `skip` that it could strike pass."""
        rule = self.rule
        if self.left == 0 or rule.get("system", system) != system:
            return False
        if rule.get("method", request.method) != request.method:
            return False
        if rule.get("path", "") not in request.raw_path:
            return False
        if "answer" in rule and not READY[rule["answer"]].suits(system, request):
            return False
        self._passed += 1
        if self._passed <= rule.get("skip", 0):
            return False
        return "chance" not in rule or self._random.random() < rule["chance"]

    def answer(self, system: str | None, request: Request, act: Act) -> Answer:
        """Return what the request meets.

        act: lets the system act when it is called first, and returns its answer. A fault that
        would alter this answer and finds nothing to alter has not struck.
        """
        rule = self.rule
        given = self._given(system, request, act)
        if given is None:
            return act()
        self.struck += 1
        delivery = Delivery(
            delay=float(rule.get("delay", 0)),
            hang_up="hang_up" in rule,
            reset="reset" in rule,
            cut=rule.get("cut"),
            excess=rule.get("content_length", 0),
            drip_headers=float(rule.get("drip_headers", 0)),
            drip_body=float(rule.get("drip_body", 0)),
            endless=given.delivery.endless,
        )
        headers = {**given.headers, **rule.get("headers", {})}
        return replace(given, headers=headers, delivery=delivery)

    def _given(self, system: str | None, request: Request, act: Act) -> Answer | None:
        rule = self.rule
        if "before" in (rule.get("hang_up"), rule.get("reset")):
            return Answer(0, b"")
        ready = READY.get(rule.get("answer", ""))
        if ready is not None and ready.change is not None:
            return altered(act(), ready.change)
        if ready is None and "status" not in rule:
            return act()
        if rule.get("acted"):
            act()
        if ready is not None and ready.make is not None:
            given = ready.make(system, request)
            return replace(given, status=rule.get("status", given.status), reason=None)
        given = usual(rule["status"], system)
        if "body" in rule:
            body = rule["body"]
            given = replace(given, document=body.encode() if isinstance(body, str) else body)
        return given


def fault_problems(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield a line for each key that has the right shape and still means nothing."""
    yield from _wrong_values(rule, where)
    yield from _wrong_numbers(rule, where)
    lost = next((key for key in ("hang_up", "reset") if key in rule), None)
    if lost:
        for key in (*ANSWERING, *DELIVERING, *(("reset",) if lost == "hang_up" else ())):
            if key in rule:
                yield f"{where}.{key}: goes not with {lost}, which leaves no answer"
    named = rule.get("answer")
    if named is not None and named not in READY:
        yield f"{where}.answer: must be one of {', '.join(READY)}"
    elif named is not None:
        yield from _wrong_answer(rule, where)
    if "body" in rule and rule.get("status", 204) in BODILESS:
        yield f"{where}.body: needs a status, and one that has a body"
    if "acted" in rule and not {"answer", "status"} & rule.keys():
        yield f"{where}.acted: needs a status or an answer"
    if not rule.keys() - set(CHOOSING):
        yield f"{where}: must say what goes wrong, such as status, answer, hang_up or delay"


def _wrong_values(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    known = {"system": SYSTEMS, "hang_up": LOSSES, "reset": LOSSES}
    for key, options in known.items():
        if rule.get(key, options[0]) not in options:
            yield f"{where}.{key}: must be one of {', '.join(options)}"
    method = rule.get("method", "GET")
    if not (method.isascii() and method.isalpha() and method.isupper()):
        yield f"{where}.method: must be a method such as DELETE, in capital letters"
    if rule.get("expire_tokens", True) is not True:
        yield f"{where}.expire_tokens: must be true, or be left out"
    for name, value in rule.get("headers", {}).items():
        if not name or not (f"{name}{value}".isprintable() and f"{name}{value}".isascii()):
            yield f"{where}.headers.{name}: must be printable ASCII"


def _wrong_numbers(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, least in (("times", 1), ("skip", 0), ("cut", 0)):
        if rule.get(key, least) < least:
            yield f"{where}.{key}: must be {least} or more"
    for key in ("delay", "drip_headers", "drip_body"):
        if not 0 <= rule.get(key, 0) < float("inf"):
            yield f"{where}.{key}: must be a number of seconds, 0 or more"
    if not 0 < rule.get("chance", 1) <= 1:
        yield f"{where}.chance: must be more than 0 and at most 1"
    if "random" in rule and "chance" not in rule:
        yield f"{where}.random: goes with chance"
    if not 200 <= rule.get("status", 200) <= 599:
        yield f"{where}.status: must be between 200 and 599"


def _wrong_answer(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    named, ready = rule["answer"], READY[rule["answer"]]
    if "body" in rule:
        yield f"{where}.body: goes not with answer, which has a body"
    if named == "endless" and {"cut", "content_length"} & rule.keys():
        yield f"{where}.answer: endless goes not with cut or content_length"
    if "system" in rule and rule["system"] not in ready.systems:
        yield f"{where}.answer: {named} is an answer of {', '.join(ready.systems)} only"
    if ready.change is not None:
        if rule.get("acted") is False:
            yield f"{where}.acted: {named} is the answer of a system that acted"
        if "status" in rule:
            yield f"{where}.status: goes not with {named}, the system's own answer in other words"
        if rule.get("method", "DELETE") != "DELETE":
            yield f"{where}.method: {named} is the answer to a DELETE"
