"""What settings of a connection must tell before anything is sent, and what is unsafe in them."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .authentication import check_authentication
from .endpoint import segment
from .errors import ArgumentError, SettingsError
from .settings import PREFIX
from .system import System

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_settings(name: str, own: Mapping[str, Any], system: System, source: str) -> None:
    """Refuse settings with which nothing could be sent, naming where each is set.

    name: of the connection; own: its settings; source: where they are. Raises SettingsError.
    """

    def missing(key: str, what: str) -> SettingsError:
        variable = f"{PREFIX}{name}_{key.removeprefix('auth.')}".upper().replace("-", "_")
        hint = f"connections.{name}.{key} in {source}"
        if key == "auth":
            hint += f" ({own['no_auth']})" if "no_auth" in own else ""
        else:
            hint += f", or {variable} in the environment"
        return SettingsError(f"connection {name}: {what} is missing; set {hint}")

    for key in system.required:
        choices = key.split("|")
        if not any(choice in own for choice in choices):
            raise missing(choices[0], " or ".join(choices))
    names = [node_name(url) for url in own.get("nodes", ())]
    if twice := next((node for node in names if names.count(node) > 1), None):
        raise SettingsError(f"connection {name}: nodes: {twice} is there twice; name each once")
    check_authentication(name, own["auth"], system.title, system.auth, missing)
    try:
        segment("tenant", own.get("tenant", "none"))
    except ArgumentError as error:
        raise SettingsError(f"connection {name}: {error}") from error
    version = own.get("api_version")
    if own.get("tenant") and version and version not in system.tenant_versions:
        known = " or ".join(system.tenant_versions)
        raise SettingsError(f"connection {name}: tenant needs api_version {known}")


def node_name(url: str) -> str:
    """Return the name of a node: its host, with port and path where they are not the usual ones."""
    parts = urlsplit(url.lower())
    usual = ":443" if parts.scheme == "https" else ":80"
    return parts.netloc.removesuffix(usual) + urlsplit(url).path.rstrip("/")


def warnings_of(name: str, url: str, own: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is unsafe about a connection; url: where it leads."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield f"connection {name}: {url} is not encrypted: credentials can be read on the way"
    if parts.scheme == "https" and own.get("verify") is False:
        yield f"connection {name}: the server's certificate is not verified (verify: false)"
