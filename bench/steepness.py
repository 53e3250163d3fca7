"""How steeply CPU grows with the number of indicators."""

from collections.abc import Sequence
from math import log
from statistics import linear_regression

from .line import Line
from .processes import Spent

RESOLUTION = 0.001  # seconds of CPU: fewer tell nothing
MOST = 1.03


def decades(size: int) -> list[int]:
    """Return the sizes from a thousandth to a whole one, each ten times the one before."""
    return [size // 1_000, size // 100, size // 10, size]


def steepness(measure: str, sizes: Sequence[int], start: Spent, each: Sequence[Spent]) -> Line:
    """Return the line of the exponent with which CPU grows: 1 when it is in proportion.

    start: what one indicator takes, which is not counted; each: what each of the sizes takes.
    """
    sized = [log(size) for size in sizes]
    taken = [log(max(one.cpu - start.cpu, RESOLUTION)) for one in each]
    slope = linear_regression(sized, taken).slope
    last = (taken[-1] - taken[-2]) / (sized[-1] - sized[-2])
    note = f"{sizes[0]:,} to {sizes[-1]:,}, less the {start.cpu:.2f} s of one; {last:.2f} at last"
    return Line(f"{measure} over their size", slope, 1.0, "exponent", MOST, note=note)
