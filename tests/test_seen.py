"""What came before is known exactly, however many there are and whatever their hashes are."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioc_removal.errors import ArgumentError
from ioc_removal.indicators import placed, seen

SMALL: dict[ModuleType, dict[str, Any]] = {
    seen: {"IN_MEMORY": 5},
    placed: {
        "CELLS": 8, "MORE_CELLS": 16, "CROWDED": 4, "LED": 3, "CHUNK": 4, "CHUNKS": 2, "ASKED": 2,
        "LAST": 1023, "SHIFTS": (24, 48),
    },
}  # fmt: skip
numbers = st.lists(st.lists(st.integers(0, 60), max_size=30))
# What leads to cells, and what a cell holds: the lower the fewer there are.
hashes = st.builds(lambda *bits: bits[0] | bits[1] << 24 | bits[2] << 48, *3 * [st.integers(-2, 2)])


class Hashed(str):
    """A text with a hash of one's choice."""

    __slots__ = ("known",)
    known: int

    def __hash__(self) -> int:
        return self.known


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Let few values be many."""
    with pytest.MonkeyPatch.context() as patch:
        for module, constants in SMALL.items():
            for name, value in constants.items():
                patch.setattr(module, name, value)
        yield


def is_exact(lists: list[list[int]], text: Callable[[int], str]) -> None:
    """Compare with a set of all values that came."""
    known, plain = seen.Seen(), set[int]()
    for part in lists:
        met = []
        for at, number in enumerate(part):
            met += [at] if number in plain else []
            plain.add(number)
        assert known.again([*map(text, part)]) == met
    for number in range(61):
        assert known.is_new(text(number)) == (number not in plain)
        assert not known.is_new(text(number))


@given(numbers)
def test_what_came_before_is_known_beyond_what_is_kept_in_memory(lists: list[list[int]]) -> None:
    is_exact(lists, lambda number: f"host{number}.example")


@given(numbers, st.lists(hashes, min_size=1, max_size=9))
def test_values_of_the_same_hash_are_told_apart(lists: list[list[int]], known: list[int]) -> None:
    def text(number: int) -> str:
        value = Hashed("x" * number)  # beginning and end of others
        value.known = known[number % len(known)]
        return value

    is_exact(lists, text)


@given(numbers)
def test_texts_of_any_kind_are_told_apart(lists: list[list[int]]) -> None:
    def text(number: int) -> str:
        found = ""
        while number:
            number, rest = divmod(number - 1, 4)
            found += "a\ré\x85"[rest]
        return found

    assert len({*map(text, range(61))}) == 61
    is_exact(lists, text)


def test_more_values_than_can_be_told_apart_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placed, "LAST", 15)
    known = seen.Seen()

    def add(numbers: range) -> None:
        assert all(known.is_new(str(number)) for number in numbers)

    add(range(30))
    with pytest.raises(ArgumentError, match="too many different values in a list: give at most 30"):
        add(range(30, 100))
