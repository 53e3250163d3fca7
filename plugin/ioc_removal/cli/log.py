"""Events as lines of JSON: of `--log FILE`, and of a worker."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from logging import Handler, LogRecord, getLogger
from typing import Any

from ..errors import ArgumentError, PluginError
from ..events import DETAIL, LOGGER_OF_EVENTS, WRONG, tell

STDERR = "-"


class JSONLines(Handler):
    """Writes each event in a line.

    write: a line, with its end; level: of the least events; about: facts of every line.
    """

    def __init__(
        self, write: Callable[[str], object], level: int, about: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(level)
        self._write, self._about = write, about or {}

    def emit(self, record: LogRecord) -> None:
        """Write one line; a log that cannot be written ends nothing."""
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        row = {"at": at, "level": record.levelname.lower(), **self._about}
        row |= {"event": record.getMessage(), **getattr(record, "facts", {})}
        with suppress(OSError):
            self._write(json.dumps(row) + "\n")


@contextmanager
def told_to(handler: Handler) -> Iterator[None]:
    """Let a handler be told of events meanwhile."""
    events = getLogger(LOGGER_OF_EVENTS)
    before = events.level
    events.addHandler(handler)
    events.setLevel(min(one.level for one in events.handlers if one.level) or handler.level)
    try:
        yield
    finally:
        events.removeHandler(handler)
        events.setLevel(before)


@contextmanager
def logged(path: str | None) -> Iterator[None]:
    """Append the events of a command to a file; "-" is standard error, None writes none.

    Raises ArgumentError when it cannot be written.
    """
    if path is None:
        yield
        return
    with (
        _opened(path) as file,
        told_to(JSONLines(lambda line: os.write(file, line.encode()), DETAIL)),
    ):
        try:
            yield
        except PluginError as error:
            tell(WRONG, "failed", error=type(error).__name__, message=str(error))
            raise
        except KeyboardInterrupt:
            tell(WRONG, "interrupted")
            raise


@contextmanager
def _opened(path: str) -> Iterator[int]:
    if path == STDERR:
        yield sys.stderr.fileno()
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ArgumentError(f"--log {path}: it cannot be written: {why}") from error
    try:
        yield file
    finally:
        os.close(file)
