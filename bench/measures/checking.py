"""Checking a million indicators, beside json.dumps of them."""

import json
from collections.abc import Iterator

from ..line import Line
from ..place import Place
from ..processes import alternated, peer, spent

SIZE = 1_000_000
US = "us CPU"
BOUNDS = {"strings": 0.7, "objects": 0.35}


def lines(place: Place) -> Iterator[Line]:
    """Compare, of texts, and of objects with a pattern; one process each time."""
    for kind, bound in BOUNDS.items():
        size = place.size(SIZE, 20_000)
        [done] = alternated(3, lambda kind=kind, size=size: spent(peer("checking", kind, size)))
        check, dump, fast = json.loads(done.said)
        note = f"{size:,} in lists of 10,000, {'with' if fast else 'without'} jsonschema-rs"
        yield Line(f"checking {kind} / json.dumps", check, dump, US, bound, note=note)
