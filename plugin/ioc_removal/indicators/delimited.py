"""Read CSV and plain text line by line, in constant memory."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from re import IGNORECASE
from re import compile as pattern

from ..errors import ArgumentError
from .columns import chosen_column, is_usual_header
from .items import Indicator, Unused, typed_item
from .separators import SAMPLE, numbered_rows, separator_of, unquoted

# Excel's own first line, which names the separator.
_EXCEL = pattern(r'"?sep=[,;\t]"?', IGNORECASE).fullmatch


def plain_items(lines: Iterable[str], start: int = 0) -> Iterator[Indicator | Unused]:
    """Yield one item a line; blank lines and "#" comments are no items.

    start: how many lines of the file come before these.
    """
    for number, line in enumerate(lines, start + 1):
        text = unquoted(line).strip()
        if text and not text.startswith("#"):
            yield typed_item(text, f"line {number}")


def delimited_items(
    lines: Iterable[str], name: str, asked: str | None
) -> Iterator[Indicator | Unused]:
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
    yield from plain_items(islice(whole, int(titled), None), start + titled)


def _cells(
    lines: Iterable[str],
    sample: list[str],
    separator: str,
    name: str,
    asked: str | None,
    start: int,
) -> Iterator[Indicator | Unused]:
    first_rows = [row for _, row in numbered_rows(sample, separator, name, strict=False)]
    column = chosen_column(first_rows, asked, name)
    rows = numbered_rows(lines, separator, name, start)
    header = next(rows) if column.header else None
    if header and column.guessed:
        place = f"line {header[0]}, column {column.index + 1}"
        yield Unused(column.name, place, "taken for a header: its row holds no indicator")
    for number, row in rows:
        place = f"line {number}, column {column.name}"
        if len(row) > column.width:
            reason = f"its row has {len(row)} cells instead of {column.width}: quote a cell that"
            yield Unused(separator.join(row), place, f"{reason} holds the separator")
        elif column.index >= len(row):
            yield Unused(separator.join(row), place, "its row has no such cell")
        else:
            yield typed_item(row[column.index].strip(), place)


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
