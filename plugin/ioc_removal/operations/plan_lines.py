"""The lines of a file with a plan, one after the other, and the checksum over them."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from ..errors import ArgumentError, one_line
from .plan_file import CHECKSUM, TITLE

BOM = "\ufeff"
LONGEST_SHOWN = 120  # characters
AGAIN = "get it again from where it came, or make a new plan"


class PlanLines:
    """The lines of a file: what comes next, by how it begins.

    name: of the file.
    """

    def __init__(self, lines: Iterable[str], name: str) -> None:
        self.name, self.number = name, 0
        self._lines, self._hashed = iter(lines), sha256()
        self._next: str | None = None
        self._step(first=True)

    def all(self, start: str) -> Iterator[tuple[int, str]]:
        """Yield the rest of each line that begins so, with its number, up to one that does not."""
        while self._next is not None and self._next.startswith(start):
            number, text = self.number, self._next.removeprefix(start)
            self._step()
            yield number, text

    def one(self, start: str) -> Any:
        """Return the JSON of the next line if it begins so, else None."""
        for number, text in self.all(start):
            return self.json(number, text)
        return None

    def json(self, number: int, text: str) -> Any:
        """Read the JSON of a line."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self.changed(number, "it is not JSON") from None

    def changed(self, number: int, what: str) -> ArgumentError:
        """Say where the file was changed."""
        return ArgumentError(f"{self.name}: line {number} was changed: {what}; {AGAIN}")

    def strange(self) -> ArgumentError:
        """Say that another line should follow than the one that does, or that none does."""
        if self._next is None:
            return ArgumentError(f"{self.name}: the end is missing; {AGAIN}")
        what = f"{shown_line(self._next)!r} is not what follows in a plan"
        return self.changed(self.number, what)

    def whole(self) -> bool:
        """Come to the end; tell whether the checksum there is that of the lines before."""
        last = self._next
        if last is None or not last.startswith(CHECKSUM):
            raise self.strange()
        if any(rest.strip() for rest in self._lines):
            raise self.changed(self.number + 1, "something follows the checksum")
        return last.strip() == f"{CHECKSUM}{self._hashed.hexdigest()}"

    def _step(self, *, first: bool = False) -> None:
        if self._next is not None:
            self._hashed.update(f"{self._next}\n".encode(errors="surrogatepass"))
        raw = next(self._lines, None)
        self.number += 1
        self._next = None if raw is None else raw.rstrip("\r\n")
        if first:
            self._next = (self._next or "").removeprefix(BOM)
            if self._next.rstrip() != TITLE:
                raise ArgumentError(f"{self.name}: this is not a file with a plan")


def shown_line(text: str) -> str:
    """Return a line as a message shows it."""
    return one_line(text.strip(), LONGEST_SHOWN)
