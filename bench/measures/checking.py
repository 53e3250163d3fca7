"""Checking a million indicators, beside json.dumps of them."""

import json
from collections.abc import Iterator
from functools import partial

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
        command = peer("checking", kind, size)
        [done] = alternated(3, partial(spent, command))
        check, dump, fast = json.loads(done.said)
        note = f"{size:,} in lists of 10,000, {'with' if fast else 'without'} jsonschema-rs"
        yield Line(f"checking {kind} / json.dumps", check, dump, US, bound, note=note)
