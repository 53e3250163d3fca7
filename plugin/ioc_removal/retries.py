"""Which requests are tried again, and when: urllib3's Retry with the rules of a deletion."""

from collections.abc import Callable
from typing import Any

from urllib3.exceptions import InvalidHeader, MaxRetryError, ResponseError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import RequestHistory, Retry

# A server that is starting (425), busy (429), or behind a gateway in trouble (502 to 504).
RETRIED = frozenset({425, 429, 502, 503, 504})
# Seconds; a server that asks for more gets its answer reported instead.
LONGEST_WAIT = 60.0

History = tuple[RequestHistory, ...]


class PoliteRetry(Retry):
    """Repeat what was surely not carried out, never after a wait of more than a minute.

    A request that was sent and not answered is not repeated here: its handler knows how to settle
    it. The exception that ends the tries carries their history.
    closed: asked after each wait; nothing is repeated on a connection that was closed meanwhile.
    """

    def __init__(self, *, closed: Callable[[], bool] = lambda: False, **options: Any) -> None:
        super().__init__(**options)
        self._closed = closed

    def new(self, **changes: Any) -> "PoliteRetry":
        """Return the retries that are left, on the same connection."""
        return super().new(closed=self._closed, **changes)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> "PoliteRetry":
        """Count a try and wait; end them when none is left, or the wait is too long.

        The wait is here because what ends the tries here leaves the last answer to be reported.
        """
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT:
            raise MaxRetryError(_pool, url or "", ResponseError("asked to wait too long"))
        try:
            left = super().increment(method, url, response, error, _pool, _stacktrace)
            Retry.sleep(left, response)
            self._check(_pool, url or "", error or ResponseError("closed"))
        except MaxRetryError as ended:
            ended.history = self.history  # type: ignore[attr-defined]  # endpoint.py reads it
            raise
        return left

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Do not wait: increment has."""

    def _check(self, pool: Any, url: str, cause: Exception) -> None:
        if self._closed():
            raise MaxRetryError(pool, url, cause)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the wait that the server asks for, in seconds; None when it cannot be read."""
        try:
            return super().get_retry_after(response)
        except (InvalidHeader, ValueError, TypeError, ArithmeticError, LookupError):
            return None


def polite_retry(closed: Callable[[], bool]) -> PoliteRetry:
    """Return the retries of one request: up to four more tries, with growing, random pauses.

    closed: whether nothing more is to be sent.
    """
    return PoliteRetry(
        closed=closed,
        total=4,
        connect=3,
        read=0,
        other=0,
        status_forcelist=RETRIED,
        allowed_methods=None,
        backoff_factor=0.5,
        backoff_jitter=0.5,
        backoff_max=30,
        raise_on_status=False,
    )


def unclear(history: History) -> bool:
    """Tell whether an earlier try may have been carried out: a 5xx says nothing against it."""
    return any((entry.status or 0) >= 500 for entry in history)
