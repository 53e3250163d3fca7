"""What a status usually comes with: a system's words, or a page of the proxy before it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from http import HTTPStatus

from .authentication import RefusedError
from .exchange import Answer, Request
from .huawei import answered, gateway_error, unauthenticated
from .iam import documented_time, iam_error
from .writing import BODILESS, phrase

SYSTEMS = ("cybertrace", "secmaster", "waf", "iam")
HUAWEI = ("secmaster", "waf")
GATEWAYS = (502, 503, 504)

THROTTLED = (
    "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 minute"
)

_GATEWAY: Mapping[int, Callable[[], Answer]] = {
    401: lambda: unauthenticated(RefusedError("decrypt token fail")),
    403: lambda: gateway_error(403, "APIGW.0302", "Incorrect IAM authentication information"),
    429: lambda: gateway_error(429, "APIGW.0308", THROTTLED),
}


def usual(status: int, system: str | None) -> Answer:
    """Return an answer of such a status without anybody having acted."""
    if status in BODILESS:
        return Answer(status, b"")
    if system == "cybertrace" and status not in GATEWAYS:
        return Answer(status, [{"status": phrase(status)}])
    if system == "iam" and status not in GATEWAYS:
        return iam_error(status, phrase(status))
    if status in _GATEWAY and system in HUAWEI:
        return _GATEWAY[status]()
    return page(status)


def page(status: int) -> Answer:
    """Return a page as a proxy or load balancer shows it."""
    text = f"<html><body>{status} {phrase(status)}</body></html>".encode()
    answer = answered(status, text)
    return Answer(status, text, {**answer.headers, "Content-Type": "text/html"})


def redirect(request: Request) -> Answer:
    """Send the client to another name of the same address, where it would be heard."""
    _, _, port = request.header("Host").rpartition(":")
    location = f"//localhost:{port}{request.target}"
    return Answer(HTTPStatus.TEMPORARY_REDIRECT, b"", {"Location": location})


def expired(system: str | None) -> Answer:
    """Return the words for an IAM token that expired: WAF has words of its own."""
    if system == "waf":
        return answered(400, {"error_code": "WAF.00012001", "error_msg": "invalid.token"})
    now = documented_time(datetime.now(timezone.utc))
    return unauthenticated(RefusedError(f"token expires, expires_at: {now}"))
