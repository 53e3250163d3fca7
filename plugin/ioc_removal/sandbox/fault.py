"""One fault: which requests it strikes, how often, and what they meet instead."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from .exchange import Answer, Delivery, Request
from .ready import READY, altered
from .usual import usual

Act = Callable[[], Answer]


class Fault:
    """A fault with the number of its strikes.

    rule: its keys, checked by fault_problems (fault_rules.py); number: its place among all, from 1.
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
        if "carries" in rule and not request.carries(rule["carries"]):
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
            acts_after=rule.get("acts_after"),
        )
        own = rule.get("headers", {})
        hidden = {name.lower() for name in own}
        left = {name: one for name, one in given.headers.items() if name.lower() not in hidden}
        headers = {**left, **own}
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
            given = replace(
                given, document=body.encode("utf-8", "replace") if isinstance(body, str) else body
            )
        return given
