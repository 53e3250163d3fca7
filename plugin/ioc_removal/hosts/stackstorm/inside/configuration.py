"""The pack's config as settings, which connection an action is to use, and where the store is."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

from ....errors import SettingsError
from ....loader import read
from ....schema import Schema
from ....secret import Secret
from ....settings import Settings, secret_from, settings_from
from ....store.location import CHOOSE, Location, Server, store_location
from ....trust.caps import PER_CALL, PER_HOUR

SOURCE = "the pack's config"
MOST = 10_000  # items of a list; each has a row in the result, which StackStorm keeps whole
CHOSEN, STORE = "chosen", "store"
CACHE = "XDG_CACHE_HOME"


@dataclass(frozen=True)
class Store:
    """Where the store is; secrets: what of it must not be in an input."""

    location: Location
    secrets: tuple[Secret, ...]


def store_of(config: Mapping[str, Any]) -> Store | None:
    """Return where actions are recorded, None for nowhere; raises SettingsError."""
    given, where = _filled_in(config.get(STORE)), f"{SOURCE}: {STORE}"
    if not given:
        return None
    for _ in Schema(read("schemas/settings.json")["$defs"]["secret"]).problems(given):
        raise SettingsError(
            f"{where}: it is a path, postgresql://NAME@HOST/DATABASE, or one of the two as "
            "{env: NAME} or {file: PATH}"
        )
    text = secret_from(given, where, {})
    try:
        location = store_location(text.reveal())
    except SettingsError as error:
        raise of_the_pack(error) from None
    if not isinstance(location, Server):
        return Store(location, ())
    return Store(location, (text, location.url, *location.secrets))


def of_the_pack(error: SettingsError) -> SettingsError:
    """Return what is wrong with a store as the pack's own: it has no options."""
    return SettingsError(f"{error}".replace(CHOOSE, f"set another as {STORE} in {SOURCE}"))


def settings_of(config: Mapping[str, Any]) -> Settings:
    """Return the checked settings of a config; raises SettingsError.

    The environment is asked for nothing but the folder where tokens are kept, and for a secret
    that is given as {env: NAME}.
    """
    document = _filled_in(
        {key: value for key, value in config.items() if key not in {CHOSEN, STORE}}
    )
    document["guards"] = {PER_CALL: MOST, **document.get("guards", {})}
    if PER_HOUR in document["guards"] and not _filled_in(config.get(STORE)):
        raise SettingsError(
            f"{SOURCE}: guards.{PER_HOUR}: it counts over actions, each a process of its own: set "
            f"{STORE}, too, where they are recorded"
        )
    home = environ.get("HOME")
    folder = environ.get(CACHE) or (str(Path(home, ".cache")) if home else "")
    return settings_from(document, SOURCE, {CACHE: folder})


def connection_name(
    settings: Settings, config: Mapping[str, Any], system: str, asked: str | None
) -> str:
    """Return the name of the connection to a system; asked: by the action's input, if at all."""
    names = [name for name, own in settings.connections.items() if own["system"] == system]
    if not names:
        raise SettingsError(f"there is no connection to {system}: add it to {SOURCE}")
    name = asked or (config.get(CHOSEN) or {}).get(system)
    if name is None and len(names) > 1:
        raise SettingsError(
            f"{system} has several connections: name one of {', '.join(names)} by the input "
            f"connection, or in {CHOSEN}.{system} of {SOURCE}"
        )
    return settings.pick(system, name)


def _filled_in(value: Any) -> Any:
    """Leave out what is empty: StackStorm gives that for each key that is not set."""
    if not isinstance(value, Mapping):
        return value
    known = {key: _filled_in(inner) for key, inner in value.items()}
    return {key: inner for key, inner in known.items() if inner not in (None, {}, [])}
