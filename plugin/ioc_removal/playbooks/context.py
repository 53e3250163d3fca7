"""The variables of a run: layers that were published one after the other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Layers = tuple[Mapping[str, Any], ...]


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay each layer over the one before: mappings key by key, all else replaced."""
    context: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            old = context.get(name)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            context[name] = merged([old, value]) if both and old else value
    return context


def final(ends: Sequence[Layers]) -> dict[str, Any]:
    """Merge the contexts of all places where a run ended; their first layer is the same."""
    return merged([*ends[0], *(layer for layers in ends[1:] for layer in layers[1:])])


def joined(layers: Layers, others: Layers) -> Layers:
    """Lay what another way published over these; the first layer of both is the same."""
    known = {id(layer) for layer in others[1:]}
    return (*(layer for layer in layers if id(layer) not in known), *others[1:])
