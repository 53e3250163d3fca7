"""Split the lines of a CSV file into rows, many at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from csv import Error, field_size_limit, reader
from functools import partial
from itertools import accumulate, islice, repeat
from operator import add
from typing import Any, NamedTuple

from ..errors import ArgumentError
from .items import AT_ONCE

_Row = list[str]


class CsvRows(NamedTuple):
    """Rows that were read together, blank ones too.

    cells: of one column, "" where a row has none or too many cells; numbers: of the lines where the
    rows begin; row: returns that of an index, without the blank cells at its end.
    """

    cells: Sequence[str]
    numbers: Sequence[int]
    row: Callable[[int], _Row]


def rows_of(
    lines: Iterable[str], separator: str, column: int, width: int, name: str, start: int = 0
) -> Iterator[CsvRows]:
    """Yield the rows of a file.

    column: the index of the cells to return; width: how many a row has; name: of the file, for
    messages; start: how many of its lines come before. A quote that does not end is an error, for
    it would swallow the rows below it.
    """
    walk, left, error = iter(lines), list[str](), None
    while more := list(islice(walk, AT_ONCE)):
        portion, error = left + more, None
        cells = _column(portion, separator, column, width)
        if cells is not None:
            begins: Sequence[int] = range(start + 1, start + len(portion) + 1)
            yield CsvRows(cells, begins, partial(_row_of, portion, separator))
            start, left = start + len(portion), []
            continue
        rows, error, line = _parsed(portion, separator)
        begins = range(start + 1, start + len(portion) + 2)
        if len(rows) < len(portion):
            begins = [*accumulate(map(_lines_in, rows), initial=start + 1)]
        cells = [row[column] if column < len(row) <= width else "" for row in rows]
        yield CsvRows(cells, begins[:-1], partial(_row_at, rows))
        left, start = portion[begins[-1] - 1 - start :], begins[-1] - 1
        if line < len(portion):
            break
    if error is not None:
        raise ArgumentError(
            f"{name}: line {start + 1} cannot be read as CSV ({error}): check its quotes"
        ) from error


def _column(lines: Sequence[str], separator: str, column: int, width: int) -> list[str] | None:
    """Return the cells of a column, all at once; None unless each line is a row of the width."""
    text = f"{separator}\n".join(lines)
    longest = field_size_limit()
    if '"' in text or (len(text) > longest and max(map(len, lines)) > longest):
        return None
    cells = text.split(separator)
    # As many as there should be, and each line begins where one should.
    firsts = "".join(cells[::width])
    if len(cells) != width * len(lines) or firsts.count("\n") != len(lines) - 1:
        return None
    return cells[column::width] if column else firsts.split("\n")


def _parsed(lines: Sequence[str], separator: str) -> tuple[list[_Row], Error | None, int]:
    """Return the rows of some lines up to an error, the error, and how many lines were read.

    An error in the last line may be a quote that ends in lines that follow.
    """
    rows: list[_Row] = []
    reading = _reader(lines, separator)
    try:
        rows.extend(reading)  # which keeps those before an error
    except Error as error:
        return rows, error, reading.line_num
    return rows, None, len(lines)


def _reader(lines: Iterable[str], separator: str) -> Any:
    ends = map(add, lines, repeat("\n"))
    return reader(ends, delimiter=separator, skipinitialspace=True, strict=True)


def _lines_in(row: _Row) -> int:
    return 1 + sum(cell.count("\n") for cell in row)


def _row_of(lines: Sequence[str], separator: str, at: int) -> _Row:
    return _row_at(list(_reader([lines[at]], separator)), 0)


def _row_at(rows: Sequence[_Row], at: int) -> _Row:
    row = list(rows[at])
    while row and not row[-1].strip():
        row.pop()
    return row
