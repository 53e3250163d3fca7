"""Find the settings: a file, and the environment over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

from .environment import copied, overlay
from .errors import DefinitionError, SettingsError
from .loader import parse, read
from .schema import Schema
from .secret import Secret

PREFIX = "IOC_REMOVAL_"
RESERVED = {f"{PREFIX}{name}" for name in ("SETTINGS", "STORE", "DEBUG")}
PLACES = ("./ioc-removal.yml", "~/.config/ioc-removal/settings.yml")
SECRETS = ("password", "secret_key", "security_token", "token")


@dataclass(frozen=True)
class Settings:
    """The checked settings.

    connections: by name, as in schemas/settings.json, credentials resolved, secrets as Secret;
    source: where they were found, for messages.
    """

    connections: Mapping[str, Mapping[str, Any]]
    source: str

    def pick(self, system: str, name: str | None = None) -> str:
        """Return the name of the connection to a system; name: the one asked for, if any."""
        names = [key for key, value in self.connections.items() if value["system"] == system]
        if name is not None and name not in names:
            known = ", ".join(names) or "none"
            raise SettingsError(f"there is no {system} connection {name!r} (there is: {known})")
        if not names:
            raise SettingsError(
                f"no connection to {system}: set {PREFIX}{system.upper()}_URL and its credentials, "
                f"or add it to {self.source}"
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
    if isinstance(connections := document.setdefault("connections", {}), dict):
        if unnamed := next((name for name in connections if not isinstance(name, str)), None):
            raise SettingsError(f"{source}: connections: {unnamed!r} is no name; quote it")
        ours = {v: t for v, t in environment.items() if v.startswith(PREFIX) and v not in RESERVED}
        overlay(connections, document.get("credentials"), ours, PREFIX, schema["$defs"])
    if problems := list(Schema(schema).problems(document)):
        raise SettingsError(f"{source}: {'; '.join(problems)}")
    credentials = document.get("credentials", {})
    connections = {
        name: _resolved(name, connection, credentials, source, environment)
        for name, connection in document["connections"].items()
    }
    return Settings(connections, source)


def _document(path: str | None) -> tuple[Any, str]:
    places = [path] if path else PLACES
    for place in places:
        file = Path(place).expanduser()
        if not path and not file.is_file():
            continue
        try:
            return parse(file.read_text(encoding="utf-8"), place) or {}, place
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise SettingsError(f"cannot read the settings {place}: {why}") from error
        except DefinitionError as error:
            raise SettingsError(str(error)) from error
    return {}, PLACES[0]


def _resolved(
    name: str,
    connection: Mapping[str, Any],
    credentials: Mapping[str, Any],
    source: str,
    environment: Mapping[str, str],
) -> Mapping[str, Any]:
    """Replace the name of credentials by them, and each secret by a Secret."""
    auth = connection.get("auth")
    where = f"{source}: connections.{name}.auth"
    if isinstance(auth, str):
        if auth not in credentials:
            raise SettingsError(f"{where}: there is no entry {auth!r} in credentials")
        auth = credentials[auth]
    if auth is None:
        return connection
    revealed = {
        key: _secret(value, f"{where}.{key}", environment) if key in SECRETS else value
        for key, value in auth.items()
    }
    return {**connection, "auth": revealed}


def _secret(value: Any, where: str, environment: Mapping[str, str]) -> Secret:
    if isinstance(value, str):
        return Secret(value)
    if "env" in value:
        text = environment.get(value["env"]) or environ.get(value["env"])
        if not text:
            raise SettingsError(f"{where}: the environment has no {value['env']}")
        return Secret(text)
    try:
        text = Path(value["file"]).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: cannot read {value['file']}") from error
    if not text:
        raise SettingsError(f"{where}: {value['file']} is empty")
    return Secret(text)
