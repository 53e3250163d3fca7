"""Who is calling: CyberTrace's Basic authentication, Huawei's tokens and signatures."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from hmac import compare_digest
from time import monotonic
from typing import Any

from .exchange import Request
from .iam import Iam, documented_time
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
    """Huawei's API gateway: it knows the credentials, and locks a key that fails too often.

    credentials: of the seed; iam: who issues the other tokens.
    """

    def __init__(self, credentials: Sequence[Mapping[str, Any]], iam: Iam) -> None:
        self._tokens = [row for row in credentials if row["type"] == "iam_token"]
        self._keys = {row["access_key"]: row for row in credentials if row["type"] == "aksk"}
        self._iam = iam
        self._consecutive: dict[str, int] = {}
        self._locked: dict[str, float] = {}
        self._failures = {"signature": 0, "token": 0, "expired": 0}

    def state(self) -> dict[str, Any]:
        """Return how often authentication failed, and the keys that were locked."""
        return {
            "issued_tokens": len(self._iam.issued),
            "failures": {**self._failures, "password": self._iam.failures},
            "locked": sorted(self._locked),
        }

    def authenticate(self, request: Request) -> Mapping[str, Any]:
        """Return the credential that a request proves, or raise RefusedError."""
        kind = "token"
        try:
            if request.header("Authorization").startswith(ALGORITHM):
                kind = "signature"
                return self._signed(request)
            return self._known(request.header("X-Auth-Token"))
        except RefusedError as refused:
            self._failures["expired" if refused.expired else kind] += 1
            raise

    def _known(self, token: str) -> Mapping[str, Any]:
        """Return the row of a token; of an issued one with its project, None without a scope."""
        if not token:
            raise RefusedError("x-auth-token not found")
        for row in self._tokens:
            if _same(row["token"], token):
                if row.get("expires_at"):
                    _unexpired(datetime.fromisoformat(row["expires_at"]), row["expires_at"])
                return row
        issued = self._iam.issued.get(token)
        if issued is None:
            raise RefusedError("decrypt token fail")
        _unexpired(issued.expires_at, documented_time(issued.expires_at))
        return {"role": issued.role, "project_id": issued.project_id}

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
            self._consecutive[access_key] = self._consecutive.get(access_key, 0) + 1
            if self._consecutive[access_key] > FAILURES:
                self._consecutive[access_key] = 0
                self._locked[access_key] = monotonic() + LOCKED_SECONDS
            raise
        self._consecutive[access_key] = 0
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


def _unexpired(expires_at: datetime, shown: str) -> None:
    if datetime.now(timezone.utc) >= expires_at:
        raise RefusedError(f"token expires, expires_at: {shown}", expired=True)


def _same(one: str, other: str) -> bool:
    return compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
