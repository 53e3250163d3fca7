"""The environment over the settings of a file: IOC_REMOVAL_<CONNECTION>_<KEY>."""

from collections.abc import Mapping
from typing import Any

from .errors import SettingsError

SYSTEMS = ("cybertrace", "secmaster", "waf")
# Which credential a key belongs to, when only the environment names it.
AUTH_TYPES = {"username": "basic", "access_key": "aksk", "token": "iam_token"}


def overlay(
    connections: dict[str, Any],
    credentials: Any,
    variables: Mapping[str, str],
    prefix: str,
    schemas: Mapping[str, Any],
) -> None:
    """Put variables named <prefix><CONNECTION>_<KEY> over the connections of the file.

    credentials: of the file, which a connection may name; schemas: the $defs of the settings.
    Raises SettingsError.
    """
    for variable, text in variables.items():
        rest = variable.removeprefix(prefix)
        names = {name.upper().replace("-", "_"): name for name in (*SYSTEMS, *connections)}
        owner = max((n for n in names if rest.startswith(f"{n}_")), key=len, default=None)
        if owner is None:
            raise SettingsError(f"{variable}: there is no such connection")
        name, key = names[owner], rest.removeprefix(f"{owner}_").lower()
        connection = connections.setdefault(name, {"system": name})
        if isinstance(connection, dict):
            _set(connection, credentials, variable, key, text, schemas)


def _set(
    connection: dict[str, Any],
    credentials: Any,
    variable: str,
    key: str,
    text: str,
    schemas: Mapping[str, Any],
) -> None:
    """Set what one variable of the environment says."""
    properties = schemas["connection"]["properties"]
    for part in ("defaults", "limits"):
        if key in properties[part]["properties"]:
            kind = properties[part]["properties"][key]
            if connection.get(part) is None:
                connection[part] = {}
            if isinstance(connection[part], dict):
                connection[part][key] = _typed(variable, text, kind)
            return
    if key in schemas["auth"]["properties"] and key != "type":
        _authenticate(connection, credentials, key, text)
    elif key in properties:
        connection[key] = _typed(variable, text, properties[key])
    else:
        raise SettingsError(f"{variable}: there is no setting {key!r}")


def _authenticate(connection: dict[str, Any], credentials: Any, key: str, text: str) -> None:
    """Put one key over the connection's own credentials, or over a copy of those it names."""
    auth = connection.get("auth")
    if isinstance(auth, str) and isinstance(credentials, dict):
        auth = copied(credentials.get(auth))
    auth = connection["auth"] = auth if isinstance(auth, dict) else {}
    auth[key] = text
    if key in AUTH_TYPES:
        auth.setdefault("type", AUTH_TYPES[key])


def _typed(variable: str, text: str, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    try:
        if kind in {"integer", "number"}:
            return int(text) if kind == "integer" else float(text)
        if kind == "boolean":
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
    except (ValueError, KeyError) as error:
        raise SettingsError(f"{variable}: {text!r} is not of type {kind}") from error
    return text


def copied(value: Any) -> Any:
    """Copy a document; what an alias of YAML shares is copied for each place."""
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if isinstance(value, list) else value
