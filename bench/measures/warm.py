"""One call after another in one process: the request alone, and with its journal."""

import json
from collections.abc import Iterator
from dataclasses import replace

from ..line import Line
from ..place import Place
from ..processes import Spent, alternated, peer, serving, spent

TIMES = 1_000
MS = "ms CPU"


def lines(place: Place) -> Iterator[Line]:
    """Compare with a bare session, and with a bare session and one bare commit."""
    times = place.size(TIMES, 100)
    with serving(place.pause()) as address:

        def one(how: str) -> Spent:
            done = spent(peer("session", how, address, times))
            return replace(done, cpu=1_000 * float(json.loads(done.said)))

        action, bare, whole, floor, usual = alternated(
            9,
            lambda: one("action"),
            lambda: one("requests"),
            lambda: one("journalled"),
            lambda: one("inserted"),
            lambda: one("default"),
        )
    note = f"{whole.cpu / usual.cpu:.2f} of a commit as SQLite does it by default"
    yield Line("a warm action.send / a Session", action.cpu, bare.cpu, MS, 1.2)
    yield Line("a warm journalled call / + one commit", whole.cpu, floor.cpu, MS, 1.2, note=note)
