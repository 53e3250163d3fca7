"""Which certificates are trusted, and which one is shown."""

from collections.abc import Mapping
from functools import lru_cache
from os import environ
from pathlib import Path
from re import fullmatch
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, SSLError, create_default_context
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from .errors import SettingsError
from .places import path_of

# Where else a bundle may be named; requests, curl and OpenSSL read these.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
HASHED = r"[0-9a-f]{8}\.\d+"
REHASH = "holds no certificate under its hash; run: openssl rehash"


def bundle_of(own: Mapping[str, Any]) -> str:
    """Return the file or folder of the certificates to trust; raises SettingsError.

    own: settings of the connection; without its ca_bundle, the environment is asked.
    """
    if "ca_bundle" in own:
        return _checked_bundle("ca_bundle", own["ca_bundle"])
    for name in VARIABLES:
        if environ.get(name):
            return _checked_bundle(name, environ[name])
    return str(DEFAULT_CA_BUNDLE_PATH)


def client_of(own: Mapping[str, Any]) -> str | None:
    """Return the file with the certificate to show and its key; raises SettingsError."""
    if "client_certificate" not in own:
        return None
    file = own["client_certificate"]
    try:
        file = str(path_of(file))
        SSLContext(PROTOCOL_TLS_CLIENT).load_cert_chain(file, password=_no_password)
    except _EncryptedError as error:
        raise SettingsError(
            f"client_certificate: the key in {file!r} has a pass phrase; write it without one, "
            f"into a file that only you can read: openssl pkey -in {file}"
        ) from error
    except OSError as error:  # of ssl too
        why = error.strerror or type(error).__name__
        if isinstance(error, SSLError):
            why = _of_a_key(error)
        raise SettingsError(
            f"client_certificate: cannot read certificates from {file!r}: {why}"
        ) from error
    return file


def context_for_proxies(bundle: str) -> SSLContext:
    """Return how TLS is spoken with a proxy, whose certificate is always verified."""
    folder = Path(bundle).is_dir()
    return create_default_context(
        cafile=None if folder else bundle, capath=bundle if folder else None
    )


def _checked_bundle(key: str, given: str) -> str:
    path = Path(given)
    try:
        path = path_of(given)
        if path.is_dir():
            if not any(fullmatch(HASHED, file.name) for file in path.iterdir()):
                raise SettingsError(f"{key}: the folder {str(path)!r} {REHASH} {path}")
        else:
            _load(path, path.stat().st_mtime_ns)
    except OSError as error:  # of ssl too
        why = "no certificates in PEM" if isinstance(error, SSLError) else error.strerror
        raise SettingsError(f"{key}: cannot read certificates from {str(path)!r}: {why}") from error
    return str(path)


@lru_cache
def _load(path: Path, changed: int) -> None:  # noqa: ARG001  # another file of this name
    """Read a bundle, once for all connections: that of a system takes some 30 ms."""
    SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(path)


class _EncryptedError(Exception):
    """The key is encrypted; OpenSSL would ask for its pass phrase on the terminal."""


def _no_password() -> str:
    raise _EncryptedError


def _of_a_key(error: SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key belongs to another certificate"
    return "it must hold a certificate and its key, both in PEM"
