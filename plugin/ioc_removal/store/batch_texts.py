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
from .sets import StoredSet


def rows_of(action: Action, batches: Iterable[Batch]) -> Iterator[tuple[int, str]]:
    """Yield the number of each batch of a call, and its items."""
    if (
        isinstance(batches, Prepared)
        and isinstance(batches.items, StoredSet)
        and batches.cut == action.cut
    ):
        texts = batches.items.texts()
        parts = cut_texts(texts, action.definition, action.limits, batches.arguments)
        yield from numbered(parts, action.copies)
        return
    for batch in batches:
        yield batch.number, json.dumps(list(batch.items))


def cut_texts(
    texts: Iterable[str],
    definition: Definition,
    own: Mapping[str, int],
    arguments: Mapping[str, Any],
) -> Iterator[str]:
    """Cut as cut_items() does, as far as it can be without a look at the items.

    texts: of the items, as JSON; yielded are those of each batch, as JSON.
    """
    walk = iter(texts)
    if definition.limits:
        most, room, more = batch_bounds(definition.limits, own, arguments)
        while not more and (portion := list(islice(walk, most))):
            if room and most_bytes(portion) > room:
                walk = chain(portion, walk)
                break
            yield f"[{', '.join(portion)}]"
    for items in cut_items(map(json.loads, walk), definition, own, arguments):
        yield json.dumps(items)
