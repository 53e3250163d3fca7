"""One documented operation: quote the path, send, try again."""

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from string import Formatter
from time import monotonic
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from .answer import Answer, Came, Reply, came
from .errors import ArgumentError, PluginError
from .retries import retries_of_one_request
from .wire import Signed, Wire

# A path value that holds one of these could reach another endpoint: servers and proxies decode
# and resolve before they route.
NOT_A_SEGMENT = re.compile(r"[/\\\x00-\x1f\x7f]|%2f|%5c|%2e|%00", re.IGNORECASE)
LONGEST_SEGMENT = 1024
LONGEST_AHEAD = 1.0  # seconds


class Endpoint(NamedTuple):
    """A method and a path template below the address of a wire.

    headers: documented request headers with a constant value, sent verbatim.
    """

    method: str
    path: str
    headers: Mapping[str, str] = MappingProxyType({})

    def check_path(self, arguments: Mapping[str, Any]) -> None:
        """Refuse arguments that cannot be one segment of the path, each, before a call starts."""
        for name in _placeholders(self.path):
            if name in arguments:
                segment(name, arguments[name])

    def send(self, wire: Wire, **options: Any) -> Answer:
        """Send a request and return its 2xx answer; options: of exchange().

        Raises what exchange() raises, and ResponseError.
        """
        return self.exchange(wire, **options).answer()

    def exchange(
        self,
        wire: Wire,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        body: object = None,
        crashes: int = 1,
        tries: int | None = None,
        once: bool = False,
        ahead: "Ahead | None" = None,
    ) -> Came:
        """Send a request, again where it is surely safe, and return what came, not yet read.

        path, query: by placeholder and name, a None in the query is left out; body: JSON value, or
        its text in bytes, None for no body; crashes: how often a 500 is tried again; tries: how
        many there may be in all, None for the usual; once: whether only what was surely not carried
        out is sent again; ahead: the same request, as it was made ready before. Raises
        ArgumentError, TransportError, ApiError, HungUpError.
        """
        if ahead is None or not ahead.holds(wire):
            ahead = None
            url, headers, content = self._request(wire, path, query, body)
        else:
            url, headers, content = ahead.request
        retries, unclear = retries_of_one_request(crashes, tries, once=once), False
        reply: Reply | None = None
        with wire.deadline() as deadline:
            while True:
                ended = None
                try:
                    signed, ahead = ahead and ahead.signed, None
                    reply = wire.exchange(
                        self.method, url, headers, content, deadline, signed=signed
                    )
                except PluginError:  # of the authentication, or of a closed connection
                    if reply is None:
                        raise
                    return came(reply, wire.quotes, retries.attempts - 1, unclear=unclear)
                except Exception as error:  # noqa: BLE001  # whatever it is, it is told
                    from .unanswered import no_answer, reason_of, turned_away

                    deadline.sent &= not turned_away(error)
                    sent = deadline.sent or unclear
                    ended = no_answer(error, wire, deadline, retries.attempts, sent=sent)
                    left = retries.after_failure(self.method, url, reason_of(error))
                else:
                    why = f"{reply.status} from {wire.address}"
                    left = retries.after_answer(
                        self.method, url, reply.raw, reply.text, deadline.left
                    )
                    if left is None or not wire.waited(left, deadline, why):
                        return came(reply, wire.quotes, retries.attempts, unclear=unclear)
                    unclear |= reply.unclear
                if ended is not None and (
                    deadline.sent or left is None or not wire.waited(left, deadline, str(ended))
                ):
                    raise ended  # without its cause, which holds the request with its credentials
                assert left is not None  # noqa: S101  # else it is over
                retries = left

    def ahead(
        self,
        wire: Wire,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        body: object = None,
    ) -> "Ahead":
        """Make a request ready, signed, before it has its turn; raises ArgumentError."""
        request = self._request(wire, path, query, body)
        return Ahead(request, wire.signed(self.method, *request), wire.address, monotonic())

    def _request(
        self,
        wire: Wire,
        path: Mapping[str, str] | None,
        query: Mapping[str, str | int | None] | None,
        body: object,
    ) -> "_Request":
        segments = {name: segment(name, value) for name, value in (path or {}).items()}
        url = f"{wire.address}/{self.path.format_map(segments)}"
        given = sorted((name, value) for name, value in (query or {}).items() if value is not None)
        if given:
            url += "?" + urlencode(given, quote_via=quote, safe="~")
        headers = {name: value.format_map(segments) for name, value in self.headers.items()}
        return url, headers, body if isinstance(body, bytes) else _json(body)


_Request = tuple[str, Mapping[str, str], bytes | None]  # address, headers, body


class Ahead(NamedTuple):
    """A request that was made ready before its turn; at: when, by the monotonic clock."""

    request: _Request
    signed: Signed
    address: str
    at: float

    def holds(self, wire: Wire) -> bool:
        """Tell whether it can be sent as it is: it tells its time, and where it goes."""
        return wire.address == self.address and monotonic() < self.at + LONGEST_AHEAD


@cache
def _placeholders(path: str) -> tuple[str, ...]:
    """Return the names that a template has."""
    return tuple(name for _, name, _, _ in Formatter().parse(path) if name)


def _json(body: object) -> bytes | None:
    return None if body is None else json.dumps(body, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)  # most requests of a call have the same
def segment(name: str, value: str) -> str:
    """Quote a value so that it stays one segment of a path.

    Dots need no quoting, so "." and ".." would be resolved away, and an empty segment would
    make the deletion of an indicator that of its supplier.
    """
    if value in {"", ".", ".."} or NOT_A_SEGMENT.search(value) or len(value) > LONGEST_SEGMENT:
        shown = value if len(value) <= 60 else f"{value[:60]}…"
        raise ArgumentError(f"{name}: {shown!r} cannot be one segment of a path; name it exactly")
    return quote(value.encode("utf-8", "surrogatepass"), safe="~")
