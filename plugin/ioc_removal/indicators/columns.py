"""Decide which column of a CSV file holds the indicators; never guess between two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ArgumentError
from .refang import refang
from .typed import type_of

HEADERS = ("indicator", "value", "ioc")
_USUAL = re.compile(
    "indicators?|values?|iocs?|observable|urls?|domains?|hostname|host|ips?|ipv[46]|address"
    "|hash|hashes|md5|sha1|sha256"
).fullmatch
_WORDS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Column:
    """The column to read: its index, its name in messages, the cells that a row has.

    header: the first row is the header; guessed: it is taken for one although its cell is no usual
    header, so it is reported.
    """

    index: int
    name: str
    width: int
    header: bool
    guessed: bool = False


def is_usual_header(cell: str) -> bool:
    """Say whether a cell is a word that usually stands above indicators."""
    words = _WORDS.split(cell.strip(" #").lower())
    return any(map(_USUAL, words)) and all(word.isalpha() or _USUAL(word) for word in words)


def chosen_column(rows: Sequence[Sequence[str]], asked: str | None, name: str) -> Column:
    """Choose a column from the first rows of a file, or say what is to be decided.

    asked: the name in the header, or the number from 1, that the caller gave.
    """
    first = [cell.strip() for cell in rows[0]]
    usual = any(cell.lower() in _lower(asked) or is_usual_header(cell) for cell in first)
    # A row with an indicator in it is data, whatever else it says: "malware.example,domain".
    header = not any(map(types, first)) and (usual or len(rows) > 1)
    body = rows[1:] if header else rows
    widths = [len(row) for row in body]
    width = len(first) if header else max(set(widths), key=lambda size: (widths.count(size), size))
    names = first if header else [str(index + 1) for index in range(width)]
    if asked is not None:
        index = _asked(names, asked, header=header, name=name)
    else:
        index = _found(names, body, header=header, name=name)
    known = is_usual_header(names[index]) or names[index].lower() in _lower(asked)
    return Column(index, names[index], width, header, guessed=header and not known)


def _lower(asked: str | None) -> tuple[str, ...]:
    return () if asked is None else (asked.strip().lower(),)


def _asked(names: Sequence[str], asked: str, *, header: bool, name: str) -> int:
    exact = [index for index, known in enumerate(names) if known == asked.strip()]
    alike = [index for index, known in enumerate(names) if known.lower() in _lower(asked)]
    found = exact or alike
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(str(index + 1) for index in found)
        raise ArgumentError(
            f"{name}: columns {places} are all called {asked!r}: name one by its number"
        )
    if asked.isdecimal() and 0 < int(asked[:9]) <= len(names):
        return int(asked) - 1
    known = ", ".join(names) if header else f"1 to {len(names)} (the file has no header)"
    raise ArgumentError(f"{name}: there is no column {asked!r}: its columns are {known}")


def _found(names: Sequence[str], body: Sequence[Sequence[str]], *, header: bool, name: str) -> int:
    holding = [index for index in range(len(names)) if _holds_indicators(body, index)]
    titled = [index for index, known in enumerate(names) if header and known.lower() in HEADERS]
    candidates = titled if len(titled) == 1 else [at for at in titled if at in holding]
    candidates = candidates or titled or holding
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ArgumentError(
            f"{name}: no column holds indicators: its columns are {', '.join(names)};"
            " name one with --column"
        )
    several = " and ".join(names[index] for index in candidates)
    raise ArgumentError(
        f"{name}: columns {several} hold indicators: name the one to read with --column"
    )


def _holds_indicators(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Say whether most cells of a column that are not empty can be typed."""
    cells = [row[index] for row in rows if index < len(row) and row[index].strip()]
    return 2 * sum(map(types, cells)) > len(cells)


def types(cell: str) -> bool:
    """Say whether a cell can be typed."""
    return type_of(refang(cell)) is not None
