"""What keeps an expression small: operators, filters and results that could blow up."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from math import isfinite
from typing import Any

from ..spool import LongTexts

LONGEST_TEXT = 10_000_000
MOST_ITEMS = 1_000_000
HEAVIEST = 100_000_000
MOST_IN_MEMORY = 10_000  # texts of a list
LISTS = (list, tuple, LongTexts)
LARGEST_BITS = 4096

Operator = Callable[[Any, Any], Any]


def add(left: Any, right: Any) -> Any:
    """Add numbers, or join two texts or two lists, within the limits."""
    if isinstance(left, str) and isinstance(right, str):
        _bound(len(left) + len(right), LONGEST_TEXT, "characters")
    elif isinstance(left, LISTS) and isinstance(right, LISTS):
        _bound(len(left) + len(right), MOST_ITEMS, "items")
        if LongTexts in {type(left), type(right)}:
            return listed(chain(left, right))
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """Multiply numbers; text and lists are not repeated."""
    _bound(_bits(left) + _bits(right), LARGEST_BITS, "bits")
    return left * right


def power(left: Any, right: Any) -> Any:
    """Raise a number to a power whose result stays small."""
    bits = _bits(left)
    _bits(right)
    if isinstance(left, int) and isinstance(right, int):
        _bound(bits * abs(right), LARGEST_BITS, "bits")
    return left**right


def modulo(left: Any, right: Any) -> Any:
    """Give the rest of a division; text is not formatted."""
    _bits(left)
    return left % right


OPERATORS: dict[str, Operator] = {"+": add, "*": multiply, "**": power, "%": modulo}


def listed(value: Iterable[Any]) -> Any:
    """Make a list; of many texts one that is not in memory."""
    walk = iter(value)
    few = list(islice(walk, MOST_IN_MEMORY))
    if len(few) < MOST_IN_MEMORY or any(type(one) is not str for one in few):
        return [*few, *walk]
    left, others = HEAVIEST, list[Any]()

    def texts() -> Iterator[str]:
        nonlocal left
        for one in chain(few, walk):
            if type(one) is not str:
                others.append(one)
                return
            left -= 10 + len(one)
            if left < 0:
                raise ValueError("the result is too large")
            yield one

    long = LongTexts(texts())
    return [*long, *others, *walk] if others else long


def join(value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Join the texts of a list; attribute: take this key of each item."""
    parts, length = [], 0
    for item in value:
        part = text_of(item if attribute is None else item[attribute])
        length += len(part) + len(d)
        _bound(length, LONGEST_TEXT, "characters")
        parts.append(part)
    return d.join(parts)


def replace(s: Any, old: str, new: str, count: int | None = None) -> str:
    """Replace a text by another, count times or everywhere."""
    text = text_of(s)
    times = text.count(old) if count is None else min(count, text.count(old))
    _bound(len(text) + times * max(0, len(new) - len(old)), LONGEST_TEXT, "characters")
    return text.replace(old, new, -1 if count is None else count)


def batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> Iterator[list[Any]]:
    """Cut a list into lists of linecount items; the last one may be filled up."""
    if not isinstance(linecount, int) or not 0 < linecount <= MOST_ITEMS:
        raise ValueError(f"batch needs a size from 1 to {MOST_ITEMS:,}")
    items = iter(value)
    while piece := list(islice(items, linecount)):
        if fill_with is not None:
            piece += [fill_with] * (linecount - len(piece))
        yield piece


def total(iterable: Iterable[Any], attribute: str | None = None, start: Any = 0) -> Any:
    """Sum numbers, or with start=[] join lists; attribute: take this (dotted) key of each item."""
    values = iter(iterable)
    if attribute is not None:
        values = (_dotted(item, attribute) for item in values)
    if isinstance(start, list):
        joined = list(islice(chain(start, chain.from_iterable(values)), MOST_ITEMS + 1))
        _bound(len(joined), MOST_ITEMS, "items")
        return joined
    for value in values:
        _bits(value)
        start = start + value
    return start


def text_of(value: Any) -> str:
    """Give the text of a value as Orquesta does: str(), for all that is not text yet."""
    return value if type(value) is str else str(plain(value))


def plain(value: Any) -> Any:
    """Turn what an expression gave into what JSON can hold, and refuse what is too large.

    Lists, dicts and sets that are fine already stay the same objects.
    """
    return _plain(value, [HEAVIEST])


def _plain(value: Any, left: list[int]) -> Any:
    left[0] -= 10 + (len(value) if isinstance(value, str) else 0)
    if left[0] < 0:
        raise ValueError("the result is too large")
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError(f"{value} is not a number that JSON knows")
        return value
    if isinstance(value, Mapping):
        _check_keys(value)
        items = {key: _plain(item, left) for key, item in value.items()}
        return value if all(items[key] is value[key] for key in value) else items
    if isinstance(value, (tuple, Iterator, range)) or _is_view(value):
        return [_plain(item, left) for item in value]
    if isinstance(value, list):
        listed = [_plain(item, left) for item in value]
        same = all(new is old for new, old in zip(listed, value, strict=True))
        return value if same else listed
    if is_list(value):
        return value
    str(value)  # a name that is not there says so here, better than its type does
    raise TypeError(f"a {type(value).__name__} is not a value; call it, or write ['name']")


def is_list(value: object) -> bool:
    """Tell whether a value behaves as a list: a list, or a set in the store."""
    # Jinja2's undefined looks like a list too, but can be called.
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping)) or callable(value):
        return False
    return all(hasattr(type(value), name) for name in ("__len__", "__iter__", "__getitem__"))


def _check_keys(value: Mapping[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"the key {key!r} is not text")


def _is_view(value: Any) -> bool:
    return isinstance(value, (type({}.keys()), type({}.values()), type({}.items())))


def _dotted(item: Any, attribute: str) -> Any:
    for step in attribute.split("."):
        item = item[int(step) if step.isdigit() else step]
    return item


def _bits(value: Any) -> int:
    if not isinstance(value, (int, float)):
        raise TypeError(f"only numbers can be calculated with, not {type(value).__name__}")
    return value.bit_length() if isinstance(value, int) else 64


def _bound(size: int, limit: int, unit: str) -> None:
    if size > limit:
        raise ValueError(f"the result has more than {limit:,} {unit}")
