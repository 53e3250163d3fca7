"""Misbehave when told to: faults in the order given, each struck a number of times and spent."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from ..errors import ArgumentError
from .exchange import Answer, Request
from .fault import Fault
from .fault_rules import fault_problems
from .shape import FAULT, problems


def checked_fault(rule: Any, where: str) -> list[str]:
    """Return a line for each mistake in a fault; where: its place, for the line."""
    return list(problems(rule, FAULT, where)) or list(fault_problems(rule, where))


class Faults:
    """All faults of a sandbox; the first one that strikes a request has its way.

    expire_tokens: lets the tokens that IAM issued expire.
    """

    def __init__(
        self, rules: Iterable[Mapping[str, Any]], expire_tokens: Callable[[], None]
    ) -> None:
        self._expire_tokens = expire_tokens
        self._faults: list[Fault] = []
        self._added = 0
        self.add(*rules)

    def add(self, *rules: Any) -> list[int]:
        """Take more faults, all or none; return their numbers. Raises ArgumentError."""
        named = ("fault" if len(rules) == 1 else f"faults[{n}]" for n in range(len(rules)))
        found = [
            line
            for rule, where in zip(rules, named, strict=False)
            for line in checked_fault(rule, where)
        ]
        if found:
            raise ArgumentError(*found)
        new = [Fault(rule, self._added + place) for place, rule in enumerate(rules, 1)]
        self._added += len(new)
        self._faults += new
        return [fault.number for fault in new]

    def clear(self) -> None:
        """Forget every fault; numbers go on."""
        self._faults.clear()

    def rows(self) -> list[dict[str, Any]]:
        """Return each fault with its number, its strikes and how many are left (null: no end)."""
        return [
            {"number": one.number, "struck": one.struck, "left": one.left, "fault": one.rule}
            for one in self._faults
        ]

    def strike(
        self, system: str | None, request: Request, act: Callable[[], Answer]
    ) -> tuple[Answer, int | None]:
        """Answer a request; return the number of the fault that struck it too, None without."""
        once = cache(act)
        for fault in self._faults:
            if fault.strikes(system, request):
                if "expire_tokens" in fault.rule:
                    self._expire_tokens()
                before = fault.struck
                answer = fault.answer(system, request, once)
                return answer, fault.number if fault.struck > before else None
        return once(), None
