"""Which requests are tried again, and when: urllib3's Retry with the rules of a deletion."""

from typing import Any

from urllib3.exceptions import InvalidHeader, MaxRetryError, ResponseError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import RequestHistory, Retry

# A server that is starting (425), busy (429), or behind a gateway in trouble (502 to 504).
RETRIED = frozenset({425, 429, 502, 503, 504})
# After these the request may have been carried out all the same.
UNCLEAR = frozenset({500, 502, 503, 504})
# Seconds; a server that asks for more gets its answer reported instead.
LONGEST_WAIT = 60.0


class PoliteRetry(Retry):
    """Repeat what was surely not carried out, never after a wait of more than a minute.

    A request that was sent and not answered is not repeated here: its handler knows how to settle
    it. The exception that ends the tries carries their history.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> "PoliteRetry":
        """Count a try; end them when none is left or the server asks for too long a wait."""
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT:
            raise MaxRetryError(_pool, url or "", ResponseError("asked to wait too long"))
        try:
            return super().increment(method, url, response, error, _pool, _stacktrace)
        except MaxRetryError as ended:
            ended.history = self.history  # type: ignore[attr-defined]  # endpoint.py reads it
            raise

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the wait that the server asks for, in seconds; None when it cannot be read."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None


def polite_retry() -> PoliteRetry:
    """Return the retries of one request: up to four more tries, with growing, random pauses."""
    return PoliteRetry(
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


def unclear(history: tuple[RequestHistory, ...]) -> bool:
    """Tell whether an earlier try may have been carried out."""
    return any(entry.status in UNCLEAR for entry in history)
