"""Orquesta's functions, as an expression sees them: ctx, item, result, task_status and others."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

from .limits import LONGEST_TEXT

EVERYWHERE = frozenset({"ctx", "json", "zip", "range", "dict"})
IN_TASK = EVERYWHERE | {"task_status"}
IN_ITEM = IN_TASK | {"item"}
AFTER_TASK = IN_TASK | {"result", "succeeded", "failed", "completed"}
NAMES = IN_ITEM | AFTER_TASK


@dataclass(frozen=True)
class Scope:
    """What expressions see at one moment of a run.

    context: inputs, vars and what was published; statuses: how each task ended so far;
    task: the one that just ended, with its result; item: the current one of "with".
    """

    context: Mapping[str, Any]
    statuses: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    result: Any = None
    item: Any = None

    @cached_property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions under the names that a playbook calls."""
        return {
            "ctx": self._ctx,
            "item": self._item,
            "result": lambda: self.result,
            "task_status": lambda name: self.statuses.get(name, "null"),
            "succeeded": lambda: self._status() == "succeeded",
            "failed": lambda: self._status() == "failed",
            "completed": lambda: self._status() in {"succeeded", "failed", "timeout"},
            "json": parsed,
            "zip": zipped,
        }

    def with_context(self, context: Mapping[str, Any]) -> "Scope":
        """Give the same moment with other variables."""
        return replace(self, context=context)

    def with_item(self, item: Any) -> "Scope":
        """Give the same moment with an item."""
        return replace(self, item=item)

    def _status(self) -> str:
        return self.statuses.get(self.task or "", "null")

    def _ctx(self, key: str | None = None) -> Any:
        if not key:
            return dict(self.context)
        if key not in self.context:
            raise LookupError(f"there is no variable {key!r}")
        return self.context[key]

    def _item(self, key: str | None = None) -> Any:
        if not key:
            return self.item
        if not isinstance(self.item, Mapping):
            raise TypeError(f"the item has no name {key!r}: it is not a mapping")
        if key not in self.item:
            raise LookupError(f"the item has no {key!r}")
        return self.item[key]


def parsed(text: Any) -> Any:
    """Read JSON; a mapping is given back as it is."""
    if isinstance(text, dict):
        return text
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise TypeError(f"json() takes text of up to {LONGEST_TEXT:,} characters")
    return json.loads(text)


def zipped(*lists: Iterable[Any] | None, pad: Any = None) -> Any:
    """Pair the items of lists; the shorter ones are filled up with pad."""
    given: list[Any] = [[] if one is None else one for one in lists]
    return given[0] if len(given) == 1 else list(zip_longest(*given, fillvalue=pad))
