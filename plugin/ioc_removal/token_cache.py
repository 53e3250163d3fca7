"""Keep IAM tokens: in memory for one run, and in a file of their owner's from run to run."""

import json
from collections.abc import Iterator, Mapping
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from pathlib import Path
from secrets import token_bytes
from threading import Lock
from time import time
from typing import Any, NamedTuple

from .private_file import Entries, PrivateFile
from .secret import Secret

MARGIN = 600.0  # seconds before its expiry from which a token is renewed
ROUNDS = 25_000  # of PBKDF2-HMAC-SHA256: about 10 ms


class Token(NamedTuple):
    """A token: its text, when it expires by this machine's clock (seconds), its project."""

    text: Secret
    expires: float
    project_id: str

    def lasts(self, seconds: float = MARGIN) -> bool:
        """Tell whether it can be used for so long."""
        return self.expires - time() > seconds


class SharedToken:
    """What connections with the same user and project share during a run.

    refused: why there will be no token in this run; again: when to ask IAM again, at the earliest;
    lost: logins in a row of which no answer came.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.token: Token | None = None
        self.refused: str | None = None
        self.again, self.lost = 0.0, 0


class TokenCache:
    """Tokens by a key that says for whom they are, each bound to the password it was got with.

    path: the file, None for memory only; where it cannot be written, nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file = PrivateFile(path, "tokens", _whole) if path else None
        self._shared: dict[tuple[str, bytes], SharedToken] = {}
        self._salt = token_bytes(16)

    def shared(self, key: str, password: Secret) -> SharedToken:
        """Return what those share who have the same key and password."""
        bound = hmac_digest(self._salt, _bytes(password), "sha256")
        return self._shared.setdefault((key, bound), SharedToken())

    def warnings(self) -> Iterator[str]:
        """Say why a file that is there is not used."""
        if self._file is not None:
            yield from self._file.warnings()

    def find(self, key: str, password: Secret) -> Token | None:
        """Return the token that was kept, if it was got with this password and still lasts."""
        entry = self._file.entries().get(key) if self._file else None
        if entry is None:
            return None
        bound = _bound(password, bytes.fromhex(entry["salt"]))
        token = Token(Secret(entry["token"]), entry["expires"], entry["project_id"])
        return token if compare_digest(bound, entry["bound"]) and token.lasts() else None

    def keep(self, key: str, password: Secret, token: Token) -> None:
        """Keep a token, instead of the one that was kept."""
        if self._file is None:
            return
        salt = token_bytes(16)
        entry = {
            "token": token.text.reveal(),
            "expires": token.expires,
            "project_id": token.project_id,
            "salt": salt.hex(),
            "bound": _bound(password, salt),
        }
        self._file.change(lambda entries: entries.update({key: entry}))

    def drop(self, key: str, text: str) -> None:
        """Keep this token no longer; another one, which another process got, stays."""
        if self._file is None:
            return

        def without(entries: Entries) -> None:
            if key in entries and entries[key]["token"] == text:
                del entries[key]

        self._file.change(without)


def token_key(address: str, domain: str, username: str, scope: Mapping[str, str]) -> str:
    """Return the key of a token; scope: the project by name or id."""
    parts = [address, domain, username, sorted(scope.items())]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _bound(password: Secret, salt: bytes) -> str:
    return pbkdf2_hmac("sha256", _bytes(password), salt, ROUNDS).hex()


def _bytes(password: Secret) -> bytes:
    return password.reveal().encode("utf-8", "surrogatepass")


def _whole(entry: Mapping[str, Any]) -> bool:
    texts = ("token", "project_id", "bound", "salt")
    return (
        all(isinstance(entry.get(name), str) and entry[name] for name in texts)
        and entry["token"].isascii()
        and entry["token"].isprintable()
        and entry["bound"].isascii()
        and all(digit in "0123456789abcdef" for digit in entry["salt"])
        and len(entry["salt"]) % 2 == 0
    )
