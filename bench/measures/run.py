"""The shipped playbook with a file of many indicators, a tenth of which SecMaster has."""

from collections.abc import Iterator

from ..line import PEAK, Line
from ..place import Place
from ..processes import Spent, ours, serving, spent

SIZE = 1_000_000
MOST = 200.0  # MB


def lines(place: Place) -> Iterator[Line]:
    """Compare the memory of ten times as many indicators."""
    size = place.size(SIZE, 10_000)
    with serving(place.pause(), size // 10) as address:
        settings = place.settings(address)

        def one(count: int) -> Spent:
            file = place.file(count)
            run = ("run", "remove-iocs-after-triage", "--quiet", "--indicators", file)
            return spent(ours(*run, "--settings", settings, "--store", place.store()))

        tenth, whole = one(size // 10), one(size)
    names = f"{size:,} / {size // 10:,} indicators"
    wall = f"{whole.cpu:.1f} s CPU / {tenth.cpu:.1f} s CPU"
    yield Line(f"memory of a run of {names}", whole.peak, tenth.peak, PEAK, 1.3, note=wall)
    yield Line(f"memory of a run of {size:,} indicators", whole.peak, MOST, PEAK, 1)
