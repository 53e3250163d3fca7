"""Huawei's SDK-HMAC-SHA256, worked out again from the bytes of a request.

Written from the published description alone and shared with no signer, so that a mistake of the
plugin's signer cannot hide here too.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from hmac import new
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<Access>[^,\s]+), ?SignedHeaders=(?P<SignedHeaders>[^,\s]+), ?"
    r"Signature=(?P<Signature>[0-9a-fA-F]{64})"
)


def read_authorization(header: str) -> Mapping[str, str] | None:
    """Split an Authorization header into Access, SignedHeaders and Signature."""
    match = _AUTHORIZATION.fullmatch(header.strip())
    return match.groupdict() if match else None


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Return the text whose hash is signed.

    path, query: as they were sent; headers: those that were signed, by lower-case name.
    """
    uri = "/".join(_encoded(part) for part in unquote(path).split("/"))
    pairs = sorted(_pair(part) for part in query.split("&") if part)
    names = sorted(headers)
    return "\n".join(
        (
            method.upper(),
            uri if uri.endswith("/") else uri + "/",
            "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            sha256(body).hexdigest(),
        )
    )


def string_to_sign(date: str, canonical: str) -> str:
    """Return the text that the secret key signs."""
    return f"{ALGORITHM}\n{date}\n{sha256(canonical.encode()).hexdigest()}"


def signature(secret_key: str, text: str) -> str:
    """Return the signature of a text."""
    return new(secret_key.encode(), text.encode(), sha256).hexdigest()


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote(name), unquote(value)


def _encoded(text: str) -> str:
    return quote(text, safe="~")
