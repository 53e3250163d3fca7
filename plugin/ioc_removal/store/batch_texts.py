"""The items of batches as their rows hold them: as JSON, taken from that of a list where it can be.

To read the items of a list and to write them again takes longer than all else that cutting does.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared, batch_bounds, cut_items, most_bytes, numbered
from ..definition import Definition
from .pieces import texts_in
from .plain_json import BETWEEN, list_of
from .sets import StoredSet


def rows_of(action: Action, batches: Iterable[Batch]) -> Iterator[tuple[int, str]]:
    """Yield the number of each batch of a call, and its items."""
    if (
        isinstance(batches, Prepared)
        and isinstance(batches.items, StoredSet)
        and batches.cut == action.cut
    ):
        pieces = batches.items.pieces()
        parts = cut_pieces(pieces, action.definition, action.limits, batches.arguments)
        yield from numbered(parts, action.copies)
        return
    for batch in batches:
        yield batch.number, list_of(batch.items)


def cut_pieces(
    pieces: Iterable[str],
    definition: Definition,
    own: Mapping[str, int],
    arguments: Mapping[str, Any],
) -> Iterator[str]:
    """Cut as cut_items() does, as far as it can be without a look at the items.

    pieces: of a list; yielded are the items of each batch, as JSON.
    """
    walk = iter(pieces)
    texts: Iterator[str] = chain.from_iterable(map(texts_in, walk))
    if definition.limits:
        most, room, more = batch_bounds(definition.limits, own, arguments)

        def fits(items: int, characters: int) -> bool:
            return not more and not (room and most_bytes(items, characters) > room)

        for piece in walk:  # each is a batch, where both are of the same size
            if piece.count(BETWEEN) + 1 != most or not fits(most, len(piece)):
                texts = chain(texts_in(piece), texts)
                break
            yield piece
        while portion := list(islice(texts, most)):
            if not fits(len(portion), sum(map(len, portion))):
                texts = chain(portion, texts)
                break
            yield f"[{', '.join(portion)}]"
    for items in cut_items(map(json.loads, texts), definition, own, arguments):
        yield json.dumps(items)
