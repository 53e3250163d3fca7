"""One documented operation: quote the path, send, retry, read the answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from urllib.parse import quote, urlencode

from requests import RequestException, Response, Session
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    SSLError,
)

from .errors import ApiError, ArgumentError, ResponseError, TransportError
from .retries import UNCLEAR, unclear

# A path value that holds one of these could reach another endpoint: servers and proxies decode
# and resolve before they route.
NOT_A_SEGMENT = re.compile(r"[/\\\x00-\x1f\x7f]|%2f|%5c|%2e|%00", re.IGNORECASE)
LONGEST_SEGMENT = 1024
# What the document's own sample holds: a backslash that escapes nothing.
BACKSLASH = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
LONGEST_EXCERPT = 200
# Words of a TLS failure with which a handshake ends, before any request.
BEFORE_SENDING = ("CERTIFICATE", "FINGERPRINT", "HANDSHAKE", "VERSION")


@dataclass(frozen=True)
class Answer:
    """A 2xx answer. body: the decoded JSON; unclear: an earlier try may have been carried out."""

    status: int
    body: Any
    request_id: str | None
    attempts: int
    unclear: bool

    def undocumented(self, what: str) -> ResponseError:
        """Return the error for an answer that is not the documented one."""
        return ResponseError(
            f"{self.status}: {what}; what was done is not known",
            status=self.status,
            request_id=self.request_id,
            attempts=self.attempts,
        )


@dataclass(frozen=True)
class Endpoint:
    """A method and a path template below a connection's address.

    headers: documented request headers with a constant value, sent verbatim.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def check_path(self, arguments: Mapping[str, Any]) -> None:
        """Refuse arguments that cannot be one segment of the path, each, before a call starts."""
        for _, name, _, _ in Formatter().parse(self.path):
            if name and name in arguments:
                segment(name, arguments[name])

    def send(
        self,
        session: Session,
        address: str,
        *,
        path: Mapping[str, str],
        query: Mapping[str, str | int | None],
        body: object,
        timeout: tuple[float, float],
    ) -> Answer:
        """Send one request and return its answer.

        path, query: by placeholder and name, a None in the query is left out; body: JSON value,
        None for no body; timeout: seconds to connect, seconds to wait for the answer.
        Raises ArgumentError, TransportError, ApiError, ResponseError.
        """
        segments = {name: segment(name, value) for name, value in path.items()}
        url = f"{address}/{self.path.format_map(segments)}"
        if pairs := sorted((name, value) for name, value in query.items() if value is not None):
            url += "?" + urlencode(pairs, quote_via=quote, safe="~")
        headers = {name: value.format_map(segments) for name, value in self.headers.items()}
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        try:
            response = session.request(
                self.method,
                url,
                data=content,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
        except RequestException as error:
            raise _no_answer(error, address) from error
        return _read(response)


def segment(name: str, value: str) -> str:
    """Quote a value so that it stays one segment of a path.

    Dots need no quoting, so "." and ".." would be resolved away, and an empty segment would
    make the deletion of an indicator that of its supplier.
    """
    if value in {"", ".", ".."} or NOT_A_SEGMENT.search(value) or len(value) > LONGEST_SEGMENT:
        shown = value if len(value) <= 60 else f"{value[:60]}…"
        raise ArgumentError(f"{name}: {shown!r} cannot be one segment of a path; name it exactly")
    return quote(value.encode("utf-8", "surrogatepass"), safe="~")


def _read(response: Response) -> Answer:
    """Turn a response into an answer, or into the error that it is."""
    history = response.raw.retries.history if response.raw.retries else ()
    attempts, request_id = len(history) + 1, response.headers.get("X-request-id")
    status, text = response.status_code, response.content.decode("utf-8", "replace")
    body = _decoded(text)
    if status >= 400:
        lost = unclear(history) or (status in UNCLEAR and (status != 500 or body is None))
        raise _refusal(status, body, text, response.reason, request_id, attempts, lost)
    if not 200 <= status < 300 or status == 204 or body is None:
        said = f"{status} {response.reason}".strip()
        kind = "an answer that is not JSON" if 200 <= status < 300 else "no documented answer"
        raise ResponseError(
            f"{said}: {kind}; what was done is not known",
            status=status,
            request_id=request_id,
            attempts=attempts,
        )
    return Answer(status, body, request_id, attempts, unclear(history))


def _decoded(text: str) -> Any:
    """Decode JSON, with the stray backslashes of CyberTrace's own sample; None if it is none."""
    for candidate in (text, BACKSLASH.sub(lambda m: m[0] if m[1] else r"\\", text)):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    return None


def _refusal(
    status: int,
    body: Any,
    text: str,
    phrase: str,
    request_id: str | None,
    attempts: int,
    lost: bool,
) -> ApiError:
    """Read what a refusal says, in the form of whoever answered: a system, IAM, a proxy."""
    said = body[0] if isinstance(body, list) and body else body
    said = said.get("error", said) if isinstance(said, dict) else {}
    said = said if isinstance(said, dict) else {}
    code = said.get("error_code") or said.get("code") or said.get("errorCode")
    reason = (
        said.get("error_msg") or said.get("message") or said.get("status") or said.get("errorMsg")
    )
    if not isinstance(reason, str):
        reason = (
            phrase if body is None and "<" in text else text.strip()[:LONGEST_EXCERPT] or phrase
        )
    line = " ".join(f"{status} {code or ''}: {reason}".split()).replace(" :", ":")
    return ApiError(
        line,
        status=status,
        code=None if code is None else str(code),
        request_id=request_id or said.get("request_id"),
        fields={name: value for name, value in said.items() if value not in (None, "", [])},
        attempts=attempts,
        unclear=lost,
    )


def _no_answer(error: RequestException, address: str) -> TransportError:
    """Say why no answer came, and whether the request can have reached the system."""
    ended = error.args[0] if error.args else error
    history = getattr(ended, "history", ())
    reason = ended.reason if isinstance(ended, MaxRetryError) else ended
    words = " ".join(str(reason).split()).rpartition(": ")[2] or type(error).__name__
    sent = unclear(history) or not _before_sending(error, reason)
    if isinstance(error, ReadTimeout) or "Read timed out" in str(reason):
        what = "no answer in time"
    elif sent:
        what = "the connection broke before the answer was complete"
    else:
        what = "no connection"
    message = f"{what} from {address}: {words}" if sent else f"{what} to {address}: {words}"
    if isinstance(reason, SSLError) and not sent:
        message += "; if this server is to be trusted, set its ca_bundle or fingerprint"
    return TransportError(message, sent=sent, attempts=len(history) + 1)


def _before_sending(error: RequestException, reason: object) -> bool:
    """Tell whether a failure came before the request was sent: at preparing, connecting, trusting.

    What requests refuses to prepare, such as an address with a wrong port, is a ValueError too.
    """
    if isinstance(reason, SSLError):
        return any(word in str(reason).upper() for word in BEFORE_SENDING)
    return isinstance(error, ValueError | ConnectTimeout | ProxyError) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
