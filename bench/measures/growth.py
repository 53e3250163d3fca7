"""How time and memory grow with the number of indicators."""

from collections.abc import Iterator
from functools import partial

from ..line import CPU, PEAK, Line
from ..place import Place
from ..processes import Spent, alternated, ours, serving, spent
from ..steepness import decades, steepness

TENFOLD = 1_000_000


def lines(place: Place) -> Iterator[Line]:
    """Compare calls of ten times as many indicators, and CPU from a thousandth of them on."""
    size = place.size(TENFOLD, 10_000)
    sizes = decades(size)
    with serving(place.pause()) as address:
        settings = place.settings(address)

        def one(count: int) -> Spent:
            file = place.file(count)
            call = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
            where = ("--settings", settings, "--store", place.store())
            return spent(ours(*call, "--quiet", "--indicators", file, *where))

        # A processor is not as fast all the time, which counts most where less is compared.
        start, *each = alternated(5, *(partial(one, count) for count in (1, *sizes)))
        before, most, after = one(size), one(10 * size), one(size)
    around = (before.cpu + after.cpu) / 2
    names = f"{10 * size:,} / {size:,} indicators"
    kernel = f"{most.kernel:.1f} s / {before.kernel:.1f} s and {after.kernel:.1f} s in the kernel"
    wall = f"wall {most.wall:.1f} s / {before.wall:.1f} s and {after.wall:.1f} s, before and after"
    yield Line(f"time of {names}", most.cpu, around, CPU, 11, note=f"{wall}; {kernel}")
    yield Line(f"memory of {names}", most.peak, each[-1].peak, PEAK, 1.2)
    yield steepness("CPU of calls", sizes, start, each)
