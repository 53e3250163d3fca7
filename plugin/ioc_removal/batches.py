"""What one request carries, and how a call is cut into such batches."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import chain, islice
from json.encoder import encode_basestring_ascii as encoded
from typing import Any, NamedTuple, TypeVar

from .definition import Definition, Limits
from .spool import Spool

BYTES_AROUND_ITEM = 64  # of the JSON object that carries an item
KNOWN = 100_000  # texts in memory that tell which come again
TOLD_AT_ONCE = 1_000  # texts that are told from others together
LONGEST_CHARACTER = 12  # bytes in JSON of one that is two of UTF-16
_Part = TypeVar("_Part")


class Batch(NamedTuple):
    """What one request carries.

    number: its place in the call, from 0; arguments: the handler's; items: the values or ids that
    it is about, distinct, empty for a read that is not cut.
    """

    number: int
    arguments: Mapping[str, Any]
    items: Sequence[str] = ()


class Prepared:
    """Checked arguments, ready to be cut; iterating yields the batches, lazily and repeatably.

    target: of every outcome; duplicates: items given more than once; filled: names of arguments
    that came from the connection's defaults; cut: yields the batches; size: of distinct items.
    """

    def __init__(
        self,
        arguments: Mapping[str, Any],
        target: Mapping[str, str],
        duplicates: int,
        filled: tuple[str, ...],
        items: Iterable[str] = (),
        cut: Callable[["Prepared"], Iterator[Batch]] = lambda _: iter(()),
        size: int = 0,
    ) -> None:
        self.arguments, self.target = arguments, target
        self.duplicates, self.filled = duplicates, filled
        self.items, self.cut, self.size = items, cut, size

    def __iter__(self) -> Iterator[Batch]:
        return self.cut(self)

    def but(self, **changes: Any) -> "Prepared":
        """Return the same with other fields; raises TypeError for what is no field."""
        return Prepared(**{**vars(self), **changes})


def cut_items(
    items: Iterable[str],
    definition: Definition,
    own: Mapping[str, int],
    arguments: Mapping[str, Any] | None = None,
) -> Iterator[list[str]]:
    """Cut by items and by the bytes that they take in JSON, unless there are no limits.

    own: limits of the connection; arguments: of the call, with what goes along with the items.
    """
    limits = definition.limits
    if limits is None:
        yield list(items)
        return
    most, room, more = batch_bounds(limits, own, arguments or {})
    walk = iter(items)
    while not more and (portion := list(islice(walk, most))):
        if room and most_bytes(len(portion), sum(map(len, portion))) > room:
            walk = chain(portion, walk)
            break
        yield portion
    batch: list[str] = []
    size = 0
    for item in walk:
        taken = len(encoded(item)) + BYTES_AROUND_ITEM if room else 0
        if more:
            taken += sum(len(json.dumps(given[item])) for given in more if item in given)
        if batch and (len(batch) == most or (room and size + taken > room)):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += taken
    if batch:
        yield batch


def numbered(parts: Iterable[_Part], copies: int) -> Iterator[tuple[int, _Part]]:
    """Yield the parts that a call is cut into with the numbers of their batches.

    copies: how often each is sent.
    """
    for position, part in enumerate(parts):
        for copy in range(copies):
            yield position * copies + copy, part


def batch_bounds(
    limits: Limits, own: Mapping[str, int], arguments: Mapping[str, Any]
) -> tuple[int, int | None, list[Mapping[str, Any]]]:
    """Return how many items a batch has at most, how many bytes, and what goes along with them."""
    most = min(own.get("items", limits.items), limits.most or own.get("items", limits.items))
    room = own.get("bytes", limits.bytes) if limits.bytes else None
    along = [arguments.get(name) for name in limits.along] if room else []
    return most, room, [given for given in along if given]


def most_bytes(items: int, characters: int) -> int:
    """Return how many bytes items of so many characters take in JSON at the most."""
    return characters * LONGEST_CHARACTER + items * (BYTES_AROUND_ITEM + 2)


def batch_of(
    definition: Definition, number: int, arguments: Mapping[str, Any], items: Sequence[str]
) -> Batch:
    """Return a batch with some of the items of a call; without any, it has nothing to send."""
    limits = definition.limits
    if limits is None and definition.named is None:
        return Batch(number, arguments)
    if not items:
        return Batch(number, {})
    if limits is None:
        return Batch(number, arguments, tuple(items))
    rule = definition.schema.part["properties"][limits.argument]
    part = list(items) if rule["type"] == "array" else items[0]
    along = {
        name: {item: arguments[name][item] for item in items if item in arguments[name]}
        for name in limits.along
        if name in arguments
    }
    return Batch(number, {**arguments, **along, limits.argument: part}, tuple(items))


def distinct_texts(texts: Iterable[str]) -> Spool:
    """Return texts, trimmed, each once; they are not in memory at once."""
    from .indicators.seen import Seen  # of the long lists of a playbook

    seen, found = Seen(KNOWN), Spool()
    walk = map(str.strip, texts)
    while part := list(islice(walk, TOLD_AT_ONCE)):
        again = {*seen.again([*map(encoded, part)])}
        for at, text in enumerate(part):
            if at not in again:
                found.add(text)
    return found


def many(value: object) -> bool:
    """Tell whether a value is a collection that a call is cut into batches by."""
    if (kind := type(value)) is list or kind is str:  # the quickest way
        return kind is list
    return isinstance(value, Sized) and not isinstance(value, str | bytes | Mapping)
