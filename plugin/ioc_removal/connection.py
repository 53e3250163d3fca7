"""Settings of a connection -> an authenticated session, with its limits."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, timezone
from math import inf
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from .authentication import authentication, secrets_of
from .connection_settings import check_settings, node_name, warnings_of
from .errors import ApiError, ClosedError, HungUpError, SettingsError
from .events import TRACE, tell
from .in_flight import InFlightPlaces
from .pace import Pace, Turns, telling
from .quotes import Quotes
from .refusals import CLOSE_ACTION, CLOSE_CONNECTION, RENEW, refusal_of
from .retries import CRASHED, RETRIED
from .secret import Secret
from .settings import Settings
from .system import System
from .versions import NOT_FOUND, Version
from .wire import open_wire

if TYPE_CHECKING:
    from .iam import IamToken

# Lost answers, none of which may have told that the signature is wrong.
# Source: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
MOST_LOST = 4
# Seconds for which it holds that a run was not cancelled: who cancels one waits so long.
STILL_TRUE = 0.1
NEVER = -inf
_AS_IT_IS = nullcontext()


class Connection:
    """An authenticated session to one server of a system, for one run.

    name: as in the settings; url: of the server, where the settings have several; accepted: whether
    an answer showed that the credentials are right; asked: before each request, raises when it is
    not to be sent, else returns when, by the monotonic clock, that was so. A 401 closes it, a 403
    an action at a target.
    """

    def __init__(
        self, name: str, settings: Settings, system: System, url: str | None = None
    ) -> None:
        own = settings.connections[name]
        check_settings(name, own, system, settings.source)
        servers = own.get("nodes") or [own.get("url") or _address_of(own, system, settings)]
        url = url or servers[0]
        self.name, self.url = name, url
        self.system = system
        self.node = node_name(url) if len(servers) > 1 else None
        self.tenant: str | None = own.get("tenant")
        self.defaults: Mapping[str, str] = own.get("defaults", {})
        self.limits: Mapping[str, Any] = own.get("limits", {})
        self.in_flight: int = self.limits.get("in_flight", system.in_flight)
        self.tries: int | None = own["retries"] + 1 if "retries" in own else None
        self.warnings = tuple(warnings_of(name, url, own))
        self._closed: dict[object, str] = {}
        self.accepted = self._hung_up = False
        self._first, self._asking = Lock(), Lock()
        self._locks, self._lost = own["auth"]["type"] == "aksk", 0
        quotes = Quotes(secrets_of(own["auth"]))
        self._token: IamToken | None = None
        try:
            if own["auth"]["type"] == "iam_password" and system.iam:
                from .iam import iam_token  # some log in

                self._token = iam_token(own, settings, system.iam, quotes, system.refusals)
            auth = self._token or authentication(own["auth"])
            self.wire = open_wire(own, url, auth, quotes, self.in_flight)
        except SettingsError as error:
            raise SettingsError(f"connection {name}: {error}") from error
        if self._token is not None:
            more = (*warnings_of(name, self._token.wire.address, own), *self._token.warnings())
            self.warnings = tuple(dict.fromkeys((*self.warnings, *more)))
        self._places = InFlightPlaces(self.in_flight)
        self._pace = Pace(self.limits.get("per_second"))
        self.turns: Turns | None = None
        self.asked: Callable[[], float] = monotonic
        self._version = Version(
            system, self.wire, self.tenant, own.get("api_version"), settings.versions
        )
        others = servers[1:] if url == servers[0] else ()
        self.nodes = (self, *(Connection(name, settings, system, other) for other in others))

    @property
    def place(self) -> str:
        """Where the connection leads, whichever version of the API is spoken there."""
        servers = ", ".join(node.url for node in self.nodes)
        return f"{servers}, tenant {self.tenant}" if self.tenant else servers

    @property
    def api_version(self) -> str | None:
        """The version of the API, as set, else the newest that the server speaks.

        Raises what asking the server raises, with no attempts: what needs it was not sent; and
        ClosedError.
        """
        with self._asking:  # a refused password is not sent again
            if not self._version.settled and (why := self._closed.get(None)):
                raise ClosedError(why)
            try:
                return self._version.known()
            except ApiError as error:
                error.attempts, error.unclear = 0, False
                self.heed(error)
                if error.status == NOT_FOUND:
                    error.meaning = (
                        f"no version of the REST API is spoken at {self.place}: correct url"
                    )
                if error.status < CRASHED and error.status not in RETRIED:
                    self.close(f"the connection was closed after: {error}")
                raise

    @property
    def is_ready(self) -> bool:
        """Whether a request can be made ready before its turn: nothing has to be asked for it."""
        return self.accepted and self._token is None

    def filling(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return what the settings say of some arguments, and the token's project if they do not.

        Raises what ready() raises.
        """
        wanted = list(names)
        if "project_id" in wanted and "project_id" not in self.defaults and self._token:
            self._token.ready()
            self.defaults = {**self.defaults, "project_id": str(self._token.project_id)}
        return {name: self.defaults[name] for name in wanted if name in self.defaults}

    @contextmanager
    def turn(self, *keys: object) -> Iterator[float]:
        """Wait for a place among the requests in flight; raises ClosedError when closed.

        Yields when it was asked whether anything is to be sent: before that, as it takes time.

        Until an answer shows that the system accepts the credentials, one request goes alone: a
        few wrong ones at a time would lock a key, and what refuses a request for another reason
        may not have looked at them yet. keys: what else may have been closed, such as an action at
        a target.
        """
        asked, began = self.asked(), monotonic()
        usual = self.accepted and self.turns is None
        with self._places, _AS_IT_IS if usual else self._after_others(keys):
            self._check_open(keys)
            if self._pace.waited():
                self._check_open(keys)
            tell(TRACE, "turn", connection=self.name, seconds=monotonic() - began)
            yield asked

    @contextmanager
    def _after_others(self, keys: Iterable[object]) -> Iterator[None]:
        """Go alone until the credentials are accepted, and take turns with other processes."""
        with ExitStack() as alone, ExitStack() as shared:
            if not self.accepted:
                alone.enter_context(self._first)
            if self.accepted:
                alone.close()
            if self.turns is not None:
                check = telling(lambda: self._check_open(keys), self.wire.told)
                shared.enter_context(self.turns.turn(check))
            yield

    def begin(self, asked: float) -> None:
        """Tell that a request is sent now; raises when another process took over what it is of.

        asked: when it was asked whether anything is to be sent; that is asked again if it is long
        ago. Raises ClosedError when nothing is to be sent any more.
        """
        if monotonic() > asked + STILL_TRUE:
            self.asked()
        if self.turns is not None:
            self.turns.begin()

    def ready(self) -> Secret | None:
        """Have what a request needs: the version of the API, and a token, which is returned.

        Raises ClosedError, TransportError, ApiError, ResponseError, HungUpError.
        """
        _ = self.api_version
        if self._token is None:
            return None
        self._token.ready()
        return self._token.token

    def renews(self, error: ApiError) -> bool:
        """Tell whether a refusal says that a token expired which can be renewed."""
        refusal = refusal_of(self.system.refusals, error.status, error.code, error.said)
        return self._token is not None and refusal is not None and refusal.then == RENEW

    def renew(self, token: Secret | None) -> None:
        """Renew a token that was refused. Raises what ready() raises."""
        if self._token is not None and token is not None:
            self._token.renew(token.reveal())

    def accept(self) -> None:
        """Let requests go side by side from now on: the credentials are accepted."""
        self.accepted = True

    def miss(self) -> None:
        """Note that an answer was lost: were the key wrong, some more requests would lock it."""
        self._lost += not self.accepted
        if self._lost >= MOST_LOST and self._locks:
            self.close(
                f"the connection was closed after {self._lost} requests without an answer: "
                "Huawei locks an access key after 5 wrong signatures, and none was accepted yet"
            )

    def heed(self, error: ApiError, key: object = None) -> None:
        """Explain a refusal and close what it closes; key: what a missing permission closes."""
        refusal = refusal_of(self.system.refusals, error.status, error.code, error.said)
        then = ""
        if refusal is not None:
            error.meaning = refusal.sentence(error.date, datetime.now(timezone.utc))
            error.about, then = refusal.about, refusal.then
        if error.status == NOT_FOUND:
            self._version.forget()
        if then in {CLOSE_CONNECTION, RENEW}:
            self.close(f"the connection was closed after: {error}")
        elif then == CLOSE_ACTION and key is not None:
            self.close(f"not sent after: {error}", key)

    def check(self) -> None:
        """Raise HungUpError when the run was ended."""
        if self._hung_up:
            raise HungUpError("the run was ended; nothing more is sent")

    def _check_open(self, keys: Iterable[object]) -> None:
        self.check()
        for key in (None, *keys):
            if key in self._closed:
                raise ClosedError(self._closed[key])

    def close(self, reason: str, key: object = None) -> None:
        """Send nothing more on this connection, or for this key on it, in this run."""
        self._closed.setdefault(key, reason)
        if key is None:
            self.wire.close(reason)
            self._pace.end()

    def stop(self, reason: str) -> None:
        """Send nothing more to any server; what is in flight ends with the try that it is at."""
        for node in self.nodes:
            node.close(reason)
            if node._token:
                node._token.wire.close(reason)

    def hang_up(self) -> None:
        """End what is in flight, whatever it waits for, and let go of the sockets."""
        for node in self.nodes:
            node._hung_up = True
            node._pace.end()
            node.wire.hang_up()
            if node._token:
                node._token.wire.hang_up()


def _address_of(own: Mapping[str, Any], system: System, settings: Settings) -> str:
    """Return the address of a system in a region; raises SettingsError."""
    from .regions import address_of  # some settings name the region alone

    return address_of(system, own["region"], settings.sdk)
