"""Tell of the pauses that a busy or unreachable server causes, while they last."""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import INFO, Handler, LogRecord, getLogger

from .output import Output


class _Notes(Handler):
    """Turns what the plugin logs into notes."""

    def __init__(self, output: Output) -> None:
        super().__init__(INFO)
        self._output = output

    def emit(self, record: LogRecord) -> None:
        """Print one line."""
        self._output.note(record.getMessage())


@contextmanager
def told_pauses(output: Output) -> Iterator[None]:
    """Print what is logged meanwhile as notes."""
    log, notes = getLogger("ioc_removal"), _Notes(output)
    before = log.level
    log.addHandler(notes)
    log.setLevel(INFO)
    try:
        yield
    finally:
        log.removeHandler(notes)
        log.setLevel(before)
