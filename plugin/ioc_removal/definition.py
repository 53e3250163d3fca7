"""What an action is, before it has a connection: one entry of integration.yml."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .endpoint import Endpoint
from .outcome import ADDED, CHANGED, REMOVED
from .schema import Schema

Handler = Callable[..., Any]

READS, REMOVES, ADDS, CHANGES = "reads", "removes", "adds", "changes"
DONE_BY = {REMOVES: REMOVED, ADDS: ADDED, CHANGES: CHANGED}  # what a system says of what it did


class Limits(NamedTuple):
    """How the batch argument is cut.

    items, bytes: at most, in one request, unless the connection sets its own; most: the
    documented ceiling of items; along: arguments that hold more of each item, by the item.
    """

    argument: str
    items: int
    bytes: int | None = None
    most: int | None = None
    along: tuple[str, ...] = ()


class Definition(NamedTuple):
    """One entry of integration.yml: what an action is, before it has a connection.

    document: the whole schema, schema: of the arguments; limits: None when a call is one request;
    does: reads, removes, adds or changes; effect: what that does to the defence, by an argument,
    None for what only reads; named: where the arguments name the indicator of an action that is
    one request, such as data_object.value; target: arguments that name it, fixed: those of them
    that the action fixes; settle: the read that tells what became of an item when no answer does;
    again: "updates" where sending once more what was added only updates it, None where it would be
    there twice; sets: arguments, fixed ones too, that the rows of that read show when the change
    was made; snapshot: the read that keeps what is there before, lookup: the same, only when it is
    asked for, as it leaves traces; undo: the action that puts it back,
    undo_by: the function that tells how, undo_then: the action that follows on what was put back;
    instead: the action that does less harm and can be undone; reads: the read actions that the
    handler may use; resolves: the argument whose values a read turns into ids.
    """

    name: str
    title: str
    documentation: str | None
    system: str
    endpoint: Endpoint | None
    handler: Handler
    schema: Schema
    document: Mapping[str, Any]
    limits: Limits | None
    does: str
    effect: Mapping[str, str] | None
    named: str | None
    target: tuple[str, ...]
    fixed: Mapping[str, str]
    settle: str | None
    again: str | None
    sets: tuple[str, ...]
    snapshot: str | None
    lookup: str | None
    undo: str | None
    undo_by: str | None
    undo_then: str | None
    instead: str | None
    reads: tuple[str, ...]
    resolves: str | None
    applies_to: tuple[str, ...]
    context_path: str
    context_key: tuple[str, ...]

    @property
    def acts(self) -> bool:
        """Whether it does something to a system, with outcomes; if not, it only reads."""
        return self.does != READS

    @property
    def removes(self) -> bool:
        """Whether it takes something out of a system."""
        return self.does == REMOVES

    @property
    def done(self) -> str:
        """The outcome of what the system says that it did: removed, added or changed."""
        return DONE_BY[self.does]

    @property
    def named_by(self) -> str:
        """What names an indicator of this action in its outcomes: "value" or "id"."""
        return self.context_key[0]

    def effect_on(self, arguments: Mapping[str, Any], *more: Mapping[str, Any]) -> str:
        """Return what the action with these arguments does: "disarms" or "rearms".

        more: what tells it where the arguments do not, the first before the others.
        """
        effect = self.effect or {}
        by, telling = effect.get("by", ""), arguments
        if more and (name := by.partition(".")[0]) not in arguments:
            for one in more:  # the quickest way
                if name in one:
                    telling = one
                    break
        return effect.get(str(found_in(telling, by)), effect.get("default", ""))

    def wanted(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what rows show when a change with these arguments was made."""
        return {name: self.fixed.get(name, arguments.get(name)) for name in self.sets}

    def item_of(self, arguments: Mapping[str, Any]) -> str | None:
        """Return what the arguments of an action that is one request name, None for nothing."""
        return found_in(arguments, self.named) if self.named else None


def found_in(arguments: Mapping[str, Any], path: str) -> Any:
    """Return what arguments hold at a path such as data_object.value; None for nothing."""
    found: Any = arguments
    for name in path.split("."):
        known = type(found) is dict or isinstance(found, Mapping)  # the first is quicker
        found = found.get(name) if known else None
    return found
