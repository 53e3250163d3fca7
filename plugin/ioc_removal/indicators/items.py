"""What comes out of a file: indicators, and what was not used with its place and reason."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from .refang import refang
from .typed import judged, plain_types

AT_ONCE = 1_000  # texts of a file that are looked at together
T = TypeVar("T")


class Indicator(NamedTuple):
    """A value as it will be sent (trimmed and refanged), its type, and where it stood."""

    value: str
    type: str
    place: str


class Unused(NamedTuple):
    """A text that is not used, as the file has it, where it stood, and why."""

    text: str
    place: str
    reason: str


class Duplicate(NamedTuple):
    """A value that stood in the file before, and where it stands again."""

    value: str
    place: str


@dataclass(slots=True)
class Portion:
    """Texts of a file that were read together, in their order; walking it yields their items.

    values: as they will be sent (trimmed and refanged); types: theirs, "" for none; place: tells
    where the text of an index stood; others: by index, what is no indicator to be used, None for no
    item.
    """

    values: list[str]
    types: list[str]
    place: Callable[[int], str]
    others: dict[int, Unused | Duplicate | None] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Indicator | Unused | Duplicate]:
        for at, (value, kind) in enumerate(zip(self.values, self.types, strict=True)):
            if at not in self.others:
                yield Indicator(value, kind, self.place(at))
            elif item := self.others[at]:
                yield item

    def of_used(self, all_: Sequence[T]) -> Sequence[T]:
        """Return what there is of the indicators to be used; all_: of each text."""
        if not self.others:
            return all_
        return [one for at, one in enumerate(all_) if at not in self.others]


def typed_portion(
    texts: Iterable[str],
    place: Callable[[int], str],
    given: Callable[[int], str | Unused | None],
) -> Portion:
    """Type texts, most of which are plain; only what is not is looked at by itself.

    place: tells where the text of an index stood; given: what is to be typed in its stead, or why
    it is not used, or None when it is no item.
    """
    values = list(texts)
    portion = Portion(values, plain_types(values), place)
    for at in [at for at, kind in enumerate(portion.types) if not kind]:
        text = given(at)
        if not isinstance(text, str):
            portion.others[at] = text
            continue
        values[at] = refang(text)
        kind, reason = judged(values[at])
        if kind:
            portion.types[at] = kind
        else:
            portion.others[at] = Unused(text, place(at), reason)
    return portion


def portions_of(items: Iterable[Indicator | Unused]) -> Iterator[Portion]:
    """Yield items that were typed one by one in portions."""
    walk = iter(items)
    while listed := list(islice(walk, AT_ONCE)):
        places = [item.place for item in listed]
        portion = Portion([item[0] for item in listed], [""] * len(listed), places.__getitem__)
        for at, item in enumerate(listed):
            if isinstance(item, Indicator):
                portion.types[at] = item.type
            else:
                portion.others[at] = item
        yield portion


def typed_item(
    text: str, place: str, claimed: Collection[str] = (), claim: str = ""
) -> Indicator | Unused:
    """Refang and type one text.

    claimed: the types that the file allows it, all if empty; claim: how the file says so.
    """
    value = refang(text)
    kind, reason = judged(value)
    if kind is None:
        return Unused(text, place, reason)
    if claimed and kind not in claimed:
        return Unused(text, place, f"the file says {claim}, but the value is of type {kind}")
    return Indicator(value, kind, place)
