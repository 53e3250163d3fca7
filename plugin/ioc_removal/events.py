"""Tell what happens, for logs and metrics: each event with facts by name, as a record of logging.

Whoever wants to know adds a handler to the logger `ioc_removal.events`; a record has the event as
its message and its facts as `facts`, JSON without secrets. Nobody else is told.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from logging import DEBUG, INFO, WARNING, Logger, NullHandler, getLogger
from time import monotonic
from typing import Any

WRONG, NOTED, DETAIL = WARNING, INFO, DEBUG  # what went wrong, what was done, each batch
TRACE = 5  # each request
LOGGER_OF_EVENTS = "ioc_removal.events"


def _logger() -> Logger:
    logger = getLogger(LOGGER_OF_EVENTS)
    logger.propagate = False  # what logs other things of a program does not expect these
    logger.addHandler(NullHandler())
    return logger


_LOGGER = _logger()
_NOT_TOLD = nullcontext()


def is_told(level: int) -> bool:
    """Tell whether somebody wants to know of events of a level."""
    return _LOGGER.isEnabledFor(level)


def tell(level: int, event: str, **facts: Any) -> None:
    """Tell that something happened."""
    if is_told(level):
        _LOGGER.log(level, event, extra={"facts": facts})


def told_request(connection: str, action: str) -> AbstractContextManager[None]:
    """Tell that a request begins, and when it ends what came of it and how long it took."""
    return _told_request(connection, action) if is_told(TRACE) else _NOT_TOLD


@contextmanager
def _told_request(connection: str, action: str) -> Iterator[None]:
    tell(TRACE, "request begun", connection=connection, action=action)
    began, answer = monotonic(), "2xx"
    try:
        yield
    except Exception as error:
        status = getattr(error, "status", None)
        answer = f"{status // 100}xx" if isinstance(status, int) else "none"
        raise
    finally:
        seconds = round(monotonic() - began, 6)
        facts = {"connection": connection, "action": action, "answer": answer}
        tell(TRACE, "request ended", **facts, seconds=seconds)
