"""Who is calling: CyberTrace's Basic authentication, Huawei's tokens and signatures."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from hmac import compare_digest
from time import monotonic
from typing import Any

from .exchange import Request
from .signing import ALGORITHM, canonical_request, read_authorization, signature, string_to_sign

SKEW = timedelta(minutes=15)
FAILURES = 5
LOCKED_SECONDS = 300.0


class RefusedError(Exception):
    """The caller is not who it says; the text is the gateway's reason.

    expired: an IAM token that was good once, which WAF words in its own way.
    """

    def __init__(self, reason: str, *, expired: bool = False) -> None:
        super().__init__(reason)
        self.expired = expired


def basic_user(request: Request, users: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the user whose name and password the request carries, in UTF-8."""
    scheme, _, encoded = request.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    for user in users:
        if colon and user["name"] == name and _same(user["password"], password):
            return user
    return None


class Gateway:
    """Huawei's API gateway: it knows the credentials, and locks a key that fails too often."""

    def __init__(self, credentials: Sequence[Mapping[str, Any]]) -> None:
        self._tokens = [row for row in credentials if row["type"] == "iam_token"]
        self._keys = {row["access_key"]: row for row in credentials if row["type"] == "aksk"}
        self._failures: dict[str, int] = {}
        self._locked: dict[str, float] = {}

    def authenticate(self, request: Request) -> Mapping[str, Any]:
        """Return the credential that a request proves, or raise RefusedError."""
        if request.header("Authorization").startswith(ALGORITHM):
            return self._signed(request)
        token = request.header("X-Auth-Token")
        if not token:
            raise RefusedError("x-auth-token not found")
        for row in self._tokens:
            if _same(row["token"], token):
                return _unexpired(row)
        raise RefusedError("decrypt token fail")

    def _signed(self, request: Request) -> Mapping[str, Any]:
        parts = read_authorization(request.header("Authorization"))
        if parts is None:
            raise RefusedError("verify aksk signature fail")
        access_key = parts["Access"]
        row = self._keys.get(access_key)
        # What a temporary key without its token meets is not documented; the gateway cannot
        # find such a key, so this is its text for a key that it cannot find.
        if row is None or (row.get("security_token") and not request.header("X-Security-Token")):
            raise RefusedError(f"Get secretKey failed,ak:{access_key},err:ak not exist")
        if monotonic() < self._locked.get(access_key, 0.0):
            raise RefusedError("AK access failed to reach the limit,forbidden")
        try:
            _verify(request, parts, row)
        except RefusedError:
            self._failures[access_key] = self._failures.get(access_key, 0) + 1
            if self._failures[access_key] > FAILURES:
                self._failures[access_key] = 0
                self._locked[access_key] = monotonic() + LOCKED_SECONDS
            raise
        self._failures[access_key] = 0
        return row


def _verify(request: Request, parts: Mapping[str, str], row: Mapping[str, Any]) -> None:
    token = request.header("X-Security-Token")
    if not _same(str(row.get("security_token") or ""), token):
        raise RefusedError("decrypt token fail")
    names = parts["SignedHeaders"].split(";")
    date = request.header("X-Sdk-Date")
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise RefusedError("verify aksk signature fail") from None
    if "x-sdk-date" not in names or (token and "x-security-token" not in names):
        raise RefusedError("verify aksk signature fail")
    canonical = canonical_request(
        request.method,
        request.raw_path,
        request.raw_query,
        {name: request.header(name) for name in names},
        request.body,
    )
    expected = signature(str(row["secret_key"]), string_to_sign(date, canonical))
    if not _same(expected, parts["Signature"]):
        raise RefusedError("verify aksk signature fail")
    if abs(datetime.now(timezone.utc) - signed_at) > SKEW:
        raise RefusedError("calc ak sk signature fail:signature expired")


def _unexpired(row: Mapping[str, Any]) -> Mapping[str, Any]:
    expires_at = row.get("expires_at")
    if expires_at and datetime.now(timezone.utc) >= datetime.fromisoformat(str(expires_at)):
        raise RefusedError(f"token expires, expires_at: {expires_at}", expired=True)
    return row


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
