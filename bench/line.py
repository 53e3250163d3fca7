"""A line of the table: what was measured, against what, and whether it is as promised."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

CPU, WALL, PEAK = "s CPU", "s", "MB"


@dataclass(frozen=True)
class Line:
    """One ratio.

    measure: what; ours, theirs: in the unit; bound: that the ratio must keep; least: whether it is
    the least that it may be, not the most; note: what else is to be known.
    """

    measure: str
    ours: float
    theirs: float
    unit: str
    bound: float
    least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times as much."""
        return self.ours / self.theirs

    @property
    def kept(self) -> bool:
        """Whether the ratio is as promised."""
        return self.ratio >= self.bound if self.least else self.ratio <= self.bound

    def row(self) -> dict[str, Any]:
        """Return the line as JSON has it."""
        return {**asdict(self), "ratio": self.ratio, "kept": self.kept}


def table(lines: Sequence[Line]) -> str:
    """Draw the lines."""
    rows = [("measure", "this", "peer", "", "ratio", "bound", "", "")]
    rows += [
        (
            line.measure,
            f"{line.ours:.4g}",
            f"{line.theirs:.4g}",
            line.unit,
            f"{line.ratio:.2f}",
            f"{'>=' if line.least else '<='} {line.bound:g}",
            "kept" if line.kept else "MISSED",
            line.note,
        )
        for line in lines
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )
