"""Rows that pages of a list showed, and values that they are compared with, however many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from json.encoder import encode_basestring_ascii as encoded
from typing import Any

from ..indicators.normal import normalised
from ..indicators.seen import Seen
from ..outcome import ABSENT, UNKNOWN
from ..spool import Spool

LISTED_IN_MEMORY = 20_000  # rows, or values, that are kept in memory
KNOWN_IN_MEMORY = 100_000  # ids, or values, that are kept in memory to tell which come again
ASKED_AT_ONCE = 1_000  # values that are told from others together
FORM_MARKS = 1 << 25  # bits, of which each value that a list shows marks one
FORM_PARTS = 64  # in which rows and values are compared

IndicatorRow = dict[str, Any]


class Listing:
    """What some pages showed: a row an id, where it first came, as it last came.

    total: as the server counts.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self._few: dict[str, IndicatorRow] = {}
        self._many: Spool | None = None
        self._ids, self._size = Seen(KNOWN_IN_MEMORY), 0
        self._again: set[str] = set()
        self._silent = False  # whether one came without a value

    def add(self, id_: str, row: IndicatorRow) -> None:
        """Add a row."""
        self._silent |= value_of(row) is None
        if self._many is not None:
            self._add(id_, row)
            return
        self._few[id_] = row
        self._size = len(self._few)
        if self._size > LISTED_IN_MEMORY:
            self._keep()

    def end(self) -> None:
        """Forget what is known for rows to come."""
        self._ids = Seen(KNOWN_IN_MEMORY)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[str, IndicatorRow]]:
        if self._many is None:
            yield from self._few.items()
            return
        latest = {id_: row for id_, row in self._many if id_ in self._again} if self._again else {}
        came = set[str]()
        for id_, row in self._many:
            if id_ not in latest:
                yield id_, row
            elif id_ not in came:
                came.add(id_)
                yield id_, latest[id_]

    @property
    def whole(self) -> bool:
        """Whether exactly as many rows came as the server counts."""
        return len(self) == self.total

    @property
    def doubt(self) -> str | None:
        """Why a value that no row shows may be there all the same."""
        if not self.whole:
            return f"the list ended after {len(self)} of {self.total} indicators"
        silent = (id_ for id_, row in self if value_of(row) is None) if self._silent else iter(())
        first = next(silent, None)
        return None if first is None else f"indicator {first} shows no value; it may be this one"

    def _keep(self) -> None:
        """Keep the rows in a file from now on."""
        self._many, rows = Spool(), self._few
        self._few, self._size = {}, 0
        for id_, row in rows.items():
            self._add(id_, row)

    def _add(self, id_: str, row: IndicatorRow) -> None:
        assert self._many is not None  # noqa: S101  # set by _keep()
        self._many.add((id_, row))
        if self._ids.is_new(encoded(id_)):
            self._size += 1
        else:
            self._again.add(id_)


class Distinct:
    """Texts, each where it first comes; to be walked again.

    given: may be walked again too, and holds no line breaks.
    """

    def __init__(self, given: Iterable[str]) -> None:
        self._given, self._again, self._size = given, bytearray(), 0
        seen, walk, start = Seen(KNOWN_IN_MEMORY), iter(given), 0
        while part := list(islice(walk, ASKED_AT_ONCE)):
            again = seen.again(part)
            for at in (start + place for place in again):
                self._again.extend(bytes(1 + (at >> 3) - len(self._again)))
                self._again[at >> 3] |= 1 << (at & 7)
            self._size += len(part) - len(again)
            start += len(part)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[str]:
        again = self._again
        if not again:
            yield from self._given
            return
        for at, text in enumerate(self._given):
            if at >> 3 >= len(again) or not again[at >> 3] & 1 << (at & 7):
                yield text


def distinct(given: Sequence[str]) -> Sequence[str] | Distinct:
    """Return texts without those that came before."""
    return Distinct(given) if len(given) > LISTED_IN_MEMORY else list(dict.fromkeys(given))


def compared(listing: Listing, values: Iterable[str]) -> Iterator[IndicatorRow]:
    """Yield the rows that have one of the values, and a row a value that none has.

    listing: of all that is there, as far as it is whole; values: distinct, to be walked again.
    """
    listing.end()
    doubt = listing.doubt
    if len(listing) <= LISTED_IN_MEMORY:
        by_form: dict[str, list[IndicatorRow]] = {}
        for _, row in listing:
            if value := value_of(row):
                by_form.setdefault(normalised(value), []).append(row)
        for value in values:
            if found := by_form.get(normalised(value)):
                yield from ({**row, "value": value} for row in found)
            else:
                yield missing("value", value, doubt)
        return
    found_at = merge(*_compared(listing, values))
    place, rows = next(found_at, (-1, []))
    for at, value in enumerate(values):
        if at == place:
            yield from ({**row, "value": value} for row in rows)
            place, rows = next(found_at, (-1, []))
        else:
            yield missing("value", value, doubt)


def _compared(
    listing: Listing, values: Iterable[str]
) -> Iterable[Iterator[tuple[int, list[IndicatorRow]]]]:
    """Return the rows that have one of the values, by the place of the value; each part in order.

    Rows and values are put into parts by what is compared; most values have no row, as marks tell.
    """
    marks, shown, asked, found = (
        bytearray(FORM_MARKS >> 3),
        Spool(FORM_PARTS),
        Spool(FORM_PARTS),
        Spool(FORM_PARTS),
    )
    for _, row in listing:
        if value := value_of(row):
            form = normalised(value)
            known = hash(form)
            marks[known % FORM_MARKS >> 3] |= 1 << (known & 7)
            shown.add((form, row), known // FORM_MARKS % FORM_PARTS)
    for at, value in enumerate(values):
        known = hash(form := normalised(value))
        if marks[known % FORM_MARKS >> 3] & 1 << (known & 7):
            asked.add((at, form), known // FORM_MARKS % FORM_PARTS)
    for part in range(FORM_PARTS):
        by_form: dict[str, list[IndicatorRow]] = {form: [] for _, form in asked.values(part)}
        for form, row in shown.values(part) if by_form else ():
            if form in by_form:
                by_form[form].append(row)
        for at, form in asked.values(part):
            if rows := by_form[form]:
                found.add((at, rows), part)
    return map(found.values, range(FORM_PARTS))


def value_of(row: Mapping[str, Any]) -> str | None:
    """Return the value that a row shows; None when it shows none that can be read."""
    value = row.get("value")
    return value if isinstance(value, str) and value.strip() else None


def missing(name: str, asked: str, doubt: str | None = None) -> IndicatorRow:
    """Return the row of a value or id that was not found; doubt: why it may be there."""
    if doubt is None:
        return {name: asked, "outcome": ABSENT}
    return {name: asked, "outcome": UNKNOWN, "reason": doubt}
