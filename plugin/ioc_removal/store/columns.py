"""JSON in columns of the store, which somebody may have changed by hand."""

import json
from collections.abc import Mapping
from functools import lru_cache
from json import JSONEncoder
from re import compile as pattern
from typing import Any

from ..errors import StoreError

# A text in which nothing is escaped, as most are.
_IS_PLAIN = pattern(r'"([ !#-[\]-~]*)"').fullmatch
# Made once: json.dumps would make an encoder each time.
sorted_json = JSONEncoder(sort_keys=True).encode


def target_json(target: Mapping[str, str]) -> str:
    """Return a target as JSON: few are met, each many times."""
    return _object_json((*target.items(),))


@lru_cache(maxsize=256)
def _object_json(fields: tuple[tuple[str, str], ...]) -> str:
    return sorted_json(dict(fields))


def parsed(text: Any, column: str, owner: str | None = None, form: type = object) -> Any:
    """Return the JSON of a column.

    column: as table.column; owner: the run or plan that the row belongs to; form: what it must be.
    Raises StoreError.
    """
    try:
        plain = _IS_PLAIN(text)
        value = plain[1] if plain else json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise unreadable(column, owner) from None
    if not isinstance(value, form):
        raise unreadable(column, owner)
    return value


def unreadable(column: str, owner: str | None = None) -> StoreError:
    """Return the error of a column that is not as it was written."""
    whose = f" of {owner}" if owner else ""
    return StoreError(
        f"the store was changed by hand, or is damaged: {column}{whose} cannot be read; "
        "`ioc-removal journal verify` names what was changed"
    )
