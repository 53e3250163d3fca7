"""Tables: with colours by rich on a terminal, plain columns elsewhere."""

from collections.abc import Sequence
from typing import TextIO

from ..outcome import ABSENT, FAILED, PARTIAL, PLANNED, REFUSED, REMOVED, SUCCEEDED, UNKNOWN

Cell = str | int | None

COLORS = {
    REMOVED: "green",
    ABSENT: "green",
    FAILED: "bold red",
    UNKNOWN: "bold magenta",
    REFUSED: "yellow",
    PLANNED: "cyan",
    SUCCEEDED: "green",
    PARTIAL: "yellow",
    "interrupted": "yellow",
    "running": "cyan",
}


def shown(value: Cell) -> str:
    """Return a text that only shows itself: what could steer a terminal is spelt out."""
    text = "" if value is None else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def drawn(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, terminal: TextIO, color: bool
) -> str:
    """Draw a table; columns without any value are left out."""
    kept = [at for at in range(len(columns)) if any(row[at] not in (None, "") for row in rows)]
    names = [columns[at] for at in kept]
    texts = [[shown(row[at]) for at in kept] for row in rows]
    if terminal.isatty():
        try:
            return _rich(names, texts, terminal, color=color)
        except ModuleNotFoundError:
            pass
    return _plain(names, texts)


def _plain(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns; nothing is cut, so that a line can be searched and cut by programs."""
    lines = [list(names), *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    padded = (
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "".join(f"{line}\n" for line in padded)


def _rich(
    names: Sequence[str], rows: Sequence[Sequence[str]], terminal: TextIO, *, color: bool
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(text, COLORS.get(text, "")) for text in row))
    console = Console(file=terminal, no_color=not color, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
