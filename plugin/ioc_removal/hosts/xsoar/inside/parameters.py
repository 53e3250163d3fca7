"""The parameters of an instance as the settings of one connection."""

from collections.abc import Mapping
from math import isfinite, nan
from pathlib import Path
from typing import Any

from ....errors import SettingsError
from ....settings import Settings, settings_from
from .definitions import PARAMETERS

SOURCE = "the instance"
KEPT = Path("integration-context")  # not a file, see private_file
# What a user name and a password are called, by how to authenticate.
NAMES: Mapping[str, tuple[str | None, str]] = {
    "basic": ("username", "password"),
    "aksk": ("access_key", "secret_key"),
    "iam_password": ("username", "password"),
    "iam_token": (None, "token"),
}
YES, NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
Parameters = Mapping[str, Any]


def settings_of(system: str, params: Parameters) -> Settings:
    """Return checked settings; system: also the connection's name. Raises SettingsError."""
    connection: dict[str, Any] = {"system": system, "auth": _auth(params)}
    document: dict[str, Any] = {"connections": {system: connection}}
    for name, (kind, path) in PARAMETERS.items():
        value = params.get(name)
        if value in (None, "", []) or (kind == "boolean" and not _is_on(name, value)):
            continue
        place = document if path[0] == "guards" else connection
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = _typed(name, kind, value)
    if not _is_on("proxy", params.get("proxy") or False):
        connection["proxy"] = False
    if _is_on("insecure", params.get("insecure") or False):
        connection["verify"] = False
    if others := connection.pop("nodes", None):
        connection["nodes"] = [*filter(None, [connection.pop("url", None)]), *others]
    settings = settings_from(document, SOURCE)
    settings.cache_folder = KEPT
    return settings


def _auth(params: Parameters) -> dict[str, Any]:
    """Return how to authenticate: by what the parameter says, else as the only way there is."""
    kind = params.get("authentication") or "basic"
    pair = params.get("credentials") or {}
    if kind not in NAMES:
        raise SettingsError(f"{SOURCE}: authentication: {kind!r} is not one of {', '.join(NAMES)}")
    user, secret = NAMES[kind]
    given = {"type": kind, secret: pair.get("password")}
    if user:
        given[user] = (pair.get("identifier") or "").strip()
    for name in ("domain", "project", "iam_url") if kind == "iam_password" else ():
        given[name] = params.get(name)
    if kind == "aksk":
        given["security_token"] = (params.get("security_token") or {}).get("password")
    missing = [name for name in (user, secret) if name and not given.get(name)]
    if missing:
        raise SettingsError(f"{SOURCE}: {' and '.join(missing)}: fill in the credentials")
    return {name: value for name, value in given.items() if value}


def _typed(name: str, kind: str, value: Any) -> Any:
    """Return a parameter as the settings want it; raises SettingsError."""
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        try:
            number = int(value) if kind == "integer" else float(value)
        except (TypeError, ValueError):
            number = nan
        if not isfinite(number):
            raise SettingsError(f"{SOURCE}: {name}: {value!r} is not of type {kind}")
        return number
    if kind == "lines":
        lines = value if isinstance(value, list) else str(value).splitlines()
        return [line.strip() for line in lines if line.strip()]
    if kind == "choices":
        return value if isinstance(value, list) else [part.strip() for part in value.split(",")]
    return str(value).strip()


def _is_on(name: str, value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in YES | NO:
        raise SettingsError(f"{SOURCE}: {name}: {value!r} is not true or false")
    return text in YES
