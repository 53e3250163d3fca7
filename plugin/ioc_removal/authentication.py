"""The credentials of a connection: which go with which kind, and how each is sent."""

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from requests import PreparedRequest
from requests.auth import AuthBase

from .errors import SettingsError
from .secret import Secret
from .signature import HuaweiSignature


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


_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[..., AuthBase]]] = {
    "basic": (("username", "password"), _Basic),
    "aksk": (("access_key", "secret_key"), HuaweiSignature),
    "iam_token": (("token",), _Token),
}


def authentication(auth: Mapping[str, Any]) -> AuthBase:
    """Return what authenticates a request with checked credentials."""
    return _KINDS[auth["type"]][1](**{key: auth[key] for key in auth if key != "type"})


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
    needed = _KINDS[auth["type"]][0]
    for key in needed:
        if key not in auth:
            raise missing(f"auth.{key}", f"auth.{key}")
    optional = ("security_token",) if auth["type"] == "aksk" else ()
    for key in sorted(auth.keys() - {"type", *needed, *optional}):
        raise SettingsError(f"connection {name}: auth.{key} does not go with {auth['type']}")
    for key in ("access_key", "security_token", "token"):
        sent = auth.get(key, "")
        text = sent.reveal() if isinstance(sent, Secret) else sent
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(f"connection {name}: auth.{key} holds what no header can carry")


def secrets_of(auth: Mapping[str, Any], proxies: Iterable[str]) -> tuple[Secret, ...]:
    """Return the texts that no message may hold.

    proxies: addresses, whose names and passwords are secrets too.
    """
    texts = {value.reveal() for value in auth.values() if isinstance(value, Secret)}
    if auth["type"] == "basic":
        pair = f"{auth['username']}:{auth['password'].reveal()}"
        texts |= {pair, b64encode(pair.encode()).decode()}
    for proxy in proxies:
        pair = proxy.rpartition("@")[0].rpartition("//")[2]
        texts |= {pair, pair.partition(":")[2]}
    return tuple(map(Secret, texts))
