"""Keep IAM tokens: in memory for one run, and in a file of their owner's from run to run."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from os import (
    O_CLOEXEC,
    O_CREAT,
    O_EXCL,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    fdopen,
    fstat,
    geteuid,
    stat_result,
)
from os import open as open_descriptor
from pathlib import Path
from secrets import token_bytes, token_hex
from stat import S_IMODE, S_ISREG
from threading import Lock
from time import sleep, time
from typing import Any

from .secret import Secret

MARGIN = 600.0  # seconds before its expiry from which a token is renewed
ROUNDS = 25_000  # of PBKDF2-HMAC-SHA256: about 10 ms
LARGEST_FILE = 1 << 20  # bytes
LOCK_TRIES, LOCK_PAUSE = 40, 0.05  # seconds
OTHERS = 0o077


@dataclass(frozen=True)
class Token:
    """A token: its text, when it expires by this machine's clock (seconds), its project."""

    text: Secret
    expires: float
    project_id: str

    def lasts(self, seconds: float = MARGIN) -> bool:
        """Tell whether it can be used for so long."""
        return self.expires - time() > seconds


@dataclass
class SharedToken:
    """What connections with the same user and project share during a run.

    refused: why there will be no token in this run; again: when to ask IAM again, at the earliest.
    """

    lock: Lock = field(default_factory=Lock)
    token: Token | None = None
    refused: str | None = None
    again: float = 0.0


class TokenCache:
    """Tokens by a key that says for whom they are, each bound to the password it was got with.

    path: the file, None for memory only. A file that others can read, that is not ours, or that is
    damaged, is not used and replaced; where it cannot be written, nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._shared: dict[tuple[str, bytes], SharedToken] = {}
        self._salt = token_bytes(16)

    def shared(self, key: str, password: Secret) -> SharedToken:
        """Return what those share who have the same key and password."""
        bound = hmac_digest(self._salt, password.reveal().encode(), "sha256")
        return self._shared.setdefault((key, bound), SharedToken())

    def warnings(self) -> Iterator[str]:
        """Say why a file that is there is not used."""
        with suppress(OSError):
            if self.path is not None and (why := _refused(self.path.lstat())):
                yield f"{self.path} {why}: its tokens are not used, and it is replaced"

    def find(self, key: str, password: Secret) -> Token | None:
        """Return the token that was kept, if it was got with this password and still lasts."""
        entry = self._entries().get(key)
        if entry is None:
            return None
        bound = _bound(password, bytes.fromhex(entry["salt"]))
        token = Token(Secret(entry["token"]), entry["expires"], entry["project_id"])
        return token if compare_digest(bound, entry["bound"]) and token.lasts() else None

    def keep(self, key: str, password: Secret, token: Token) -> None:
        """Keep a token, instead of the one that was kept."""
        salt = token_bytes(16)
        entry = {
            "token": token.text.reveal(),
            "expires": token.expires,
            "project_id": token.project_id,
            "salt": salt.hex(),
            "bound": _bound(password, salt),
        }
        with suppress(OSError), self._alone():
            self._write({**self._entries(), key: entry})

    def drop(self, key: str, text: str) -> None:
        """Keep this token no longer; another one, which another process got, stays."""
        with suppress(OSError), self._alone():
            entries = self._entries()
            if key in entries and entries[key]["token"] == text:
                del entries[key]
                self._write(entries)

    def _entries(self) -> dict[str, dict[str, Any]]:
        """Return the entries that have not expired; none where the file is not to be trusted."""
        try:
            found = json.loads(self._text())["tokens"].items()
            now = time()
            return {key: entry for key, entry in found if _whole(entry) and entry["expires"] > now}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def _text(self) -> str:
        if self.path is None:
            return "{}"
        descriptor = open_descriptor(self.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        with fdopen(descriptor, "rb") as file:
            if why := _refused(fstat(descriptor)):
                raise OSError(why)
            return file.read(LARGEST_FILE).decode()

    def _write(self, entries: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        new = self.path.with_name(f".{self.path.name}.{token_hex(8)}")
        flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        try:
            with fdopen(open_descriptor(new, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump({"tokens": entries}, file)
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from writing meanwhile; raises OSError when one holds on."""
        if self.path is None:
            yield
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self.path.with_name(f"{self.path.name}.lock")
        flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
        with fdopen(open_descriptor(lock, flags, 0o600), "rb") as file:
            for left in reversed(range(LOCK_TRIES)):
                try:
                    flock(file, LOCK_EX | LOCK_NB)
                    break
                except BlockingIOError:
                    if not left:
                        raise
                    sleep(LOCK_PAUSE)
            yield


def token_key(address: str, domain: str, username: str, scope: Mapping[str, str]) -> str:
    """Return the key of a token; scope: the project by name or id."""
    parts = [address, domain, username, sorted(scope.items())]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _bound(password: Secret, salt: bytes) -> str:
    return pbkdf2_hmac("sha256", password.reveal().encode(), salt, ROUNDS).hex()


def _refused(status: stat_result) -> str | None:
    """Say why a file is not to be trusted."""
    if not S_ISREG(status.st_mode):
        return "is no regular file"
    if status.st_uid != geteuid():
        return "belongs to another user"
    return "can be read by others" if S_IMODE(status.st_mode) & OTHERS else None


def _whole(entry: Any) -> bool:
    texts = ("token", "project_id", "bound", "salt")
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) and entry[name] for name in texts)
        and isinstance(entry.get("expires"), int | float)
        and entry["token"].isascii()
        and entry["token"].isprintable()
        and entry["bound"].isascii()
        and all(digit in "0123456789abcdef" for digit in entry["salt"])
        and len(entry["salt"]) % 2 == 0
    )
