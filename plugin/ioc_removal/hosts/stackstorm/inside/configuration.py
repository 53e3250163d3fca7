"""The pack's config as settings, and which connection an action is to use."""

from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Any

from ....errors import SettingsError
from ....settings import Settings, settings_from
from ....trust.caps import PER_CALL

SOURCE = "the pack's config"
MOST = 10_000  # items of a list; each has a row in the result, which StackStorm keeps whole
CHOSEN = "chosen"
CACHE = "XDG_CACHE_HOME"


def settings_of(config: Mapping[str, Any]) -> Settings:
    """Return the checked settings of a config; raises SettingsError.

    The environment is asked for nothing but the folder where tokens are kept, and for a secret
    that is given as {env: NAME}.
    """
    document = _filled_in({key: value for key, value in config.items() if key != CHOSEN})
    document["guards"] = {PER_CALL: MOST, **document.get("guards", {})}
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
