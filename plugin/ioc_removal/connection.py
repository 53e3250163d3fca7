"""Settings of a connection -> an authenticated session, with its limits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path
from ssl import create_default_context
from threading import Lock, Semaphore
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

from .endpoint import segment
from .errors import ClosedError, SettingsError
from .retries import polite_retry
from .secret import Secret
from .settings import PREFIX, Settings
from .signature import HuaweiSignature

CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 120.0  # seconds
LOOPBACK = ("127.0.0.1", "localhost", "::1")
USER_AGENT = "ioc-removal"


@dataclass(frozen=True)
class System:
    """One of the systems, as integration.yml describes it.

    base: path below the address, by {api_version} and {tenant}; required: settings without which
    nothing can be sent; auth: the kinds it accepts; in_flight: requests at a time by default;
    test: the action, and its arguments, that reads something harmless.
    """

    name: str
    title: str
    base: str = ""
    tenant_base: str = ""
    region_url: str | None = None
    auth: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    in_flight: int = 1
    test: Mapping[str, Any] | None = None


class Connection:
    """An authenticated session to one system, for one run.

    name: as in the settings; a 401 closes it, a 403 closes an action at a target.
    """

    def __init__(self, name: str, settings: Settings, system: System) -> None:
        own = settings.connections[name]
        _check(name, own, system, settings.source)
        self.name = name
        self.system = system
        self.api_version: str | None = own.get("api_version")
        self.tenant: str | None = own.get("tenant")
        self.defaults: Mapping[str, str] = own.get("defaults", {})
        self.limits: Mapping[str, Any] = own.get("limits", {})
        self.in_flight: int = self.limits.get("in_flight", system.in_flight)
        url = own.get("url") or str(system.region_url).format(region=own.get("region"))
        base = system.tenant_base if self.tenant else system.base
        tenant = segment("tenant", self.tenant) if self.tenant else None
        path = base.format(api_version=self.api_version, tenant=tenant)
        self.address = url.rstrip("/") + path
        self.timeout = (
            own.get("connect_timeout", CONNECT_TIMEOUT),
            own.get("read_timeout", READ_TIMEOUT),
        )
        self.warnings = tuple(_warnings(name, url, own))
        self.session = _session(own, url, self.in_flight)
        self._places = Semaphore(self.in_flight)
        self._pace = _Pace(self.limits.get("per_second"))
        self._closed: dict[object, str] = {}

    @contextmanager
    def turn(self, *keys: object) -> Iterator[None]:
        """Wait for a place among the requests in flight; raises ClosedError when closed.

        keys: what else may have been closed, such as an action at a target.
        """
        with self._places:
            for key in (None, *keys):
                if key in self._closed:
                    raise ClosedError(self._closed[key])
            self._pace.wait()
            yield

    def close(self, reason: str, key: object = None) -> None:
        """Send nothing more on this connection, or for this key on it, in this run."""
        self._closed.setdefault(key, reason)


class _Pace:
    """At most so many starts a second, evenly spaced."""

    def __init__(self, per_second: float | None) -> None:
        self._pause = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        if not self._pause:
            return
        with self._lock:
            start = max(monotonic(), self._next)
            self._next = start + self._pause
        sleep(max(0.0, start - monotonic()))


class _Basic(AuthBase):
    """Basic authentication in UTF-8 (RFC 7617); requests' own encodes Latin-1."""

    def __init__(self, username: str, password: Secret) -> None:
        self.username, self.password = username, password

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.prepare_auth((self.username.encode(), self.password.reveal().encode()))
        return request


class _Token(AuthBase):
    """A ready IAM token."""

    def __init__(self, token: Secret) -> None:
        self.token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self.token.reveal()
        return request


class _PinnedAdapter(HTTPAdapter):
    """An adapter that trusts one certificate, by its fingerprint."""

    def __init__(self, fingerprint: str | None, **options: Any) -> None:
        self._fingerprint = fingerprint
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        if self._fingerprint:
            options["assert_fingerprint"] = self._fingerprint
        super().init_poolmanager(*arguments, **options)


_AUTH: Mapping[str, tuple[tuple[str, ...], Callable[..., AuthBase]]] = {
    "basic": (("username", "password"), _Basic),
    "aksk": (("access_key", "secret_key"), HuaweiSignature),
    "iam_token": (("token",), _Token),
}


def _session(own: Mapping[str, Any], url: str, in_flight: int) -> Session:
    session = Session()
    session.trust_env = False  # else a netrc file could replace the credentials
    session.headers["User-Agent"] = USER_AGENT
    auth = {key: value for key, value in own["auth"].items() if key != "type"}
    session.auth = _AUTH[own["auth"]["type"]][1](**auth)
    proxy = own.get("proxy")
    session.proxies.update(
        {"http": proxy, "https": proxy} if proxy else get_environ_proxies(url, no_proxy=None)
    )
    pinned = own.get("fingerprint")
    session.verify = (
        own.get("verify", True)
        and not pinned
        and (own.get("ca_bundle") or environ.get("REQUESTS_CA_BUNDLE") or True)
    )
    if own.get("verify") is False:
        disable_warnings(InsecureRequestWarning)  # it is said once, among the warnings
    session.cert = own.get("client_certificate")
    adapter = _PinnedAdapter(pinned, max_retries=polite_retry(), pool_maxsize=in_flight)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def _check(name: str, own: Mapping[str, Any], system: System, source: str) -> None:
    """Refuse settings with which nothing could be sent, naming where each is set."""

    def missing(key: str, what: str) -> SettingsError:
        variable = f"{PREFIX}{name}_{key.removeprefix('auth.')}".upper().replace("-", "_")
        hint = f"connections.{name}.{key} in {source}"
        if key != "auth":
            hint += f", or {variable} in the environment"
        return SettingsError(f"connection {name}: {what} is missing; set {hint}")

    for key in system.required:
        choices = key.split("|")
        if not any(choice in own for choice in choices):
            raise missing(choices[0], " or ".join(choices))
    auth = own["auth"]
    if auth.get("type") not in system.auth:
        raise SettingsError(
            f"connection {name}: auth.type is {auth.get('type')!r}, but {system.title} takes "
            f"{' or '.join(system.auth)}"
        )
    needed = _AUTH[auth["type"]][0]
    for key in needed:
        if key not in auth:
            raise missing(f"auth.{key}", f"auth.{key}")
    optional = ("security_token",) if auth["type"] == "aksk" else ()
    for key in sorted(auth.keys() - {"type", *needed, *optional}):
        raise SettingsError(f"connection {name}: auth.{key} does not go with {auth['type']}")
    _check_headers(name, auth)
    _check_files(name, own)
    if own.get("tenant") and own.get("api_version") != "1.3":
        raise SettingsError(f"connection {name}: tenant needs api_version 1.3")


def _check_headers(name: str, auth: Mapping[str, Any]) -> None:
    for key in ("access_key", "security_token", "token"):
        sent = auth.get(key, "")
        text = sent.reveal() if isinstance(sent, Secret) else sent
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(f"connection {name}: auth.{key} holds what no header can carry")


def _check_files(name: str, own: Mapping[str, Any]) -> None:
    """Refuse certificates that cannot be read, before a handshake fails because of them."""
    context = create_default_context()
    for key, load in (
        ("ca_bundle", context.load_verify_locations),
        ("client_certificate", context.load_cert_chain),
    ):
        try:
            if key in own:
                load(Path(own[key]))
        except OSError as error:  # of ssl too
            why = error.strerror or type(error).__name__
            raise SettingsError(
                f"connection {name}: {key}: cannot read certificates from {own[key]!r}: {why}"
            ) from error


def _warnings(name: str, url: str, own: Mapping[str, Any]) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield f"connection {name}: {url} is not encrypted: credentials can be read on the way"
    if parts.scheme == "https" and own.get("verify") is False:
        yield f"connection {name}: the server's certificate is not verified (verify: false)"
