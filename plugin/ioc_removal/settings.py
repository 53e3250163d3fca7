"""Find the settings: a file, and the environment over it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .environment import copied, overlay
from .errors import DefinitionError, SettingsError, one_line
from .huawei_sdk import HuaweiSdk
from .huawei_settings import HUAWEI, completed
from .loader import parse, read
from .origin import origin_of, place_of
from .places import is_address, path_of
from .schema import Schema
from .secret import MaskedText, Secret
from .version_cache import VersionCache

if TYPE_CHECKING:
    from .token_cache import TokenCache

PREFIX = "IOC_REMOVAL_"
RESERVED = {f"{PREFIX}{name}" for name in ("SETTINGS", "STORE", "DEBUG")}
PLACES = ("./ioc-removal.yml", "~/.config/ioc-removal/settings.yml")
SECRETS = ("password", "secret_key", "security_token", "token")
SHORTEST_KEY = 16  # characters
TOKENS = "ioc-removal/tokens.json"
VERSIONS = "ioc-removal/versions.json"


class Settings:
    """The checked settings.

    connections: by name, as in schemas/settings.json, credentials resolved, secrets as Secret,
    and with auth_from, where these stand, or no_auth, why there are none; source: where they were
    found, for messages; sdk: what the official SDK of Huawei Cloud would find; cache_folder: where
    IAM tokens are kept by default, and the versions of servers, None for nowhere; guards, approval,
    plan, journal: as in the schema, the journal's key a Secret.
    """

    def __init__(
        self,
        connections: Mapping[str, Mapping[str, Any]],
        source: str,
        sdk: HuaweiSdk,
        cache_folder: Path | None,
        guards: Mapping[str, Any],
        approval: Mapping[str, Any],
        plan: Mapping[str, Any],
        journal: Mapping[str, Any],
    ) -> None:
        self.connections, self.source, self.sdk = connections, source, sdk
        self.cache_folder = cache_folder
        self.guards, self.approval, self.plan, self.journal = guards, approval, plan, journal
        self._caches: dict[Path | None, TokenCache] = {}

    @cached_property
    def versions(self) -> VersionCache:
        """What is remembered of servers' versions."""
        return VersionCache(self.cache_folder and self.cache_folder / VERSIONS)

    def token_cache(self, auth: Mapping[str, Any]) -> "TokenCache":
        """Return where tokens are kept for credentials, the same for all that name it alike."""
        given = auth.get("token_cache")
        path = None if given is False else self.cache_folder and self.cache_folder / TOKENS
        if given:
            try:
                path = path_of(given)
            except OSError as error:
                raise SettingsError(f"auth.token_cache: {given!r}: {error.strerror}") from error
        from .token_cache import TokenCache  # of those who log in with a password

        return self._caches.setdefault(path, TokenCache(path))

    def pick(self, system: str, name: str | None = None) -> str:
        """Return the name of the connection to a system; name: the one asked for, if any."""
        names = [key for key, value in self.connections.items() if value["system"] == system]
        if name is not None and name not in names:
            known = ", ".join(names) or "none"
            raise SettingsError(f"there is no {system} connection {name!r} (there is: {known})")
        if not names:
            key = "URL or _REGION" if system in HUAWEI else "URL"
            raise SettingsError(
                f"no connection to {system}: set {PREFIX}{system.upper()}_{key} and its "
                f"credentials, or add it to {self.source}"
            )
        if name is None and len(names) > 1:
            raise SettingsError(
                f"{system} has several connections: choose with --connection {system}=NAME "
                f"({', '.join(names)})"
            )
        return name or names[0]


def load_settings(path: str | None = None, environment: Mapping[str, str] = environ) -> Settings:
    """Read and check the settings.

    path: of --settings, else $IOC_REMOVAL_SETTINGS, else the first of PLACES that exists.
    """
    document, source = _document(path or environment.get(f"{PREFIX}SETTINGS"))
    return settings_from(document, source, environment)


def settings_from(
    document: Any, source: str, environment: Mapping[str, str] | None = None
) -> Settings:
    """Check settings that were read already; the environment, when given, prevails."""
    schema = read("schemas/settings.json")
    if not isinstance(document, dict):
        raise SettingsError(f"{source}: must hold connections, each with its system and url")
    document = copied(document)
    environment = environment or {}
    sdk = HuaweiSdk(environment)
    used: Mapping[str, Sequence[str]] = {}
    places: Mapping[str, str | None] = {}
    if isinstance(connections := document.setdefault("connections", {}), dict):
        if unnamed := next((name for name in connections if not isinstance(name, str)), None):
            raise SettingsError(f"{source}: connections: {unnamed!r} is no name; quote it")
        places = {name: place_of(name, own) for name, own in connections.items()}
        ours = {v: t for v, t in environment.items() if v.startswith(PREFIX) and v not in RESERVED}
        used = overlay(connections, document.get("credentials"), ours, PREFIX, schema["$defs"])
    if problems := list(Schema(schema).problems(document)):
        raise SettingsError(f"{source}: {'; '.join(problems)}")
    credentials = document.get("credentials", {})
    connections = {}
    for name, connection in document["connections"].items():
        _check_addresses(f"{source}: connections.{name}", connection)
        own = _resolved(name, connection, credentials, source, environment)
        if "auth" in own:
            own = {**own, "auth_from": origin_of(used.get(name, ()), places.get(name), source)}
        connections[name] = completed(own, sdk) if own["system"] in HUAWEI else own
    journal = _journal(document.get("journal", {}), source, environment)
    return Settings(
        connections,
        source,
        sdk,
        cache_folder_of(environment),
        document.get("guards", {}),
        document.get("approval", {}),
        document.get("plan", {}),
        journal,
    )


def _journal(
    given: Mapping[str, Any], source: str, environment: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return the settings of the journal, its keys as secrets."""
    journal = dict(given)
    if "key" in journal:
        journal["key"] = _key(journal["key"], f"{source}: journal.key", environment)
    former = enumerate(journal.get("former_keys", ()))
    journal["former_keys"] = [
        _key(key, f"{source}: journal.former_keys[{at}]", environment) for at, key in former
    ]
    return journal


def _key(value: Any, where: str, environment: Mapping[str, str]) -> Secret:
    key = secret_from(value, where, environment)
    if len(key.reveal()) < SHORTEST_KEY:
        raise SettingsError(
            f"{where}: it is shorter than {SHORTEST_KEY} characters: easily guessed"
        )
    return key


def _document(path: str | None) -> tuple[Any, str]:
    places = [path] if path else PLACES
    for place in places:
        try:
            file = path_of(place)
            if not path and not file.is_file():
                continue
            return parse(file.read_text(encoding="utf-8"), place) or {}, place
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SettingsError(f"cannot read the settings {place}: {why}") from error
        except DefinitionError as error:
            raise SettingsError(str(error)) from error
    return {}, PLACES[0]


def _check_addresses(where: str, connection: Mapping[str, Any]) -> None:
    """Refuse addresses whose host or port cannot be read, which no pattern tells."""
    given = {f"nodes[{at}]": node for at, node in enumerate(connection.get("nodes", ()))}
    for key, address in {"url": connection.get("url"), **given}.items():
        if address is not None and not is_address(address):
            raise SettingsError(f"{where}.{key}: its host or its port cannot be read")


def _resolved(
    name: str,
    connection: Mapping[str, Any],
    credentials: Mapping[str, Any],
    source: str,
    environment: Mapping[str, str],
) -> Mapping[str, Any]:
    """Replace the name of credentials by them, and each secret by a Secret."""
    if connection.get("proxy"):  # it may hold a name and a password
        connection = {**connection, "proxy": MaskedText(connection["proxy"])}
    auth = connection.get("auth")
    where = f"{source}: connections.{name}.auth"
    if isinstance(auth, str):
        if auth not in credentials:
            raise SettingsError(f"{where}: there is no entry {auth!r} in credentials")
        auth = credentials[auth]
    if auth is None:
        return connection
    revealed = {
        key: secret_from(value, f"{where}.{key}", environment) if key in SECRETS else value
        for key, value in auth.items()
    }
    return {**connection, "auth": revealed}


def cache_folder_of(environment: Mapping[str, str]) -> Path | None:
    """Return the folder for what can be got again (XDG Base Directory Specification)."""
    said, home = environment.get("XDG_CACHE_HOME", ""), environment.get("HOME")
    if Path(said).is_absolute():
        return Path(said)
    return Path(home, ".cache") if home else None


def secret_from(value: Any, where: str, environment: Mapping[str, str]) -> Secret:
    """Return a secret that is a text, {env: NAME} or {file: PATH}; raises SettingsError.

    where: it stands, for messages; environment: asked before that of the process.
    """
    if isinstance(value, str):
        return Secret(value)
    if "env" in value:
        text = environment.get(value["env"]) or environ.get(value["env"])
        if not text:
            raise SettingsError(f"{where}: the environment has no {one_line(value['env'], 80)}")
        return Secret(text)
    try:
        text = path_of(value["file"]).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: cannot read {one_line(value['file'], 200)}") from error
    if not text:
        raise SettingsError(f"{where}: {one_line(value['file'], 200)} is empty")
    return Secret(text)
