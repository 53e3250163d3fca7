"""The environment over the settings of a file: IOC_REMOVAL_<CONNECTION>_<KEY>."""

from collections.abc import Mapping
from typing import Any

from .errors import SettingsError

SYSTEMS = ("cybertrace", "secmaster", "waf")
# Which credential a key belongs to, when none is named; a user of Huawei Cloud is one of IAM.
AUTH_TYPES = {"access_key": "aksk", "token": "iam_token", "username": "iam_password"}
# What is set in the environment drops the other one from the file.
INSTEAD = {"url": "nodes", "nodes": "url", "project": "project_id"}


def overlay(
    connections: dict[str, Any],
    credentials: Any,
    variables: Mapping[str, str],
    prefix: str,
    schemas: Mapping[str, Any],
) -> dict[str, list[str]]:
    """Put variables named <prefix><CONNECTION>_<KEY> over the connections of the file.

    credentials: of the file, which a connection may name; schemas: the $defs of the settings.
    Returns the variables that set credentials, by connection. Raises SettingsError.
    """
    used: dict[str, list[str]] = {}
    for variable in sorted(variables, key=_order):
        text = variables[variable]
        rest = variable.removeprefix(prefix)
        names = {name.upper().replace("-", "_"): name for name in (*SYSTEMS, *connections)}
        owner = max((n for n in names if rest.startswith(f"{n}_")), key=len, default=None)
        if owner is None:
            raise SettingsError(f"{variable}: there is no such connection")
        name, key = names[owner], rest.removeprefix(f"{owner}_").lower()
        connection = connections.setdefault(name, {"system": name})
        if not isinstance(connection, dict):
            continue
        other = f"{prefix}{owner}_{INSTEAD.get(key, '').upper()}"
        if key in {"url", "nodes"} and other in variables:
            raise SettingsError(f"{variable} and {other} exclude each other; unset one")
        if _set(connection, credentials, variable, key, text, schemas):
            used.setdefault(name, []).append(variable)
    for name in used:
        _tell_type(connections[name])
    return used


def _order(variable: str) -> tuple[bool, bool, str]:
    """Sort variables so that what names or replaces credentials comes before their keys."""
    return (not variable.endswith("_AUTH"), not variable.endswith("_AUTH_TYPE"), variable)


def _set(
    connection: dict[str, Any],
    credentials: Any,
    variable: str,
    key: str,
    text: str,
    schemas: Mapping[str, Any],
) -> bool:
    """Set what one variable of the environment says; tell whether it is of the credentials."""
    properties = schemas["connection"]["properties"]
    for part in ("defaults", "limits"):
        if key in properties[part]["properties"]:
            kind = properties[part]["properties"][key]
            if connection.get(part) is None:
                connection[part] = {}
            if isinstance(connection[part], dict):
                connection[part][key] = _typed(variable, text, kind)
            return False
    credential = "type" if key == "auth_type" else key if key != "type" else ""
    if credential in schemas["auth"]["properties"]:
        kind = schemas["auth"]["properties"][credential]
        _authenticate(connection, credentials, credential, _typed(variable, text, kind))
        return True
    if key not in properties:
        raise SettingsError(f"{variable}: there is no setting {key!r}")
    connection[key] = _typed(variable, text, properties[key])
    connection.pop(INSTEAD.get(key, ""), None)
    return key == "auth"


def _authenticate(connection: dict[str, Any], credentials: Any, key: str, value: Any) -> None:
    """Put one key over the connection's own credentials, or over a copy of those it names."""
    auth = connection.get("auth")
    if isinstance(auth, str) and isinstance(credentials, dict):
        auth = copied(credentials.get(auth))
    auth = auth if isinstance(auth, dict) else {}
    if key == "type" and auth.get("type") != value:
        auth = {}  # those of the file are of another kind
    auth[key] = value
    auth.pop(INSTEAD.get(key, ""), None)
    connection["auth"] = auth


def _tell_type(connection: dict[str, Any]) -> None:
    """Name the type of credentials that only the environment gives, by their keys."""
    auth = connection.get("auth")
    if not isinstance(auth, dict) or "type" in auth:
        return
    types = [kind for key, kind in AUTH_TYPES.items() if key in auth]
    if types:
        huawei = connection.get("system") != "cybertrace"
        auth["type"] = types[0] if huawei or types[0] != "iam_password" else "basic"


def _typed(variable: str, text: str, schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "array":
        return [part.strip() for part in text.split(",")]
    if {"enum": [False]} in schema.get("anyOf", ()) and text.lower() in {"false", "0"}:
        return False
    try:
        if kind in ("integer", "number"):
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
