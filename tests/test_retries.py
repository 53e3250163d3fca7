"""When a request is tried again: what the server asks for, what a deletion may repeat."""

from typing import Any

import pytest
from urllib3.response import HTTPResponse

from ioc_removal.retries import TRIES, Retries, retries_of_one_request

LIMITED = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:{}"


def pauses(status: int, text: str = "", time: float = 1e6, **headers: str) -> list[float]:
    """Return the pauses before each of the tries that follow the same answer.

    time: the seconds that the request has.
    """
    response = HTTPResponse(
        status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    found: list[float] = []
    left: Retries | None = retries_of_one_request()
    while left and (left := left.after_answer("DELETE", "/", response, text, time)):
        found.append(left.pause)
        time -= left.pause
    return found


@pytest.mark.parametrize("status", [425, 429, 502, 503, 504])
def test_what_may_go_better_later_is_tried_four_times_more(status: int) -> None:
    waits = pauses(status)
    assert len(waits) == TRIES
    assert waits == sorted(waits)
    assert waits[-1] <= 5


@pytest.mark.parametrize(
    "status", [200, 204, 302, 400, 401, 403, 404, 405, 408, 409, 413, 501, 505]
)
def test_every_other_answer_is_final(status: int) -> None:
    assert pauses(status) == []


def test_a_500_is_tried_once_more_also_among_others() -> None:
    assert len(pauses(500)) == 1
    crashed, busy = HTTPResponse(status=500), HTTPResponse(status=503)
    left = retries_of_one_request()
    for response in (crashed, busy):
        left = left.after_answer("DELETE", "/", response, "", 100.0) or pytest.fail("no try left")
    assert left.after_answer("DELETE", "/", crashed, "", 100.0) is None
    assert retries_of_one_request(crashes=0).after_answer("DELETE", "/", crashed, "", 100.0) is None


@pytest.mark.parametrize(("after", "pause"), [("0", 0.0), ("7", 7.0), ("3600", 3600.0)])
def test_retry_after_is_obeyed(after: str, pause: float) -> None:
    assert pauses(503, Retry_After=after)[0] == pause
    assert pauses(429, LIMITED.format("1 minute"), Retry_After=after)[0] == pause


@pytest.mark.parametrize(
    "after", ["soon", "", "-1", "1e3", "9" * 400, "9" * 5000, "Fri, 99 Foo 2099 00:00:00 GMT", "٣"]
)
def test_a_retry_after_that_cannot_be_read_is_as_none(after: str) -> None:
    waits = pauses(429, Retry_After=after)
    assert len(waits) == TRIES
    assert waits[0] >= 0


@pytest.mark.parametrize(
    ("text", "whole"),
    [("1 minute", 60), ("5 minute", 300), ("30 second", 30), ("1 hour", 3600), ("1 MINUTE", 60)],
)
def test_the_last_try_comes_when_the_time_of_a_limit_has_passed(text: str, whole: int) -> None:
    waits = pauses(429, LIMITED.format(text))
    assert sum(waits) == pytest.approx(whole, abs=10)
    assert sum(waits) >= whole
    assert waits == sorted(waits)
    assert sum(pauses(429, LIMITED.format(text), time=200.0)) < 200
    assert pauses(503, LIMITED.format(text))[-1] < 10  # the text is the gateway's 429


def test_a_limit_of_five_minutes_fits_into_the_usual_time_of_a_request() -> None:
    waits = pauses(429, LIMITED.format("5 minute"), time=300.0)
    assert len(waits) == TRIES
    assert 280 < sum(waits) < 300


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError("x"), RuntimeError("x")], ids=lambda e: type(e).__name__
)
def test_what_is_no_failure_to_connect_is_not_repeated(error: Any) -> None:
    assert retries_of_one_request().after_failure("DELETE", "/", error) is None
