"""What an action is, before it has a connection: one entry of integration.yml."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .endpoint import Endpoint
from .schema import Schema

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Limits:
    """How the batch argument is cut.

    items, bytes: at most, in one request, unless the connection sets its own; most: the
    documented ceiling of items.
    """

    argument: str
    items: int
    bytes: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Definition:
    """One entry of integration.yml: what an action is, before it has a connection.

    document: the whole schema, schema: of the arguments; limits: None when a call is one request;
    effect: what a removal does, by an argument, None for what only reads; target: arguments that
    name it, fixed: those of them that the action fixes; settle: the read that tells what became of
    an id when no answer does; reads: the read actions that the handler may use; resolves: the
    argument whose values a read turns into ids.
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
    effect: Mapping[str, str] | None
    target: tuple[str, ...]
    fixed: Mapping[str, str]
    settle: str | None
    reads: tuple[str, ...]
    resolves: str | None
    applies_to: tuple[str, ...]
    context_path: str
    context_key: tuple[str, ...]

    @property
    def removes(self) -> bool:
        """Whether it takes something out of a system; if not, it only reads."""
        return self.effect is not None

    @property
    def named_by(self) -> str:
        """What names an indicator of this action in its outcomes: "value" or "id"."""
        return self.context_key[0]

    def effect_on(self, arguments: Mapping[str, Any]) -> str:
        """Return what a removal with these arguments does: "disarms" or "rearms"."""
        effect = self.effect or {}
        return effect.get(str(arguments.get(effect.get("by", ""))), effect.get("default", ""))
