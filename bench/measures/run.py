"""The shipped playbook with a file of many indicators, a tenth of which SecMaster has."""

from collections.abc import Iterator

from ..line import PEAK, Line
from ..place import Place
from ..processes import Spent, ours, serving, spent
from ..steepness import decades, steepness

SIZE = 1_000_000
MOST = 200.0  # MB


def lines(place: Place) -> Iterator[Line]:
    """Compare the memory of ten times as many indicators, and CPU from a thousandth of them on."""
    size = place.size(SIZE, 10_000)
    sizes = decades(size)

    def one(count: int, there: int) -> Spent:
        with serving(place.pause(), there) as address:
            file, settings = place.file(count), place.settings(address)
            run = ("run", "remove-iocs-after-triage", "--quiet", "--indicators", file)
            return spent(ours(*run, "--settings", settings, "--store", place.store()))

    start, *each = (one(count, count // 10) for count in (1, *sizes))
    tenth, whole = one(size // 10, size // 10), each[-1]
    names = f"{size:,} / {size // 10:,} indicators"
    note = f"{whole.cpu:.1f} s CPU / {tenth.cpu:.1f} s CPU; of both SecMaster has {size // 10:,}"
    yield Line(f"memory of a run of {names}", whole.peak, tenth.peak, PEAK, 1.3, note=note)
    yield Line(f"memory of a run of {size:,} indicators", whole.peak, MOST, PEAK, 1)
    yield steepness("CPU of runs", sizes, start, each)
