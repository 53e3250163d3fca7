"""Divide what an undo puts back among calls: together what one request can carry."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..restoring import merged_arguments
from ..store.called import THEN
from ..store.claims import Claim
from ..store.earlier import Earlier
from ..store.lineage import Place
from ..store.undone import Done
from ..trust.restoring import Undoing, undoing_of


@dataclass(frozen=True)
class RestoringCall:
    """A call of an undo: its name, its rows, and how each is undone."""

    name: str
    claims: Sequence[Claim]
    undoings: Sequence[Undoing]


def calls_of(
    run: str, rows: Iterable[tuple[Done, Undoing | None]], repeated: Mapping[Place, Earlier]
) -> list[Claim]:
    """Divide rows among calls: together what one request can carry, else a call a row.

    run: that is undone; repeated: rows that an earlier undo may have put back.
    """
    numbers: dict[str, int] = {}
    single: dict[str, str] = {}
    claims = []
    for done, undoing in rows:
        earlier = repeated.get(done.place)
        before = (earlier.undo, earlier.call) if earlier else None
        if undoing and undoing.then and earlier and earlier.half:
            claims.append(Claim(done, alone(run, done) + THEN, None, before))
        elif undoing and undoing.item is not None:
            # Not over calls: what a guard let a call remove, it lets a call put back.
            group = [*place_of(done), *_shared(undoing), before, done.run, done.key[0]]
            number = numbers.setdefault(json.dumps(group, sort_keys=True), len(numbers))
            key = json.dumps([*place_of(done), undoing.item, before], sort_keys=True)
            call = single.setdefault(key, f"{undoing.action.name} {number}")
            claims.append(Claim(done, call, undoing.item, before))
        else:  # of one indicator that the run named twice, one call puts it back
            item = done.outcome.id or done.outcome.value
            key = json.dumps([*place_of(done), item], sort_keys=True)
            call = single.setdefault(key, alone(run, done))
            claims.append(Claim(done, call, None, before))
    return claims


def undoing_of_done(integration: Integration, done: Done) -> Undoing:
    """Return how a row is undone; raises ArgumentError when nothing can undo it.

    What an undo put back, and nothing followed on that which should have, goes back as it was.
    """
    if integration.definition(done.action).undo_then:
        for row in done.left_rows:
            with suppress(ArgumentError):  # the next one may tell more
                how = undoing_of(integration, done.action, row, done.arguments)
                if how.then:
                    return how
    return undoing_of(integration, done.action, done.row, done.arguments)


def alone(run: str, done: Done) -> str:
    """Return the name of a call that puts back one row; run: that is undone."""
    call, batch, position = done.key
    name = f"{call}/{batch}/{position}"
    return name if done.run == run else f"{done.run}/{name}"


def place_of(done: Done) -> Iterator[Any]:
    """Yield what tells the place of a row: its connection, its target, and what was done there."""
    yield done.connection
    yield dict(done.outcome.target)
    yield done.action


def _shared(undoing: Undoing) -> Iterator[Any]:
    """Yield what the rows of one call have in common: all but the item, and what is told of it."""
    yield undoing.action.name
    yield undoing.restoring.shared(undoing.named)


def merged(undoings: Sequence[Undoing]) -> dict[str, Any]:
    """Return the arguments of rows that go together."""
    return merged_arguments([one.restoring for one in undoings], undoings[0].named)
