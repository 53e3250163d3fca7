"""Certificates made for one sandbox: its server's, and a client's if it demands one."""

from hashlib import sha256
from os import O_CREAT, O_TRUNC, O_WRONLY, fdopen
from os import open as open_file
from pathlib import Path
from ssl import CERT_REQUIRED, PROTOCOL_TLS_SERVER, PEM_cert_to_DER_cert, SSLContext
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import ArgumentError

SERVER = ("127.0.0.1", "localhost", "::1")
CLIENT = "sandbox-client@example.com"


class Certificates:
    """A certification authority of its own, a server's certificate and a client's.

    path: where files go and how their names begin, `sandbox` for `sandbox-ca.pem`; without it
    they go to a private folder that close removes. client: whether a client must show the
    certificate in `sandbox-client.pem`. Raises ModuleNotFoundError without the extra `sandbox`.
    """

    def __init__(self, path: Path | None, *, client: bool) -> None:
        import trustme

        self._path = path
        self._folder: TemporaryDirectory[str] | None = None
        self._authority = trustme.CA(organization_name="ioc-removal sandbox")
        server = self._authority.issue_cert(*SERVER)
        self._client = self._authority.issue_cert(CLIENT) if client else None
        self.context = SSLContext(PROTOCOL_TLS_SERVER)
        server.configure_cert(self.context)
        if client:
            self._authority.configure_trust(self.context)
            self.context.verify_mode = CERT_REQUIRED
        self.fingerprint = _fingerprint(server.cert_chain_pems[0].bytes())

    def write(self) -> dict[str, Any]:
        """Write the files that a client needs; return their places as a connection's settings."""
        if self._path is None:
            self._folder = TemporaryDirectory(prefix="ioc-removal-sandbox-")
        first = Path(self._folder.name) / "sandbox" if self._folder else self._path
        assert first is not None  # noqa: S101
        files = {"ca_bundle": _written(first, "ca", self._authority.cert_pem.bytes())}
        if self._client is not None:
            pem = self._client.private_key_and_cert_chain_pem.bytes()
            files["client_certificate"] = _written(first, "client", pem)
        return files

    def close(self) -> None:
        """Remove the private folder; files that were put elsewhere stay."""
        if self._folder is not None:
            self._folder.cleanup()


def _written(first: Path, what: str, data: bytes) -> str:
    path = first.absolute().with_name(f"{first.name}-{what}.pem")
    try:
        with fdopen(open_file(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise ArgumentError(f"{path}: cannot be written: {error.strerror}") from error
    return str(path)


def _fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of a certificate as settings want it."""
    return sha256(PEM_cert_to_DER_cert(pem.decode())).hexdigest().upper()
