"""Read CSV and plain text, many lines at a time, in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from re import IGNORECASE
from re import compile as pattern
from typing import NamedTuple

from ..errors import ArgumentError
from .columns import Column, chosen_column, is_usual_header
from .items import AT_ONCE, Portion, Unused, typed_portion
from .rows import CsvRows, rows_of
from .separators import SAMPLE, numbered_rows, separator_of, unquoted

# Excel's own first line, which names the separator.
_EXCEL = pattern(r'"?sep=[,;\t]"?', IGNORECASE).fullmatch


def plain_portions(lines: Iterable[str], start: int = 0) -> Iterator[Portion]:
    """Yield one item a line; blank lines and "#" comments are no items.

    start: how many lines of the file come before these.
    """
    walk = iter(lines)
    while portion := list(islice(walk, AT_ONCE)):
        yield typed_portion(portion, partial(_line, start), partial(_text_of, portion))
        start += len(portion)


def delimited_portions(lines: Iterable[str], name: str, asked: str | None) -> Iterator[Portion]:
    """Yield one item a row of a CSV file; blank rows and comments before the first are no items.

    asked: the column, by its name in the header or its number from 1; without it the column is
    the one headed indicator, value or ioc, else the only one whose cells can be typed.
    """
    rest = iter(lines)
    start, sample = _beginning(rest)
    sample += islice(rest, SAMPLE - len(sample))
    separator = separator_of(sample, asked, name) if sample else None
    whole = chain(sample, rest)
    if separator:
        yield from _cells(whole, sample, separator, name, asked, start)
        return
    first = unquoted(sample[0]).strip() if sample else ""
    titled = is_usual_header(first) or (asked is not None and first.lower() == asked.lower())
    if asked is not None and not titled and asked != "1":
        raise ArgumentError(
            f"{name}: there is no column {asked!r}: its lines hold one value each, without columns"
        )
    yield from plain_portions(islice(whole, int(titled), None), start + titled)


def _line(start: int, at: int) -> str:
    return f"line {start + at + 1}"


def _text_of(lines: Sequence[str], at: int) -> str | None:
    """Return what a line says; None when it is blank, or a comment."""
    text = unquoted(lines[at]).strip()
    return text if text and not text.startswith("#") else None


def _cells(
    lines: Iterable[str],
    sample: list[str],
    separator: str,
    name: str,
    asked: str | None,
    start: int,
) -> Iterator[Portion]:
    first_rows = list(numbered_rows(sample, separator, name))
    column = chosen_column([row for _, row in first_rows], asked, name)
    header = start + first_rows[0][0] if column.header else 0
    for rows in rows_of(lines, separator, column.index, column.width, name, start):
        cells = _Cells(rows, column, separator, header)
        yield typed_portion(rows.cells, cells.place, cells.given)


class _Cells(NamedTuple):
    """The cells of a column; header: the number of the line where the header is, 0 without one."""

    rows: CsvRows
    column: Column
    separator: str
    header: int

    def place(self, at: int) -> str:
        """Return where a cell stood, in words for a person."""
        number, column = self.rows.numbers[at], self.column
        said = column.index + 1 if number == self.header else column.name
        return f"line {number}, column {said}"

    def given(self, at: int) -> str | Unused | None:
        """Return what a cell says, or why it is not used; None for a blank row, or the header."""
        text, is_header = self.rows.cells[at].strip(), self.rows.numbers[at] == self.header
        if text and not is_header:
            return text
        row, column = self.rows.row(at), self.column
        if not row:
            return None
        if is_header:
            reason = "taken for a header: its row holds no indicator"
            return Unused(column.name, self.place(at), reason) if column.guessed else None
        if len(row) > column.width:
            reason = f"its row has {len(row)} cells instead of {column.width}: quote a cell that"
            return Unused(self.separator.join(row), self.place(at), f"{reason} holds the separator")
        if column.index >= len(row):
            return Unused(self.separator.join(row), self.place(at), "its row has no such cell")
        return row[column.index].strip()


def _beginning(lines: Iterator[str]) -> tuple[int, list[str]]:
    """Skip blank lines and comments; return how many, and the lines to begin with.

    A comment right above the first row that is a header with as many cells (as in the lists of
    abuse.ch) begins the rows.
    """
    before = ""
    for skipped, line in enumerate(lines):
        if line.strip() and not line.startswith("#") and not (skipped == 0 and _EXCEL(line)):
            header = before.lstrip("# ")
            for mark in ",;\t":
                cells = header.split(mark)
                if any(map(is_usual_header, cells)) and len(cells) == line.count(mark) + 1 > 1:
                    return skipped - 1, [header, line]
            return skipped, [line]
        before = line
    return 0, []
