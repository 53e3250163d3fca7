"""Find SecMaster indicators by value or id, and say absent only when that was proved.

That `value` can be searched is documented nowhere, so a search is trusted only after it found a
value that an unfiltered page shows; else every page is read and compared here.
Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/ListIndicators.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..call import Call
from ..errors import ApiError, HungUpError, PluginError
from ..indicators.normal import normalised
from ..outcome import ABSENT, UNKNOWN, Rows

PAGE = 100  # rows; the documented maximum of one answer
LAST_OFFSET = 999_999
LONGEST_OPERAND = 100  # characters of a searched value
INVALID_PARAMETERS = "SecMaster.20030001"


@dataclass
class Listing:
    """What some pages showed. rows: by id; total: as the server counts; whole: all were seen."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    total: int | None = None

    @property
    def whole(self) -> bool:
        """Whether exactly as many rows came as the server counts."""
        return len(self.rows) == self.total

    @property
    def doubt(self) -> str | None:
        """Why a value that no row shows may be there all the same."""
        if not self.whole:
            return f"the list ended after {len(self.rows)} of {self.total} indicators"
        silent = next((id_ for id_, row in self.rows.items() if _value(row) is None), None)
        return None if silent is None else f"indicator {silent} shows no value; it may be this one"


def rows_of_ids(call: Call, path: Mapping[str, str], ids: Sequence[str]) -> Rows:
    """Return a row an id: the indicator, or its absence, or why that is not known."""
    rows: Rows = []
    for start in range(0, len(ids), PAGE):
        asked = ids[start : start + PAGE]
        try:
            listing = _pages(call, path, {"ids": list(asked)}, most=len(asked))
        except HungUpError:
            raise
        except PluginError as error:
            rows += [_missing("id", id_, f"no search: {error}") for id_ in ids[start:]]
            break
        honoured = listing.whole and listing.rows.keys() <= set(asked)
        doubt = None if honoured else "the search did not answer for exactly these ids"
        rows += [listing.rows.get(id_) or _missing("id", id_, doubt) for id_ in asked]
    return rows


def rows_of_values(call: Call, path: Mapping[str, str], values: Sequence[str]) -> Rows:
    """Return a row an indicator that has one of the values, and a row a value that has none."""
    distinct = list(dict.fromkeys(values))
    try:
        first = _pages(call, path, {}, most=0)
    except HungUpError:
        raise
    except PluginError as error:
        return [_missing("value", value, f"no search: {error}") for value in distinct]
    pages = -(-(first.total or 0) // max(1, len(first.rows)))
    long = any(len(value) > LONGEST_OPERAND for value in distinct)
    if long or first.total is None or pages <= len(distinct):
        return _compared(call, path, first, distinct)
    return _searched(call, path, first, distinct)


def _searched(call: Call, path: Mapping[str, str], first: Listing, values: Sequence[str]) -> Rows:
    """Search value by value; read every page when the search does not prove itself."""
    rows: Rows = []
    for position, value in enumerate(values):
        try:
            if position == 0 and not _proved(call, path, first, values):
                return _compared(call, path, first, values)
            found, doubt = _hits(call, path, value)
        except ApiError as error:
            if error.code == INVALID_PARAMETERS:
                return _compared(call, path, first, values)
            return rows + _rest(values[position:], error)
        except HungUpError:
            raise
        except PluginError as error:
            return rows + _rest(values[position:], error)
        rows += found or [_missing("value", value, doubt)]
    return rows


def _proved(call: Call, path: Mapping[str, str], first: Listing, values: Sequence[str]) -> bool:
    """Tell whether the search finds a value that the unfiltered page showed.

    When case can matter, it must find the value in another case too.
    """
    cased = any(value.swapcase() != value for value in values)
    for id_, row in first.rows.items():
        value = _value(row) or ""
        other = value.swapcase() if cased else value
        if 0 < len(value) <= LONGEST_OPERAND and (other != value or not cased):
            return all(
                id_ in _search(call, path, text).rows for text in dict.fromkeys((value, other))
            )
    return False


def _hits(call: Call, path: Mapping[str, str], value: str) -> tuple[Rows, str | None]:
    """Search a value as given and in its comparable form; confirm equality on this side.

    Returns the rows, and why there may be more of them, None when there are not.
    """
    found: dict[str, dict[str, Any]] = {}
    doubt = None
    for operand in dict.fromkeys((value, normalised(value))):
        listing = _search(call, path, operand)
        found.update(listing.rows)
        doubt = doubt or listing.doubt
    return _equal(found.values(), value), doubt


def _search(call: Call, path: Mapping[str, str], operand: str) -> Listing:
    condition = {
        "conditions": [{"name": "value", "data": ["value", "=", operand]}],
        "logics": ["value"],
    }
    return _pages(call, path, {"condition": condition})


def _compared(call: Call, path: Mapping[str, str], first: Listing, values: Sequence[str]) -> Rows:
    """Read every page and compare here."""
    try:
        listing = first if first.whole else _pages(call, path, {})
    except HungUpError:
        raise
    except PluginError as error:
        return _rest(values, error)
    by_form: dict[str, Rows] = {}
    for row in listing.rows.values():
        if value := _value(row):
            by_form.setdefault(normalised(value), []).append(row)
    doubt = listing.doubt
    rows: Rows = []
    for value in values:
        found = _equal(by_form.get(normalised(value), ()), value)
        rows += found or [_missing("value", value, doubt)]
    return rows


def _pages(
    call: Call, path: Mapping[str, str], body: Mapping[str, Any], most: int | None = None
) -> Listing:
    """Read pages by what came, until the total is reached or a page brings nothing new.

    most: rows after which no further page is asked for.
    """
    listing, offset = Listing(), 0
    while offset <= LAST_OFFSET:
        answer = call.send(path=path, body={**body, "offset": offset, "limit": PAGE})
        said = call.listed(answer, "data")
        schema = call.answers[answer.status].part["properties"]["data"]["items"]
        listing.total = said.get("total")
        seen = len(listing.rows)
        for row in said["data"]:
            listing.rows[row["id"]] = call.row(schema, row)
        offset += len(said["data"])
        enough = (listing.total or 0) if most is None else most
        if len(listing.rows) == seen or listing.whole or len(listing.rows) >= enough:
            break
    return listing


def _value(row: Mapping[str, Any]) -> str | None:
    """Return the value that a row shows; None when it shows none that can be read."""
    value = row.get("value")
    return value if isinstance(value, str) and value.strip() else None


def _equal(rows: Any, value: str) -> Rows:
    """Keep the rows whose value is the one asked for, and give them the text that was asked."""
    wanted = normalised(value)
    return [
        {**row, "value": value}
        for row in rows
        if (shown := _value(row)) and normalised(shown) == wanted
    ]


def _missing(name: str, asked: str, doubt: str | None = None) -> dict[str, Any]:
    if doubt is None:
        return {name: asked, "outcome": ABSENT}
    return {name: asked, "outcome": UNKNOWN, "reason": doubt}


def _rest(values: Sequence[str], error: PluginError) -> Rows:
    return [_missing("value", value, f"no search: {error}") for value in values]
