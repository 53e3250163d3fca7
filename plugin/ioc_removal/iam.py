"""Tokens of Huawei Cloud IAM for a user's password: got, shared, renewed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from time import time
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from .errors import ApiError, ClosedError, ResponseError, SettingsError, TransportError
from .iam_login import IamUser
from .quotes import Quotes
from .refusals import Rule, refusal_of
from .regions import iam_address
from .secret import Secret
from .settings import Settings
from .system import Service
from .token_cache import Token, TokenCache, token_key
from .wire import Wire, open_wire

# What says nothing about the user or the password: it may go better later.
NOT_ABOUT_US = frozenset({408, 425, 429})
VAIN = "no token from Huawei Cloud IAM"
MOST_VAIN = 3  # logins in a row without an answer, each of which may have been refused
PAUSE = 60.0  # seconds between two vain attempts to renew a token that still lasts


class IamToken(AuthBase):
    """The token of a user, in the header X-Auth-Token of each request.

    credentials: username, password, domain, and project or project_id; wire: to IAM; cache: what
    connections share, None for nothing; rules: what refusals of IAM mean; origin: where the
    credentials stand, for messages.
    """

    def __init__(
        self,
        credentials: Mapping[str, Any],
        wire: Wire,
        cache: TokenCache | None = None,
        rules: Iterable[Rule] = (),
        origin: str | None = None,
    ) -> None:
        self.wire = wire
        self._rules, self._origin = rules, origin
        by_id = "project_id" in credentials
        scope = {"id" if by_id else "name": credentials["project_id" if by_id else "project"]}
        self._user = IamUser(
            credentials["domain"], credentials["username"], credentials["password"], scope
        )
        self._cache = cache or TokenCache(None)
        self._key = token_key(wire.address, self._user.domain, self._user.name, scope)
        self._shared = self._cache.shared(self._key, self._user.password)
        self._masked: Token | None = None
        wire.quotes.mask(self._user.password)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token; nothing is sent without one."""
        token = self._shared.token
        if token is None:
            raise ClosedError(self._shared.refused or "there is no token")
        request.headers["X-Auth-Token"] = token.text.reveal()
        return request

    @property
    def token(self) -> Secret | None:
        """The token that requests carry now, if there is one."""
        token = self._shared.token
        return token.text if token else None

    @property
    def project_id(self) -> str | None:
        """The project of the token, once there is one."""
        token = self._shared.token
        return token.project_id if token else None

    def warnings(self) -> Iterator[str]:
        """Say why tokens that were kept are not used."""
        yield from self._cache.warnings()

    def ready(self) -> None:
        """Have a token that lasts: from memory, the cache, or IAM, once for all threads.

        Raises ClosedError when IAM refuses, now or before in this run; TransportError, with
        sent=False, when it cannot be asked now; HungUpError. What the token is for was not sent.
        """
        token = self._shared.token
        if token is None or not token.lasts():
            with self._shared.lock:
                self._refresh()
        self._mask()

    def renew(self, stale: str) -> None:
        """Replace a token that the server says has expired, unless another thread has done so.

        Raises as ready() does. Until there is another one, requests that are under way keep it.
        """
        with self._shared.lock:
            held = self._shared.token
            if held is None or held.text.reveal() == stale:
                self._cache.drop(self._key, stale)
                self._obtain()
        self._mask()

    def _refresh(self) -> None:
        """Get another token unless this one lasts; as long as it is valid, one try in a while."""
        token = self._shared.token
        if token is not None and (
            token.lasts() or (token.lasts(0) and time() < self._shared.again)
        ):
            return
        try:
            self._obtain()
        except TransportError:
            if token is None or not token.lasts(0):
                raise
            self._shared.again = time() + PAUSE

    def _obtain(self) -> None:
        if self._shared.refused:
            raise ClosedError(self._shared.refused)
        token = self._cache.find(self._key, self._user.password)
        if token is None:
            token = self._ask()
            self._cache.keep(self._key, self._user.password, token)
        self._shared.token = token

    def _ask(self) -> Token:
        """Log in, once: a wrong password that is sent again and again locks the user."""
        try:
            token = self._user.log_in(self.wire)
        except ApiError as error:
            told = self._told(error)
            if error.status >= 500 or error.status in NOT_ABOUT_US:
                raise TransportError(told, sent=False, attempts=0) from error
            self._shared.refused = told
            raise ClosedError(told) from error
        except (ResponseError, TransportError) as error:
            # Whatever became of the login, what the token is for was not sent.
            hint = "; check iam_url" if isinstance(error, ResponseError) else ""
            told = f"{VAIN}: {error}{hint}"
            self._shared.lost += isinstance(error, ResponseError) or error.sent
            if self._shared.lost >= MOST_VAIN:
                why = f"{MOST_VAIN} logins without an answer, and wrong ones lock the user"
                self._shared.refused = f"{told}; {why}"
            raise TransportError(told, sent=False, attempts=0) from error
        self._shared.lost = 0
        return token

    def _told(self, error: ApiError) -> str:
        """Say what IAM refused, what that means, and where the credentials stand."""
        meant = refusal_of(self._rules, error.status, error.code, str(error))
        if meant is not None:
            error.meaning = meant.sentence(error.date, datetime.now(timezone.utc))
        origin = f"; credentials: {self._origin}" if self._origin else ""
        return f"{VAIN}: {error}{origin}"

    def _mask(self) -> None:
        token = self._shared.token
        if token is not None and token is not self._masked:
            self.wire.quotes.mask(token.text)
            self._masked = token


def iam_token(
    own: Mapping[str, Any],
    settings: Settings,
    service: Service,
    quotes: Quotes,
    rules: Iterable[Rule] = (),
) -> IamToken:
    """Return the token of a connection whose credentials are a user of IAM.

    own: settings of the connection; service: IAM. Raises SettingsError.
    """
    auth = own["auth"]
    address = iam_address(service, auth.get("iam_url"), own.get("region"), settings.sdk)
    if address is None:
        raise SettingsError("where IAM is, is not known; set auth.iam_url, or region")
    same = urlsplit(address).netloc == urlsplit(own.get("url", "")).netloc
    kept = {key: value for key, value in own.items() if same or key != "fingerprint"}
    wire = open_wire(kept, address, None, quotes)
    return IamToken(auth, wire, settings.token_cache(auth), rules, own.get("auth_from"))
