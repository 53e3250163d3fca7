"""An authority for certificates on loopback, and servers' certificates of it."""

import ssl
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import trustme


class Certified(NamedTuple):
    """A certificate: how a server shows it, its SHA-256, and the file with it and its key."""

    context: ssl.SSLContext
    fingerprint: str
    file: Path


class Authority:
    """bundle: the file with the certificate of the authority itself, in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._authority, self._number = folder, trustme.CA(), count()
        self.bundle = str(folder / "authority.pem")
        self._authority.cert_pem.write_to_path(self.bundle)

    def certified(self, *names: str, **more: Any) -> Certified:
        """Issue a certificate; more: for trustme, such as not_after."""
        issued = self._authority.issue_cert(*names, **more)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        file = self.folder / f"certified-{next(self._number)}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(file))
        return Certified(context, sha256(der).hexdigest(), file)
