"""Where the command speaks: results on standard output, all else on standard error."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from ..errors import PluginError
from ..outcome import Summary
from ..trust.record import error_row, record
from .parser import Options
from .table import Cell, drawn, shown

RED, YELLOW, PLAIN = "\x1b[1;31m", "\x1b[33m", "\x1b[0m"


class Output:
    """Standard output and standard error.

    json: results are for a program; quiet: no notes and warnings; color: if the terminal has it.
    recorded: what the store has of a run that was cut short, empty when there is none.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, color: bool = True) -> None:
        self.json, self.quiet = json, quiet
        self.color = color and not os.environ.get("NO_COLOR")
        self.recorded = ""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def say(self, text: str = "") -> None:
        """Print a line of the result; a reader that went away is no mistake."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Print a part of the result as it is."""
        self._write(sys.stdout, text)

    def print_json(self, value: Any) -> None:
        """Print a result for a program; indented for a person who looks at it.

        Nothing where nobody reads it: a record may be long.
        """
        if _goes_nowhere(sys.stdout):
            return
        if sys.stdout.isatty():
            self.say(json.dumps(value, indent=2, default=list))
            return
        for piece in _pieces(value):
            self.write(piece)
        self.say()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Print a table."""
        self._write(sys.stdout, drawn(columns, rows, terminal=sys.stdout, color=self.color))

    def facts(self, rows: Iterable[tuple[str, Cell]]) -> None:
        """Print names with their values, a line each; those without a value are left out."""
        known = [(name, shown(value)) for name, value in rows if value not in (None, "")]
        width = max(len(name) for name, _ in known)
        for name, value in known:
            self.say(f"{name.ljust(width)}  {value}")

    def note(self, text: str) -> None:
        """Tell what a person may want to know."""
        if not self.quiet:
            self._write(sys.stderr, f"{text}\n")

    def warn(self, text: str) -> None:
        """Tell what a person should know."""
        if not self.quiet:
            self._marked("warning", YELLOW, text)

    def error(self, text: str) -> None:
        """Tell what went wrong, and what to do, in one line."""
        self._marked("error", RED, text)

    def errors(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Tell the errors of a record, a line a mistake."""
        for row in rows:
            problems = row.get("problems") or row["message"].splitlines() or [row["error"]]
            for problem in dict.fromkeys(problems):
                self.error(problem)

    def failed(self, error: PluginError, options: Options) -> None:
        """Tell the error that ended the command, a line a mistake; with --json as a record too."""
        self.errors([error_row(error)])
        if self.json:
            kind = "playbook" if options.given("playbook") else "action"
            name, errors = options.given(kind), [error_row(error)]
            self.print_json(record(kind, name, None, Summary(), result="failed", errors=errors))
        if self.recorded:
            self.error(self.recorded)

    def interrupted(self, *, sent: bool) -> None:
        """Tell that the command was interrupted, and what is recorded, or that nothing was sent.

        sent: whether something may have been.
        """
        said = f": {self.recorded}" if self.recorded else "" if sent else "; nothing was sent"
        self.error(f"interrupted{said}")

    def flush(self) -> None:
        """Write out what is buffered."""
        for stream in (sys.stdout, sys.stderr):
            self._write(stream, "", flush=True)

    def _marked(self, mark: str, color: str, text: str) -> None:
        colored = self.color and sys.stderr.isatty()
        start = f"{color}{mark}:{PLAIN}" if colored else f"{mark}:"
        self._write(sys.stderr, f"{start} {shown(text)}\n")

    def _write(self, stream: TextIO, text: str, *, flush: bool = False) -> None:
        try:
            stream.write(text)
            if flush or stream is sys.stderr:
                stream.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _goes_nowhere(stream: TextIO) -> bool:
    """Tell whether a stream is the null device, as that of a process that a worker starts."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), Path(os.devnull).stat())
    except (OSError, ValueError):  # it is no file, as in tests
        return False


def _pieces(value: Any) -> Iterator[str]:
    """Yield JSON piece by piece, so that a list of the store is never whole in memory."""
    if isinstance(value, Mapping):
        for at, (key, entry) in enumerate(value.items()):
            yield f"{', ' if at else '{'}{json.dumps(key)}: "
            yield from _pieces(entry)
        yield "}" if value else "{}"
    elif isinstance(value, Sequence) and not isinstance(value, str | list | tuple):
        yield "["
        for at, entry in enumerate(value):
            yield f"{', ' if at else ''}{json.dumps(entry)}"
        yield "]"
    else:
        yield json.dumps(value)
