"""Which requests are tried again, and when: urllib3's Retry with the rules of a deletion."""

from functools import cache
from re import search
from typing import Any

from urllib3.exceptions import InvalidHeader, MaxRetryError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

# A server that is starting (425), busy (429), or behind a gateway in trouble (502 to 504).
RETRIED = frozenset({425, 429, 502, 503, 504})
NOT_DONE = frozenset({425, 429})  # those of them that say that nothing was carried out
CRASHED = 500
TRIES = 4  # more than the first
# Seconds before a server that says "later" is asked again, when it does not say how much later.
LATER = {425: 0.5, 429: 0.5}
# How Huawei's gateway words a limit: so many requests in so many minutes.
# Source: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
THROTTLED = r"(?i)limit:\d+,\s*time:(\d{1,4})\s*(second|minute|hour)"
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
# The waits are growing parts of the time that a limit counts: the last try comes after all of it,
# or as late as the time of the request allows.
SHARES = tuple(2**place / (2**TRIES - 1) for place in range(TRIES))
FOR_TRIES = 10.0  # seconds that the waits leave


class Retries(Retry):
    """Repeat what was surely not carried out, and the answers that ask for it.

    A request that was sent and not answered is not repeated here: its handler knows how to settle
    it. crashes: how often a 500 is tried again.
    """

    def __init__(self, *, crashes: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.crashes = crashes
        self.asked = 0.0

    def new(self, **changes: Any) -> "Retries":
        """Return the retries that are left."""
        return super().new(crashes=self.crashes, **changes)

    @property
    def attempts(self) -> int:
        """How often the request was tried, with the try that is being made."""
        return len(self.history) + 1

    def after_failure(self, method: str, url: str, error: Exception) -> "Retries | None":
        """Return the retries that are left when nothing was sent; None when there are none."""
        return self._counted(method, url, error=error)

    def after_answer(
        self, method: str, url: str, response: BaseHTTPResponse, text: str, time: float
    ) -> "Retries | None":
        """Return the retries that are left after an answer; None when it is the last.

        text: the body of the answer; time: the seconds that the request still has.
        """
        if response.status not in self.status_forcelist:
            return None
        crashed = sum(entry.status == CRASHED for entry in self.history)
        if response.status == CRASHED and crashed >= self.crashes:
            return None
        left = self._counted(method, url, response=response)
        if left is not None:
            left.asked = left.asked_by(response, text, time)
        return left

    @property
    def pause(self) -> float:
        """The seconds to wait before the next try."""
        return max(self.asked, self.get_backoff_time())

    def asked_by(self, response: BaseHTTPResponse, text: str, time: float) -> float:
        """Return the seconds that an answer asks to wait; time: that the request still has."""
        try:
            after = self.get_retry_after(response)
        except (InvalidHeader, ValueError, TypeError, ArithmeticError, LookupError):
            after = None  # it cannot be read
        if after is None and response.status == 429 and (said := search(THROTTLED, text)):
            tried = len(self.history) - 1
            window: float = int(said[1]) * SECONDS[said[2].lower()]
            if time > 2 * FOR_TRIES:
                window = min(window, (time - FOR_TRIES) / sum(SHARES[tried:]))
            after = window * SHARES[tried]
        return LATER.get(response.status, 0.0) if after is None else after

    def _counted(self, method: str, url: str, **what: Any) -> "Retries | None":
        try:
            return self.increment(method, url, **what)
        except MaxRetryError:
            return None


@cache  # what is left after a try is made anew
def retries_of_one_request(
    crashes: int = 1, tries: int | None = None, *, once: bool = False
) -> Retries:
    """Return the retries of one request: up to four more tries, with growing, random pauses.

    crashes: how often a 500 is tried again; tries: how many there may be in all, None for five;
    once: whether only what was surely not carried out is tried again.
    """
    more = TRIES if tries is None else max(0, min(TRIES, tries - 1))
    return Retries(
        crashes=crashes,
        total=more,
        connect=min(3, more),
        read=0,
        other=0,
        status_forcelist=NOT_DONE if once else RETRIED | {CRASHED},
        allowed_methods=None,
        backoff_factor=0.5,
        backoff_jitter=0.5,
        backoff_max=30,
        respect_retry_after_header=False,
    )
