"""Huawei Cloud's AK/SK signature, SDK-HMAC-SHA256, as an authentication of requests.

Source: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
"""

from datetime import datetime, timezone
from hashlib import sha256
from hmac import new as hmac
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from .secret import Secret

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"


class HuaweiSignature(AuthBase):
    """Sign each request with an access key.

    access_key, secret_key: the AK and SK; security_token: of a temporary access key, else None.
    """

    def __init__(
        self, access_key: str, secret_key: Secret, security_token: Secret | None = None
    ) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        self.security_token = security_token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the date, the token of a temporary key and the signature."""
        headers = request.headers
        headers.setdefault("Host", urlsplit(request.url or "").netloc.rpartition("@")[2])
        headers.setdefault("X-Sdk-Date", datetime.now(timezone.utc).strftime(DATE_FORMAT))
        if self.security_token is not None:
            headers["X-Security-Token"] = self.security_token.reveal()
        signed = {
            name.lower(): _text(value).strip()
            for name, value in headers.items()
            if name.lower() in {"host", "content-type"} or name.lower().startswith("x-")
        }
        headers["Authorization"] = self.authorization(
            request.method or "", request.url or "", signed, request.body or b""
        )
        return request

    def authorization(
        self, method: str, url: str, headers: dict[str, str], body: bytes | str
    ) -> str:
        """Return the value of the header that signs a request.

        headers: those to sign, by lower-case name, x-sdk-date among them.
        """
        text = string_to_sign(headers["x-sdk-date"], canonical_request(method, url, headers, body))
        key = self.secret_key.reveal().encode()
        return (
            f"{ALGORITHM} Access={self.access_key}, SignedHeaders={';'.join(sorted(headers))}, "
            f"Signature={hmac(key, text.encode(), sha256).hexdigest()}"
        )


def canonical_request(method: str, url: str, headers: dict[str, str], body: bytes | str) -> str:
    """Return the text whose hash is signed.

    headers: the signed ones, by lower-case name; body: exactly what is sent.
    """
    parts = urlsplit(url)
    path = "/".join(quote(part, safe="~") for part in unquote(parts.path).split("/"))
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))  # before quoting
    return "\n".join(
        [
            method,
            path if path.endswith("/") else f"{path}/",
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            ";".join(sorted(headers)),
            sha256(body.encode() if isinstance(body, str) else body).hexdigest(),
        ]
    )


def string_to_sign(date: str, canonical: str) -> str:
    """Return the text that the secret key signs; date: as in X-Sdk-Date."""
    return f"{ALGORITHM}\n{date}\n{sha256(canonical.encode()).hexdigest()}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
