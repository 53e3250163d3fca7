"""What SecMaster and WAF share: the gateway before them and the request id of every answer."""

from collections.abc import Mapping
from time import time
from typing import Any
from uuid import uuid4

from .authentication import Gateway, RefusedError
from .exchange import Answer, Request

LARGEST_SIGNED_BODY = 12 * 1024 * 1024


def answered(status: int, document: Any) -> Answer:
    """Return an answer with X-request-id: request_uuid-timestamp-hostname."""
    return Answer(status, document, {"X-request-id": _request_id()})


def gateway_error(status: int, code: str, message: str) -> Answer:
    """Return the gateway's own form of a refusal, which repeats the request id."""
    request_id = _request_id()
    document = {"error_msg": message, "error_code": code, "request_id": request_id}
    return Answer(status, document, {"X-request-id": request_id})


def no_such_api(request: Request) -> Answer:
    """Return the gateway's answer to a path or method that leads nowhere."""
    message = "The API does not exist or has not been published in the environment"
    return gateway_error(404, "APIGW.0101", f"{message}: {request.method} {request.raw_path}")


def identify(gateway: Gateway, request: Request) -> Mapping[str, Any] | Answer:
    """Return the caller's credential, or the answer that refuses the request.

    Raises RefusedError for an expired token only, which WAF words in its own way.
    """
    if request.length < 0 or request.length > LARGEST_SIGNED_BODY:
        status = 400 if request.length < 0 else 413
        return gateway_error(status, "APIGW.0201", "The request body is malformed or too large")
    try:
        return gateway.authenticate(request)
    except RefusedError as refused:
        if refused.expired:
            raise
        return unauthenticated(refused)


def unauthenticated(refused: RefusedError) -> Answer:
    """Return the gateway's 401."""
    message = f"Incorrect IAM authentication information: {refused}"
    return gateway_error(401, "APIGW.0301", message)


def _request_id() -> str:
    return f"{uuid4()}-{int(time() * 1000)}-sandbox"
