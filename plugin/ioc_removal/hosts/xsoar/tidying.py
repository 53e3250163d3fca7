"""Code as XSOAR's formatter keeps it, without what only the plugin's own checkers read."""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from tokenize import COMMENT, OP, generate_tokens

# A mark for a checker, up to the reason behind it, if there is one.
MARK = re.compile(r"\s*# (?:noqa|type:|fmt:)[^#]*(?=#|$)")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


def tidied(text: str) -> str:
    """Return a module without marks, and without a space before a slice's colon."""
    lines = text.splitlines()
    for at, start, end, new in reversed(list(_edits(lines))):
        lines[at] = (lines[at][:start] + new + lines[at][end:]).rstrip()
    return "\n".join(lines)


def _edits(lines: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """Yield what to write otherwise: line, from 0, columns, new text."""
    open_ones: list[str] = []
    for token in generate_tokens(StringIO("\n".join(lines)).readline):
        (line, start), (_, end) = token.start, token.end
        if token.type == COMMENT:
            comment = MARK.sub("", token.string).strip()
            if comment != token.string:
                yield line - 1, start, end, comment
        elif token.type == OP and token.string in OPENING:
            open_ones.append(token.string)
        elif token.type == OP and token.string in CLOSING:
            open_ones.pop()
        elif token.type == OP and token.string == ":" and open_ones[-1:] == ["["]:
            before = lines[line - 1][:start]
            if before.endswith(" ") and before.strip():
                yield line - 1, len(before.rstrip()), start, ""
