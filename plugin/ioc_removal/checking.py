"""Refuse arguments that do not satisfy their schema, before anything is sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, cast

from .batches import many
from .definition import Definition
from .errors import ArgumentError, one_line
from .quotes import DEEPEST
from .wording import LONGEST_SHOWN

CHECKED_AT_ONCE = 10_000  # items; a list is checked whole before anything is sent
MOST_PROBLEMS = 5  # that a message lists
NO_TEXTS_IN = frozenset({int, float, bool, type(None)})


def check_arguments(
    definition: Definition,
    given: Mapping[str, Any],
    settings: Mapping[str, Any],
    items: Iterable[Any] = (),
    argument: str | None = None,
) -> None:
    """Refuse arguments that do not satisfy the schema; items are checked in portions.

    settings: what the schema takes from the connection, as far as it is known; items: of the batch
    argument, whose name is argument. Raises ArgumentError.
    """
    for name in definition.schema.of_connection:
        if name in given:
            raise ArgumentError(f"{name}: belongs to the connection's settings")
    start = 0
    for portion in _portions(items):
        whole = {**given, **settings, **({argument: portion} if argument else {})}
        if problems := _problems(definition, whole):
            if start and argument:
                problems = [_counted_from(start, argument, line) for line in problems]
            if len(problems) > MOST_PROBLEMS:
                problems[MOST_PROBLEMS:] = ["and more"]
            raise ArgumentError(*problems)
        start += len(portion)


def _problems(definition: Definition, whole: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with arguments, with one more mistake than a message lists."""
    if _is_sendable(whole) and definition.schema.accepts(whole):  # as most
        return []
    found = chain(_halves("", whole), definition.schema.problems(whole))
    return list(islice(dict.fromkeys(found), MOST_PROBLEMS + 1))  # two rules, one message


def _portions(items: Iterable[Any]) -> Iterator[Sequence[Any]]:
    """Yield items in portions, at least one, which may be empty."""
    if isinstance(items, list | tuple | Sequence):  # the quickest way
        for start in range(0, max(1, len(items)), CHECKED_AT_ONCE):
            yield items[start : start + CHECKED_AT_ONCE]
        return
    walk = iter(items)
    portion = list(islice(walk, CHECKED_AT_ONCE))
    yield portion
    while portion := list(islice(walk, CHECKED_AT_ONCE)):
        yield portion


def _counted_from(start: int, argument: str, problem: str) -> str:
    """Name an item by its place in the whole list, not in the portion that was checked."""
    name, bracket, rest = problem.partition("[")
    place, end, text = rest.partition("]")
    inside = name == argument and bracket and place.isdigit()
    return f"{name}[{start + int(place)}]{text}" if inside and end else problem


def _plain(items: object) -> bool:
    """Tell whether all items are texts that UTF-8 carries, at once."""
    try:
        return isinstance(items, list) and _is_utf8("".join(items))
    except TypeError:
        return False


def _is_utf8(text: str) -> bool:
    """Tell whether UTF-8 carries a text: it has no half of a surrogate pair."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _is_sendable(given: Mapping[str, Any]) -> bool:
    """Tell whether UTF-8 surely carries all texts, as that of most arguments."""
    return all(_is_whole(value) or _plain(value) for value in given.values())


def _halves(field: str, value: object, depth: int = 0) -> Iterator[str]:
    """Name each text that UTF-8 cannot carry: with one half of a pair that makes a character.

    Raises ArgumentError for what is nested too deep.
    """
    if depth > DEEPEST:
        raise ArgumentError(f"{one_line(field, LONGEST_SHOWN)}: is nested too deep")
    if isinstance(value, str):
        if not _is_utf8(value):
            name = one_line(field, LONGEST_SHOWN)
            yield f"{name}: holds half of a surrogate pair, which cannot be sent"
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            if depth == DEEPEST or not _is_whole(entry):
                yield from _halves(f"{field}.{name}" if field else str(name), entry, depth + 1)
    elif many(value) and not _plain(value):
        for place, entry in enumerate(cast("Iterable[object]", value)):
            if depth == DEEPEST or not _is_whole(entry):
                yield from _halves(f"{field}[{place}]", entry, depth + 1)


def _is_whole(value: object) -> bool:
    """Tell whether a value is a text that UTF-8 carries, or no text and holds none."""
    return _is_utf8(value) if isinstance(value, str) else type(value) in NO_TEXTS_IN
