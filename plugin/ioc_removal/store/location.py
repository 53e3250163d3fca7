"""Where the store is: a file, or a database of a PostgreSQL server."""

import re
from os import environ
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from ..errors import SettingsError
from ..places import path_of
from ..secret import MASKED, Secret

DEFAULT = "~/.local/state/ioc-removal/store.db"
VARIABLE = "IOC_REMOVAL_STORE"
CHOOSE = f"choose another with --store or {VARIABLE}"
SCHEMES = ("postgresql", "postgres")
SECRETS = ("password", "sslpassword")  # parameters of a URL
_VARIABLE = r"\{env: *(\w+)\}"
_CONNINFO = r"\s*(host|hostaddr|port|dbname|user|password|service|sslmode)\s*="


class Server(NamedTuple):
    """A database of a PostgreSQL server.

    url: as libpq takes it; name: the same without its secrets, for messages; secrets: what must
    not be shown.
    """

    url: Secret
    name: str
    secrets: tuple[Secret, ...]

    def __str__(self) -> str:
        return self.name

    def masked(self, text: str) -> str:
        """Return a text of a library without the secrets."""
        for secret in (self.url, *self.secrets):
            for form in (secret.reveal(), quote(secret.reveal(), safe="")):
                text = text.replace(form, MASKED)
        return text


Location = Path | Server


def store_location(option: str | None = None) -> Location:
    """Return where the store is: --store, else $IOC_REMOVAL_STORE, else the default.

    Raises SettingsError.
    """
    if option == "":
        raise SettingsError("--store: it is empty")
    named = option or environ.get(VARIABLE) or DEFAULT
    if "=" in named and re.match(_CONNINFO, named):
        raise SettingsError(
            "the store is given in libpq's words: write it postgresql://NAME@HOST/DATABASE"
        )
    if named.partition("://")[0] in SCHEMES and "://" in named:
        return server_of(named)
    if "://" in named:
        scheme = named.partition("://")[0]
        raise SettingsError(
            f"cannot use a store at {scheme}://: it is a file, or postgresql://HOST/DATABASE; "
            f"{CHOOSE}"
        )
    try:
        return path_of(named)
    except OSError as error:
        raise SettingsError(
            f"cannot use the store {named!r}: {error.strerror}; {CHOOSE}"
        ) from error


def server_of(url: str) -> Server:
    """Return the server of a URL, whose password may be {env: NAME}; raises SettingsError.

    Without a password libpq looks for one in PGPASSWORD and in the file of PGPASSFILE.
    """
    filled = re.sub(_VARIABLE, lambda found: quote(_variable(found[1]), safe=""), url)
    try:
        parts = urlsplit(filled)
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        user, at_sign, host = parts.netloc.rpartition("@")
        login, colon, password = user.partition(":")
        _ = parts.port
    except ValueError as error:
        raise SettingsError(f"cannot read the URL of the store: {error}; {CHOOSE}") from None
    secrets = [unquote(password)] * bool(password)
    secrets += [value for name, value in parameters if name in SECRETS and value]
    shown = [(name, MASKED if name in SECRETS else value) for name, value in parameters]
    place = f"{login}{colon and f':{MASKED}'}{at_sign}{host}"
    name = urlunsplit((SCHEMES[0], place, parts.path, urlencode(shown, safe="*/"), ""))
    return Server(
        Secret(urlunsplit((SCHEMES[0], *parts[1:4], ""))), name, tuple(map(Secret, secrets))
    )


def _variable(name: str) -> str:
    if text := environ.get(name):
        return text
    raise SettingsError(f"the URL of the store: the environment has no {name}")
