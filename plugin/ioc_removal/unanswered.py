"""Why no answer came to a request, in one line that says whose move it is."""

import re
from http.client import BadStatusLine, RemoteDisconnected
from ssl import SSLError as PythonSSLError
from typing import Any

from requests.exceptions import ReadTimeout
from urllib3.exceptions import MaxRetryError, ProxyError, SSLError

from .deadline import Deadline
from .errors import HungUpError, TransportError
from .wire import Wire

# What a server says of the certificate that a client shows, or does not show: with TLS 1.3 it
# comes after the handshake, in place of an answer, and the request was not read.
OF_THE_CLIENT = re.compile(
    "ALERT_(CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)"
    "|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE)"
)
# By what OpenSSL says: what is to be done. {whose}: a name for who showed the certificate;
# {keys}: settings that make it trusted; {address}: the setting with its address.
TLS: tuple[tuple[str, str], ...] = (
    (
        "Fingerprints did not match",
        "it shows another certificate than the one of fingerprint: set that of the new one if it "
        "was renewed on purpose; if not, somebody may stand in between",
    ),
    (
        "certificate has expired",
        "its certificate has to be renewed by who runs {whose}; check this machine's clock, too",
    ),
    ("not yet valid", "check the clock of this machine"),
    (
        "ostname mismatch|IP address mismatch|doesn't match",
        "{address} must name {whose} as its certificate does",
    ),
    (
        "EOF occurred|WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER_FAILURE",
        "perhaps no TLS is spoken there: check scheme and port in {address}",
    ),
    (
        "UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|NO_PROTOCOLS_AVAILABLE"
        "|INTERNAL_ERROR_VERSION|VERSION_TOO_LOW|LEGACY_SIGALG|DISALLOWED",
        "it speaks no TLS that is safe enough: who runs {whose} has to enable TLS 1.2 or newer",
    ),
    ("CERTIFICATE_VERIFY_FAILED", "if {whose} is to be trusted, set {keys}"),
)
SERVER = {"whose": "this server", "keys": "its ca_bundle or fingerprint", "address": "url"}
PROXY = {"whose": "this proxy", "keys": "ca_bundle, with its authority", "address": "its setting"}
NO_TUNNEL = re.compile(r"Tunnel connection failed: ((\d{3}).*)", re.DOTALL)
# By the status with which a proxy opens no tunnel.
TUNNEL = {
    "401": "correct the name and password in its setting",
    "407": "set it with a name and password that it takes: http://NAME:PASSWORD@HOST:PORT",
    "403": "ask who runs the proxy to let this machine through to that address",
    "405": "ask who runs the proxy to allow CONNECT to that port",
}


def no_answer(
    error: Exception, wire: Wire, deadline: Deadline, attempts: int, *, sent: bool
) -> TransportError | HungUpError:
    """Say why no answer came; sent: whether the request can have reached the system."""
    if deadline.hung_up:
        return HungUpError(f"the request to {wire.address} was given up; it may be carried out")
    reason, late = reason_of(error), False
    if deadline.left <= 0:
        late = sent
        what, words = "no answer", f"not within {wire.timeouts.total:g} s (total_timeout)"
    elif isinstance(reason, ProxyError) and not sent:
        what, words = "no connection", _of_the_proxy(reason.original_error, wire)
    elif isinstance(error, ReadTimeout) or "Read timed out" in str(reason):
        late = sent
        what, words = "no answer in time", _said(reason, wire)
    else:
        what = "the connection broke before the answer was complete" if sent else "no connection"
        words = _said(reason, wire) + ("" if sent else _to_do(reason, wire, SERVER))
    where = f"{'from' if sent else 'to'} {wire.address}"
    if wire.proxy is not None and not isinstance(reason, ProxyError):
        where += f" through {wire.proxy}"
    message = f"{what} {where}: {words}"
    return TransportError(message, sent=sent, attempts=attempts, late=late)


def reason_of(error: Exception) -> Exception:
    """Return what happened on the way, out of the wrappings of requests and urllib3."""
    ended = error.args[0] if error.args else error
    reason = ended.reason if isinstance(ended, MaxRetryError) else ended
    return reason if isinstance(reason, Exception) else error


def turned_away(error: Exception) -> bool:
    """Tell whether the server ended the handshake because of the client's certificate.

    Then it read nothing of the request, even when that was sent already.
    """
    return bool(OF_THE_CLIENT.search(_code(error)))


def _of_the_proxy(error: Exception, wire: Wire) -> str:
    """Say what went wrong with the proxy, before anything was sent to the server."""
    said = NO_TUNNEL.search(str(error))
    if said:
        words = f"opens no way there, it answers {wire.quotes.line(said[1].strip(), 100)}"
        todo = TUNNEL.get(said[2], "ask who runs the proxy" if said[2] < "500" else "")
        return f"{wire.proxy} {words}{f'; {todo}' if todo else ''}"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return (
            f"{wire.proxy} did not answer within {wire.timeouts.connect:g} s (connect_timeout); "
            "check its address, or ask who runs it"
        )
    todo = _to_do(error, wire, PROXY) or "; check its address, or ask who runs it"
    return f"{wire.proxy}: {_said(error, wire)}{todo}"


def _to_do(error: Exception, wire: Wire, names: dict[str, str]) -> str:
    """Say what to do about TLS; nothing about other errors."""
    root = _root(error)
    if not isinstance(root, PythonSSLError | SSLError):
        return ""
    if turned_away(error):
        shown = bool(wire.session.cert)
        return (
            "; the server does not accept the certificate of client_certificate: ask who runs it "
            "for another one"
            if shown
            else "; the server may want a client certificate: set client_certificate"
        )
    text = f"{_code(error)} {root}"
    for pattern, todo in TLS:
        if re.search(pattern, text):
            return "; " + todo.format_map(names)
    return ""


def _said(error: Exception, wire: Wire) -> str:
    """Return what the innermost error says, without the wrappings and the names of classes."""
    root: Any = _root(error)
    if isinstance(root, BadStatusLine) and not isinstance(root, RemoteDisconnected):
        return f"what answers speaks no HTTP: {wire.quotes.line(str(root), 100)}"
    said = getattr(root, "verify_message", None) or getattr(root, "strerror", None) or str(root)
    words = re.sub(r"^\[SSL[^]]*\] *| *\(_ssl\.c:\d+\)$|\.$", "", " ".join(str(said).split()))
    return wire.quotes.line(words) or type(root).__name__


def _code(error: Exception) -> str:
    """Return OpenSSL's name of what went wrong; empty when it was something else."""
    root = _root(error)
    return str(root.reason or "") if isinstance(root, PythonSSLError) else ""


def _root(error: Exception) -> Exception:
    """Return the innermost error."""
    for _ in range(10):
        inner = getattr(error, "original_error", None) or error.__cause__
        if not isinstance(inner, Exception):
            wrapped = [part for part in error.args if isinstance(part, Exception)]
            inner = wrapped[-1] if wrapped else None
        if inner is None:
            break
        error = inner
    return error
