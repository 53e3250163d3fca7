"""How time and memory grow with the number of indicators."""

from collections.abc import Iterator
from math import log

from ..line import CPU, PEAK, Line
from ..place import Place
from ..processes import Spent, alternated, ours, serving, spent

TENFOLD = 1_000_000
RESOLUTION = 0.001  # seconds of CPU: fewer tell nothing
EXPONENT = "exponent"


def lines(place: Place) -> Iterator[Line]:
    """Compare calls of ten times as many indicators, and CPU from a thousand on."""
    size = place.size(TENFOLD, 10_000)
    least, tenth = size // 1_000, size // 10
    with serving(place.pause()) as address:
        settings = place.settings(address)

        def one(count: int) -> Spent:
            file = place.file(count)
            call = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
            where = ("--settings", settings, "--store", place.store())
            return spent(ours(*call, "--quiet", "--indicators", file, *where))

        # A processor is not as fast all the time, which counts most where less is compared.
        turns = (lambda: one(least), lambda: one(tenth), lambda: one(size))
        start, fewer, many = alternated(5, *turns)
        before, most, after = one(size), one(10 * size), one(size)
    around = (before.cpu + after.cpu) / 2
    # Most of what the least take comes before the first indicator; what is left is of so many less.
    more, less = (max(one.cpu - start.cpu, RESOLUTION) for one in (many, fewer))
    steepness = log(more / less) / log((size - least) / (tenth - least))
    names = f"{10 * size:,} / {size:,} indicators"
    kernel = f"{most.kernel:.1f} s / {before.kernel:.1f} s and {after.kernel:.1f} s in the kernel"
    wall = f"wall {most.wall:.1f} s / {before.wall:.1f} s and {after.wall:.1f} s, before and after"
    yield Line(f"time of {names}", most.cpu, around, CPU, 11, note=f"{wall}; {kernel}")
    yield Line(f"memory of {names}", most.peak, many.peak, PEAK, 1.2)
    note = f"from {tenth:,} to {size:,}, of CPU above the {start.cpu:.2f} s of {least:,}"
    yield Line("CPU over size", steepness, 1.0, EXPONENT, 1.03, note=note)
