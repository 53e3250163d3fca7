"""How time and memory grow with the number of indicators."""

from collections.abc import Iterator
from math import log

from ..given import write_csv
from ..line import CPU, PEAK, Line
from ..place import Place
from ..processes import Spent, alternated, ours, serving, spent

TENFOLD = 1_000_000
LEAST = 1_000
EXPONENT = "exponent"


def lines(place: Place) -> Iterator[Line]:
    """Compare calls of ten times as many indicators, and CPU from a thousand on."""
    size = place.size(TENFOLD, 10_000)
    with serving() as address:
        settings = place.settings(address)

        def one(count: int) -> Spent:
            file = write_csv(place.folder / "iocs.csv", count)
            call = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
            where = ("--settings", settings, "--store", place.store())
            return spent(ours(*call, "--quiet", "--indicators", file, *where))

        few, tenth = alternated(5, lambda: one(LEAST), lambda: one(size // 10))  # noise counts most
        many, most = one(size), one(10 * size)
    start = few.cpu  # most of it comes before the first indicator
    steepness = log((many.cpu - start) / (tenth.cpu - start)) / log(10)
    names = f"{10 * size:,} / {size:,} indicators"
    wall = f"wall {most.wall:.1f} s / {many.wall:.1f} s"
    yield Line(f"time of {names}", most.cpu, many.cpu, CPU, 11, note=wall)
    yield Line(f"memory of {names}", most.peak, many.peak, PEAK, 1.2)
    note = f"from {size // 10:,} to {size:,}, of CPU above the {start:.2f} s of {LEAST:,}"
    yield Line("CPU over size", steepness, 1.0, EXPONENT, 1.03, note=note)
