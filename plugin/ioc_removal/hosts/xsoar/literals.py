"""Python literals as a person would lay them out, a line an entry where one line is too short."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100


def literal(value: Any, indent: int = 0, before: int = 0) -> str:
    """Return a literal of JSON values and tuples.

    indent: of the line that it stands in; before: characters in front of it there.
    """
    short = _short(value)
    if isinstance(value, str) and indent + before + len(short) >= WIDTH:
        return _long_text(value, indent)
    if indent + before + len(short) < WIDTH or not isinstance(value, Mapping | list | tuple):
        return short
    inner = " " * (indent + 4)
    ends = "{}" if isinstance(value, Mapping) else "[]" if isinstance(value, list) else "()"
    lines = [f"{inner}{entry},\n" for entry in _entries(value, indent + 4)]
    return f"{ends[0]}\n{''.join(lines)}{' ' * indent}{ends[1]}"


def _entries(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            head = f"{quoted(key) if isinstance(key, str) else _short(key)}: "
            yield head + literal(entry, indent, len(head) + 1)
    else:
        for entry in value:
            yield literal(entry, indent, 1)


def _long_text(text: str, indent: int) -> str:
    """Return a text that one line is too short for, in parts that end after a word."""
    room = WIDTH - indent - 8
    parts, part = [], ""
    for word in re.split(r"(?<= )", text):
        if part and len(part) + len(word) > room:
            parts.append(part)
            part = ""
        part += word
    lines = [f"{' ' * (indent + 4)}{quoted(one)}\n" for one in (*parts, part)]
    return f"(\n{''.join(lines)}{' ' * indent})"


def _short(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_short(k)}: {_short(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' * (len(value) == 1)})"
    return repr(value)


def quoted(text: str) -> str:
    """Return a text in double quotes, where it holds none."""
    shown = repr(text)
    if shown.startswith("'") and '"' not in shown:
        return f'"{shown[1:-1]}"'
    return shown
