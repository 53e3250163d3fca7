"""Find SecMaster indicators by value or id, and say absent only when that was proved.

That `value` can be searched is documented nowhere, so a search is trusted only after it found a
value that an unfiltered page shows; else every page is read and compared here.
Source: https://support.huaweicloud.com/intl/en-us/api-secmaster/ListIndicators.html
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from ..call import Call
from ..errors import ApiError, HungUpError, PluginError
from ..indicators.normal import normalised
from ..outcome import Rows
from .secmaster_listing import (
    Distinct,
    IndicatorRow,
    Listing,
    compared,
    distinct,
    missing,
    value_of,
)

PAGE = 100  # rows; the documented maximum of one answer
LAST_OFFSET = 999_999
LONGEST_OPERAND = 100  # characters of a searched value
INVALID_PARAMETERS = "SecMaster.20030001"
_Values = Sequence[str] | Distinct


def rows_of_ids(call: Call, path: Mapping[str, str], ids: Sequence[str]) -> Iterable[IndicatorRow]:
    """Yield a row an id: the indicator, or its absence, or why that is not known."""
    for start in range(0, len(ids), PAGE):
        asked = ids[start : start + PAGE]
        try:
            listing = _pages(call, path, {"ids": list(asked)}, most=len(asked))
        except HungUpError:
            raise
        except PluginError as error:
            yield from (missing("id", id_, f"no search: {error}") for id_ in ids[start:])
            return
        found = dict(listing)
        honoured = listing.whole and found.keys() <= set(asked)
        doubt = None if honoured else "the search did not answer for exactly these ids"
        yield from (found.get(id_) or missing("id", id_, doubt) for id_ in asked)


def rows_of_values(
    call: Call, path: Mapping[str, str], given: Sequence[str]
) -> Iterable[IndicatorRow]:
    """Return a row an indicator that has one of the values, and a row a value that has none.

    All requests are sent before it returns.
    """
    values = distinct(given)
    try:
        first = _pages(call, path, {}, most=0)
    except HungUpError:
        raise
    except PluginError as error:
        return _rest(values, error)
    pages = -(-(first.total or 0) // max(1, len(first)))
    if first.total is None or pages <= len(values) or any(map(_is_long, values)):
        return _compared(call, path, first, values)
    return _searched(call, path, first, values)


def _is_long(value: str) -> bool:
    return len(value) > LONGEST_OPERAND


def _searched(
    call: Call, path: Mapping[str, str], first: Listing, values: _Values
) -> Iterable[IndicatorRow]:
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
            return chain(rows, _rest(islice(values, position, None), error))
        except HungUpError:
            raise
        except PluginError as error:
            return chain(rows, _rest(islice(values, position, None), error))
        rows += found or [missing("value", value, doubt)]
    return rows


def _proved(call: Call, path: Mapping[str, str], first: Listing, values: _Values) -> bool:
    """Tell whether the search finds a value that the unfiltered page showed.

    When case can matter, it must find the value in another case too.
    """
    cased = any(value.swapcase() != value for value in values)
    for id_, row in first:
        value = value_of(row) or ""
        other = value.swapcase() if cased else value
        if 0 < len(value) <= LONGEST_OPERAND and (other != value or not cased):
            return all(
                id_ in dict(_search(call, path, text)) for text in dict.fromkeys((value, other))
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
        found.update(listing)
        doubt = doubt or listing.doubt
    return _equal(found.values(), value), doubt


def _search(call: Call, path: Mapping[str, str], operand: str) -> Listing:
    condition = {
        "conditions": [{"name": "value", "data": ["value", "=", operand]}],
        "logics": ["value"],
    }
    return _pages(call, path, {"condition": condition})


def _compared(
    call: Call, path: Mapping[str, str], first: Listing, values: _Values
) -> Iterable[IndicatorRow]:
    """Read every page and compare here."""
    try:
        listing = first if first.whole else _pages(call, path, {})
    except HungUpError:
        raise
    except PluginError as error:
        return _rest(values, error)
    return compared(listing, values)


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
        seen = len(listing)
        for row in said["data"]:
            listing.add(row["id"], call.row(schema, row))
        offset += len(said["data"])
        enough = (listing.total or 0) if most is None else most
        if len(listing) == seen or listing.whole or len(listing) >= enough:
            break
    return listing


def _equal(rows: Any, value: str) -> Rows:
    """Keep the rows whose value is the one asked for, and give them the text that was asked."""
    wanted = normalised(value)
    return [
        {**row, "value": value}
        for row in rows
        if (shown := value_of(row)) and normalised(shown) == wanted
    ]


def _rest(values: Iterable[str], error: PluginError) -> Iterable[IndicatorRow]:
    reason = f"no search: {error}"
    return (missing("value", value, reason) for value in values)
