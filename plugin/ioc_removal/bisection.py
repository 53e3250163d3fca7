"""Halve what is refused as a whole, until the poison value stands alone."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, log2
from typing import NamedTuple

from .errors import ApiError
from .outcome import Outcome
from .same_outcome import kinds_of

MORE = 8  # requests, besides the two halves of each level


class Part(NamedTuple):
    """Items that one request carried, and what became of it.

    answer: the outcomes, or the refusal of them all; attempts: requests that carried these items
    before; unclear: whether one of those may have been carried out.
    """

    items: Sequence[str]
    answer: Sequence[Outcome] | ApiError
    attempts: int = 0
    unclear: bool = False


def bisected(
    items: Sequence[str],
    refusal: ApiError,
    send: Callable[[Sequence[str], int], Sequence[Outcome] | ApiError],
) -> Iterator[Part]:
    """Yield the parts into which refused items fall, each answered, or refused to the end.

    refusal: of all of them; send: sends some, with so many requests at most. No more than
    2 log2(n) + 8 requests are made, those of the first refusal among them; what they do not
    isolate stays refused together.
    """
    left = 2 * ceil(log2(len(items))) + MORE - refusal.attempts
    refused = [Part(items, refusal)]
    while refused:
        part = refused.pop()
        assert isinstance(part.answer, ApiError)  # noqa: S101  # only such a part is refused
        attempts, unclear = part.attempts + part.answer.attempts, part.unclear | part.answer.unclear
        middle = len(part.items) // 2
        for half in (part.items[:middle], part.items[middle:]):
            if left <= 0:
                yield Part(half, part.answer, part.attempts, part.unclear)
                continue
            answer = send(half, left)
            left -= attempts_of(answer)
            sent = Part(half, answer, attempts, unclear)
            if isinstance(answer, ApiError) and len(half) > 1:
                refused.append(sent)
            else:
                yield sent


def attempts_of(answer: Sequence[Outcome] | ApiError) -> int:
    """Return how many requests an answer took."""
    if isinstance(answer, ApiError):
        return answer.attempts
    return max((outcome.attempts for outcome in kinds_of(answer)), default=0)
