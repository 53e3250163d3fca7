"""The credentials of a connection: which go with which kind, and how each is sent."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from requests import PreparedRequest
from requests.auth import AuthBase

from .errors import SettingsError
from .secret import Secret


class _Basic(AuthBase):
    """Basic authentication in UTF-8 (RFC 7617); requests' own encodes Latin-1."""

    def __init__(self, username: str, password: Secret) -> None:
        pair = b64encode(f"{username}:{password.reveal()}".encode()).decode()
        self._header = Secret(f"Basic {pair}")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._header.reveal()
        return request


class _Token(AuthBase):
    """A ready IAM token."""

    def __init__(self, token: Secret) -> None:
        self.token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["X-Auth-Token"] = self.token.reveal()
        return request


def _signature(**keys: Any) -> AuthBase:
    from .signature import HuaweiSignature  # some sign

    return HuaweiSignature(**keys)


class _Kind(NamedTuple):
    """Which keys credentials of a kind need and may have; make: None for a token of IAM's."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    make: Callable[..., AuthBase] | None = None


_IAM_KEYS = ("project", "project_id", "iam_url", "token_cache")
_KINDS: Mapping[str, _Kind] = {
    "basic": _Kind(("username", "password"), (), _Basic),
    "aksk": _Kind(("access_key", "secret_key"), ("security_token",), _signature),
    "iam_token": _Kind(("token",), (), _Token),
    "iam_password": _Kind(("username", "password", "domain"), _IAM_KEYS),
}


def authentication(auth: Mapping[str, Any]) -> AuthBase | None:
    """Return what authenticates a request with checked credentials.

    None for a password of IAM, which is not sent with a request: see iam.py.
    """
    make = _KINDS[auth["type"]].make
    return make(**{key: auth[key] for key in auth if key != "type"}) if make else None


def check_authentication(
    name: str,
    auth: Mapping[str, Any],
    title: str,
    kinds: Collection[str],
    missing: Callable[[str, str], SettingsError],
) -> None:
    """Refuse credentials that are of no kind that the system takes, or not whole.

    name: of the connection; title, kinds: of the system and what it takes; missing: makes the
    error for a key that is not set.
    """
    if auth.get("type") not in kinds:
        raise SettingsError(
            f"connection {name}: auth.type is {auth.get('type')!r}, but {title} takes "
            f"{' or '.join(kinds)}"
        )
    kind = _KINDS[auth["type"]]
    for key in kind.needed:
        if key not in auth:
            raise missing(f"auth.{key}", f"auth.{key}")
    for key in sorted(auth.keys() - {"type", *kind.needed, *kind.optional}):
        raise SettingsError(f"connection {name}: auth.{key} does not go with {auth['type']}")
    if auth["type"] == "iam_password":
        scopes = sorted(auth.keys() & {"project", "project_id"})
        if not scopes:
            raise missing("auth.project", "auth.project, or region,")
        if len(scopes) > 1:
            raise SettingsError(
                f"connection {name}: auth.project and auth.project_id exclude each other; keep one"
            )
    _check_texts(name, auth)


def _check_texts(name: str, auth: Mapping[str, Any]) -> None:
    """Refuse credentials that cannot be sent as they are."""
    for key in sorted(auth.keys() - {"type", "token_cache"}):
        text = auth[key].reveal() if isinstance(auth[key], Secret) else auth[key]
        in_header = key in {"access_key", "security_token", "token"}
        if in_header and not (text.isascii() and text.isprintable()):
            raise SettingsError(f"connection {name}: auth.{key} holds what no header can carry")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise SettingsError(f"connection {name}: auth.{key} is not UTF-8")


def secrets_of(auth: Mapping[str, Any]) -> tuple[Secret, ...]:
    """Return the texts that no message may hold."""
    texts = {value.reveal() for value in auth.values() if isinstance(value, Secret)}
    if auth["type"] == "basic":
        pair = f"{auth['username']}:{auth['password'].reveal()}"
        texts |= {pair, b64encode(pair.encode()).decode()}
    return tuple(map(Secret, texts))
