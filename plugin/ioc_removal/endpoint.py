"""One documented operation: quote the path, send, retry, say why no answer came."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from urllib.parse import quote, urlencode

from requests import Request, RequestException, Session
from requests.exceptions import ConnectTimeout, InvalidSchema, InvalidURL, ProxyError, ReadTimeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

from .answer import Answer, Quotes, read_answer
from .errors import ArgumentError, TransportError
from .retries import History, unclear
from .secret import MASK

# A path value that holds one of these could reach another endpoint: servers and proxies decode
# and resolve before they route.
NOT_A_SEGMENT = re.compile(r"[/\\\x00-\x1f\x7f]|%2f|%5c|%2e|%00", re.IGNORECASE)
LONGEST_SEGMENT = 1024
# Words of a TLS failure with which a handshake ends, before any request.
BEFORE_SENDING = ("CERTIFICATE", "FINGERPRINT", "HANDSHAKE", "VERSION")
# An address or a proxy that cannot be used, or was not reached.
NOT_CONNECTED = (ConnectTimeout, InvalidSchema, InvalidURL, LocationValueError, ProxyError)
# A proxy's name and password, as they stand in its address.
USERINFO = re.compile(r"//[^/\s]*@")


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
        quotes: Quotes,
    ) -> Answer:
        """Send one request and return its answer.

        path, query: by placeholder and name, a None in the query is left out; body: JSON value,
        None for no body; timeout: seconds to connect, seconds to wait for the answer; quotes: how
        the system is quoted in errors.
        Raises ArgumentError, TransportError, ApiError, ResponseError.
        """
        segments = {name: segment(name, value) for name, value in path.items()}
        url = f"{address}/{self.path.format_map(segments)}"
        if pairs := sorted((name, value) for name, value in query.items() if value is not None):
            url += "?" + urlencode(pairs, quote_via=quote, safe="~")
        headers = {name: value.format_map(segments) for name, value in self.headers.items()}
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        history: History = ()
        try:
            request = session.prepare_request(
                Request(self.method, url, data=content, headers=headers)
            )
        except (RequestException, ValueError) as error:
            words = USERINFO.sub(f"//{MASK}@", quotes.line(str(error)))
            raise TransportError(f"no connection to {address}: {words}", sent=False) from error
        try:
            with session.send(
                request, timeout=timeout, allow_redirects=False, stream=True
            ) as response:
                history = response.raw.retries.history if response.raw.retries else ()
                _ = response.content  # may still break, after tries that count
        except Exception as error:  # whatever it is, the request may have been carried out
            raise _no_answer(error, address, history, quotes) from error
        return read_answer(response, quotes)


def segment(name: str, value: str) -> str:
    """Quote a value so that it stays one segment of a path.

    Dots need no quoting, so "." and ".." would be resolved away, and an empty segment would
    make the deletion of an indicator that of its supplier.
    """
    if value in {"", ".", ".."} or NOT_A_SEGMENT.search(value) or len(value) > LONGEST_SEGMENT:
        shown = value if len(value) <= 60 else f"{value[:60]}…"
        raise ArgumentError(f"{name}: {shown!r} cannot be one segment of a path; name it exactly")
    return quote(value.encode("utf-8", "surrogatepass"), safe="~")


def _no_answer(error: Exception, address: str, history: History, quotes: Quotes) -> TransportError:
    """Say why no answer came, and whether the request can have reached the system."""
    ended = error.args[0] if error.args else error
    history = history or getattr(ended, "history", ())
    reason = ended.reason if isinstance(ended, MaxRetryError) else ended
    words = USERINFO.sub(f"//{MASK}@", " ".join(str(reason).split())).rpartition(": ")[2]
    sent = unclear(history) or not _before_sending(error, reason)
    if isinstance(error, ReadTimeout) or "Read timed out" in str(reason):
        what = "no answer in time"
    elif sent:
        what = "the connection broke before the answer was complete"
    else:
        what = "no connection"
    way = "from" if sent else "to"
    message = f"{what} {way} {address}: {quotes.line(words) or type(error).__name__}"
    if isinstance(reason, SSLError) and not sent:
        message += "; if this server is to be trusted, set its ca_bundle or fingerprint"
    return TransportError(message, sent=sent, attempts=len(history) + 1)


def _before_sending(error: Exception, reason: object) -> bool:
    """Tell whether a failure came before the request was sent: at addressing, connecting, trusting.

    Other ValueErrors come from reading an answer.
    """
    if isinstance(reason, SSLError):
        return any(word in str(reason).upper() for word in BEFORE_SENDING)
    return isinstance(error, NOT_CONNECTED) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError | NameResolutionError
    )
