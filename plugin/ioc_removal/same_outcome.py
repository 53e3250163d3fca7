"""One and the same outcome of many indicators, as most batches have it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, overload

from .outcome import Outcome


class SameOutcome(Sequence[Outcome]):
    """The outcomes of several indicators, of which only their names differ.

    What looks at all of them looks at one; that of a single indicator is made when it is asked for.

    one: what they have in common; names: of the indicators; named_by: "value" or "id".
    """

    def __init__(self, one: Outcome, names: Sequence[str], named_by: str = "value") -> None:
        self.one, self.names, self.named_by = one, names, named_by

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Outcome]:
        if self.named_by == "value":
            return map(self.one.same_of, self.names)
        return (self.one.same_of(id_=name) for name in self.names)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> list[Outcome]: ...

    def __getitem__(self, index: int | slice) -> Outcome | list[Outcome]:
        if isinstance(index, slice):
            return [*SameOutcome(self.one, self.names[index], self.named_by)]
        [outcome] = SameOutcome(self.one, [self.names[index]], self.named_by)
        return outcome

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    def __hash__(self) -> int:
        return hash(tuple(self.names))

    def __repr__(self) -> str:
        return f"<{len(self)} of {self.one!r}>"

    def but(self, **changes: Any) -> "SameOutcome":
        """Return the same outcomes with other fields."""
        return SameOutcome(self.one.but(**changes), self.names, self.named_by)


def kinds_of(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Return outcomes without repeating what is the same but for its name."""
    if isinstance(outcomes, SameOutcome):
        return [outcomes.one] if outcomes.names else []
    return outcomes


def counts_of(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Return how many there are of each outcome."""
    if isinstance(outcomes, SameOutcome):
        return Counter({outcomes.one.outcome: len(outcomes)})
    return Counter(map(attrgetter("outcome"), outcomes))


def names_of(outcomes: Sequence[Outcome], named_by: str) -> list[str | None]:
    """Return by what the indicators of outcomes are named; named_by: "value" or "id"."""
    if isinstance(outcomes, SameOutcome) and outcomes.named_by == named_by:
        return [*outcomes.names]
    return [*map(attrgetter(named_by), outcomes)]
