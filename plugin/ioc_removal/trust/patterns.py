"""Patterns with * and ?, of which most are the names below one: *.example.com."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class _Pattern(NamedTuple):
    """place: among all patterns, from 0; text: as it is written; source: where it stands."""

    place: int
    text: str
    source: str


class Patterns:
    """Patterns in the order in which they were added."""

    def __init__(self) -> None:
        self._forms: list[tuple[re.Pattern[str], _Pattern]] = []
        # By what follows the * of those that begin with "*." and hold no other: they are found, and
        # not tried one after the other.
        self._endings: dict[str, _Pattern] = {}
        self._longest = 0  # characters of an ending
        self._ends = set[str]()  # what endings end with, from their last dot but one on
        self._slashed = False  # whether one of them ends with a slash
        self._any: re.Pattern[str] | None = None  # of the others, once it is asked for

    def __bool__(self) -> bool:
        return bool(self._forms or self._endings)

    def add(self, text: str, source: str) -> None:
        """Add a pattern; source: where it stands."""
        pattern = _Pattern(len(self._forms) + len(self._endings), text, source)
        ending = text.casefold()[1:]
        if text.startswith("*.") and not {"*", "?"} & {*ending}:
            self._endings.setdefault(ending, pattern)
            self._longest = max(self._longest, len(ending))
            self._ends.add(_end(ending))
            self._slashed |= ending.endswith("/")
        else:
            self._forms.append((_form(text), pattern))
            self._any = None

    def first(self, texts: Sequence[str]) -> tuple[str, str] | None:
        """Return the first pattern under which one of some texts falls, with its source, or None.

        texts: in lower case.
        """
        found = self._by_ending(texts) if self._endings else None
        for form, pattern in self._forms:
            if found is not None and found < pattern:
                break
            if any(map(form.fullmatch, texts)):
                found = pattern
                break
        return (found.text, found.source) if found else None

    def may_match(self, text: str, keys: Iterable[str]) -> bool:
        """Tell at first sight whether first() may return something of texts.

        These are a text, keys, and keys with a slash after them.
        """
        if not self._forms and not self._slashed:  # mostly
            return self._may_end(text) or any(key != text and self._may_end(key) for key in keys)
        texts = {text, *keys, *[f"{key}/" for key in keys]}
        if self._any is None:
            self._any = re.compile("|".join(form.pattern for form, _ in self._forms), re.DOTALL)
        return any(map(self._any.fullmatch, texts)) or any(map(self._may_end, texts))

    def _may_end(self, text: str) -> bool:
        last = text.rfind(".")
        ends = self._ends
        return text[last:] in ends or text[max(0, text.rfind(".", 0, last)) :] in ends

    def _by_ending(self, texts: Iterable[str]) -> _Pattern | None:
        """Look for what texts end with, from each of their last dots on."""
        found, known = None, self._endings
        for text in texts:
            at = text.find(".", max(0, len(text) - self._longest))
            while at >= 0:
                pattern = known.get(text[at:])
                if pattern is not None and (found is None or pattern < found):
                    found = pattern
                at = text.find(".", at + 1)
        return found


def _end(ending: str) -> str:
    """Return what follows the last dot but one, with it, or the last, where that is the first."""
    return ending[max(0, ending.rfind(".", 0, ending.rfind("."))) :]


def _form(text: str) -> re.Pattern[str]:
    """Return what fnmatch would, but for brackets, which stand for themselves in a URL.

    A scheme in it is no condition, as a URL without one may mean the same.
    """
    own = text.casefold()
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", "", own)
    signs = {"*": ".*", "?": "."}
    ways = (
        "".join(signs.get(s) or re.escape(s) for s in one) for one in dict.fromkeys((own, bare))
    )
    return re.compile("|".join(ways), re.DOTALL)
