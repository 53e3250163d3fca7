"""How requests reach one server: a session with its certificates, its proxy and its deadlines."""

from collections.abc import Callable, Mapping
from logging import getLogger
from typing import Any, NamedTuple

from requests import PreparedRequest, Request, Session
from requests.auth import AuthBase
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

from .adapter import Adapter
from .answer import Reply
from .certificates import bundle_of, client_of, context_for_proxies
from .deadline import Deadline, InFlight
from .errors import ClosedError
from .proxies import Proxy, proxy_to
from .quotes import Quotes
from .retries import Retries

CONNECT_TIMEOUT, READ_TIMEOUT, TOTAL_TIMEOUT = 10.0, 120.0, 300.0  # seconds
LONGEST_ANSWER = 1 << 26  # bytes; twice what the longest documented request could be echoed as
PORTION = 1 << 16  # bytes
LONG = 1.0  # seconds
MOST_BARE = 100  # requests that are kept as they are before they are signed
SHORTEST = 0.001  # seconds; 0 is not allowed
USER_AGENT = "ioc-removal"
LOGGER = getLogger("ioc_removal")
Signed = PreparedRequest  # as it is sent


class Timeouts(NamedTuple):
    """How long, in seconds: to connect, between two bytes of an answer, for all tries together."""

    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    total: float = TOTAL_TIMEOUT


class Wire:
    """An open way to one server.

    address: scheme, host, port and path, below which the paths of endpoints go; auth: authenticates
    each request, None for nobody; proxy: that leads there, None for none; closed: why nothing more
    is to be sent, empty while it may be; answered: whether anything came back yet; told: of a pause
    of a second and more, why and for how many seconds.
    """

    def __init__(
        self,
        address: str,
        session: Session,
        auth: AuthBase | None,
        quotes: Quotes,
        timeouts: Timeouts,
        proxy: Proxy | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self.session, self.quotes, self.timeouts = session, quotes, timeouts
        self.proxy, self._auth = proxy, auth
        self._adapter = session.get_adapter(self.address)
        self._verify = session.verify is None or session.verify
        self.closed, self.answered = "", False
        self.told: Callable[[str, float], None] = lambda _why, _seconds: None
        self._in_flight = InFlight()
        self._bare: dict[object, PreparedRequest] = {}  # as they are before they are signed

    def deadline(self) -> Deadline:
        """Have a request in flight, until its end or its total timeout."""
        return Deadline(self.timeouts.total, self._in_flight)

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
        signed: Signed | None = None,
    ) -> Reply:
        """Send a request once and read what comes back unless it is endless.

        signed: the same, as it was signed just now; else it is signed anew.
        """
        deadline.sent = False
        deadline.check()
        if self.closed:
            raise ClosedError(self.closed)
        request = self.signed(method, url, headers, body) if signed is None else signed
        left = max(deadline.left, SHORTEST)
        timeout = (min(self.timeouts.connect, left), min(self.timeouts.read, left))
        own = self.session
        try:
            # Not by the session, which looks where a redirection leads, and keeps cookies.
            with self._adapter.send(
                request,
                stream=True,
                timeout=timeout,
                verify=self._verify,
                cert=own.cert,
                proxies=own.proxies,
            ) as response:
                content = bytearray()
                for portion in response.iter_content(PORTION):
                    content += portion
                    if len(content) > LONGEST_ANSWER:
                        break
                deadline.check()
                self.answered = True
                return Reply(
                    response.status_code,
                    response.reason or "",
                    response.headers,
                    bytes(content) if len(content) <= LONGEST_ANSWER else None,
                    response.raw,
                )
        finally:
            deadline.release()

    def signed(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Signed:
        """Return a request as it is sent, with what authenticates it."""
        key = (self.address, method, *headers.items())
        if (bare := self._bare.get(key)) is None:  # once: it takes as long as to sign and send
            if len(self._bare) >= MOST_BARE:
                self._bare.clear()
            asked = Request(method, self.address, headers=headers)
            bare = self._bare[key] = self.session.prepare_request(asked)
        request = PreparedRequest()
        request.method, request.headers, request.body = method, bare.headers.copy(), body
        request.url = str(bare.url).removesuffix("/") + url.removeprefix(self.address)
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
        return request if self._auth is None else self._auth(request)

    def waited(self, retries: Retries, deadline: Deadline, why: str) -> bool:
        """Wait before another try; False, at once where possible, when there is to be none.

        why: what the last try met; a wait of a second and more is logged with it.
        """
        pause = retries.pause
        if self.closed or pause >= deadline.left:
            return False
        if pause >= LONG:
            LOGGER.info("%s; trying again in %.0f s", why, pause)
            self.told(why, pause)
        return deadline.waited(pause) and not self.closed

    def close(self, reason: str) -> None:
        """Send nothing more; what is in flight ends with the try that it is at."""
        self.closed = self.closed or reason
        self._in_flight.try_no_more()

    def hang_up(self) -> None:
        """End what is in flight and let go of the sockets."""
        self._in_flight.hang_up()
        self.session.close()


def open_wire(
    own: Mapping[str, Any], address: str, auth: AuthBase | None, quotes: Quotes, in_flight: int = 1
) -> Wire:
    """Return a way to a server, with a connection's settings.

    own: the settings; auth: authenticates each request; in_flight: requests at a time.
    Raises SettingsError.
    """
    session = Session()
    session.trust_env = False  # else a netrc file could replace the credentials
    session.headers["User-Agent"] = USER_AGENT
    proxy, pinned = proxy_to(address, own), own.get("fingerprint")
    plain = address.startswith("http://") and proxy is None  # nothing is certified on the way
    bundle = "" if plain and "ca_bundle" not in own else bundle_of(own)
    if proxy is not None:
        session.proxies["all"] = proxy.address
        quotes.mask(*proxy.secrets)
    session.verify = bundle or True if own.get("verify", True) and not pinned else False
    if own.get("verify") is False:
        disable_warnings(InsecureRequestWarning)  # it is said once, among the warnings
    session.cert = client_of(own)
    secured = proxy is not None and proxy.address.startswith("https://")
    context = context_for_proxies(bundle) if secured else None
    adapter = Adapter(pinned, proxy, context, pool_maxsize=in_flight)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    named = {
        name: own[f"{name}_timeout"]
        for name in ("connect", "read", "total")
        if f"{name}_timeout" in own
    }
    return Wire(address, session, auth, quotes, Timeouts(**named), proxy)
