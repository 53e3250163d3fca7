"""Decide whether commas, semicolons or tabs separate columns, or belong to the values."""

from collections.abc import Iterable, Iterator, Sequence
from csv import Error, reader
from dataclasses import dataclass
from itertools import repeat
from operator import add
from re import compile as pattern

from ..errors import ArgumentError
from .columns import is_usual_header, types

SAMPLE = 100

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
_QUOTED = pattern(r'\s*"((?:[^"]|"")*)"\s*')


@dataclass(frozen=True, slots=True)
class _Split:
    """The first rows of a file, split by one separator, and the lines where they begin."""

    separator: str
    rows: Sequence[Sequence[str]]
    lines: Sequence[str]

    @property
    def titled(self) -> bool:
        """The first row is a header."""
        first = self.rows[0]
        return len(first) > 1 and any(map(is_usual_header, first)) and not any(map(types, first))

    @property
    def even(self) -> bool:
        """Each row has as many cells as the others, and more than one."""
        return len({len(row) for row in self.rows}) == 1 < len(self.rows[0])

    @property
    def proven(self) -> bool:
        """A line is no indicator as a whole, but holds one when it is split."""
        return self.titled or any(
            len(row) > 1 and any(map(types, row)) and not types(line)
            for row, line in zip(self.rows, self.lines, strict=True)
        )

    @property
    def risky(self) -> bool:
        """A line is an indicator as a whole: to split it might cut a URL short."""
        return any(self.separator in line and types(line) for line in self.lines)


def unquoted(line: str) -> str:
    """Return a line without the quotes around the whole of it."""
    found = _QUOTED.fullmatch(line)
    return found[1].replace('""', '"') if found else line


def numbered_rows(
    lines: Iterable[str], separator: str, name: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the first rows that are not blank, each with the number of the line where it begins.

    lines: the first; a quote need not end in them.
    """
    ends = map(add, lines, repeat("\n"))
    cells = reader(ends, delimiter=separator, skipinitialspace=True, strict=False)
    number = 1
    try:
        for row in cells:
            while row and not row[-1].strip():
                row.pop()
            if row:
                yield number, row
            number = cells.line_num + 1
    except Error as error:
        raise ArgumentError(
            f"{name}: line {number} cannot be read as CSV ({error}): check its quotes"
        ) from error


def separator_of(lines: Sequence[str], asked: str | None, name: str) -> str | None:
    """Return what separates the columns, None where each line is one value.

    lines: the first of the file; asked: the column that the caller gave, if any.
    """
    splits = [split for mark in _NAMES if (split := _split(lines, mark, name))]
    proven = [split for split in splits if split.proven] or (splits if asked is not None else [])
    proven = [split for split in proven if split.titled] or proven
    proven = [split for split in proven if split.even] or proven
    if len(proven) > 1:
        both = " and ".join(_NAMES[split.separator] for split in proven)
        raise ArgumentError(f"{name}: {both} may both separate columns: keep only one of them")
    unclear = [split for split in splits if split.risky and split.even]
    if proven:
        unclear = [split for split in proven if split.risky and not (split.titled or split.even)]
    if unclear and asked is None:
        raise ArgumentError(_unclear(unclear[0], name))
    return proven[0].separator if proven else None


def _split(lines: Sequence[str], separator: str, name: str) -> _Split | None:
    """Split the lines; None without a header and without the separator in nine rows of ten."""
    found = list(numbered_rows(lines, separator, name))
    if len(lines) == SAMPLE:
        found = found[:-1]  # the last row may go on beyond the sample
    if not found:
        return None
    begins = [unquoted(lines[number - 1]) for number, _ in found]
    split = _Split(separator, [row for _, row in found], begins)
    several = sum(len(row) > 1 for row in split.rows)
    return split if split.titled or 10 * several >= 9 * len(found) else None


def _unclear(split: _Split, name: str) -> str:
    marks = _NAMES[split.separator]
    return (
        f"{name}: {marks} may separate columns or belong to URLs: say --column 1 if they separate,"
        " --format text if they do not"
    )
