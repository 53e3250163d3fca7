"""Which proxy leads to a server: the one of the settings, else the one of the environment."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from os import environ
from re import split
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from .errors import SettingsError
from .secret import Secret

SETTING = "proxy"
SPECIAL = frozenset("/?#\\ ")
PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy.

    address: scheme, host and port, fit for a message; origin: the setting or variable that names
    it; user: name and password as they stand there, None without.
    """

    address: str
    origin: str
    user: Secret | None = None

    def __str__(self) -> str:
        source = "" if self.origin == SETTING else f" of {self.origin}"
        return f"the proxy {self.address}{source}"

    @property
    def authorization(self) -> Secret | None:
        """The value of the header Proxy-Authorization, in UTF-8 (RFC 7617)."""
        if self.user is None:
            return None
        name, _, password = self.user.reveal().partition(":")
        pair = f"{unquote(name)}:{unquote(password)}".encode("utf-8", "surrogatepass")
        return Secret(f"Basic {b64encode(pair).decode()}")

    @property
    def secrets(self) -> Iterator[Secret]:
        """The texts that no message may hold."""
        if self.user is not None and self.authorization is not None:
            text = self.user.reveal()
            yield Secret(self.authorization.reveal().partition(" ")[2])
            for form in (text, unquote(text)):
                yield from (Secret(form), Secret(form.partition(":")[2]))


def proxy_to(
    address: str, own: Mapping[str, Any], environment: Mapping[str, str] = environ
) -> Proxy | None:
    """Return the proxy that leads to an address; None to go there directly.

    own: settings of the connection, whose proxy holds whatever the environment says, False for
    none. Of the environment, <SCHEME>_PROXY, ALL_PROXY and NO_PROXY count, small letters first.
    Raises SettingsError.
    """
    given = own.get("proxy")
    if given is not None:
        return _read(given, SETTING) if given else None
    parts = urlsplit(address)
    if _excepted(parts, _said(environment, "no_proxy")[1]):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, text = _said(environment, name)
        if text:
            return _read(text if "://" in text else f"http://{text}", variable)
    return None


def _said(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return which variable is set, and its text."""
    if name in environment:
        return name, environment[name].strip()
    if name == "http_proxy" and "REQUEST_METHOD" in environment:
        return name, ""  # there, anybody can set HTTP_PROXY by a header: CVE-2016-5385
    return name.upper(), environment.get(name.upper(), "").strip()


def _read(text: str, origin: str) -> Proxy:
    """Read the address of a proxy; raises SettingsError without its password."""
    parts = _parts(text)
    if parts is None:
        raise SettingsError(
            f"{origin}: is not http://[NAME:PASSWORD@]HOST:PORT; write what is special in name or "
            "password as %XX, such as %40 for @ and %2F for /"
        )
    user, at, place = parts.netloc.rpartition("@")
    if parts.scheme not in PORTS:
        raise SettingsError(
            f"{origin}: {parts.scheme}://{place} is no HTTP proxy; set http://HOST:PORT, or "
            "proxy: false for none"
        )
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    address = f"{parts.scheme}://{host}:{parts.port or PORTS[parts.scheme]}"
    return Proxy(address, origin, Secret(user) if at else None)


def _parts(text: str) -> SplitResult | None:
    """Divide an address of which there is nothing below the host; None when it is none."""
    special = set(text.partition("//")[2].removesuffix("/")) & SPECIAL
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
        if not _ip(host):
            host.encode("idna")
    except ValueError:  # of idna too
        return None
    return parts if host and text.isprintable() and not special else None


def _excepted(parts: SplitResult, exceptions: str) -> bool:
    """Tell whether a server is to be reached directly.

    exceptions: host names, each with the names below it, addresses, networks, with or without a
    port, between commas or spaces; * for all.
    """
    host = (parts.hostname or "").rstrip(".")
    address = _ip(host)
    for entry in split(r"[,\s]+", exceptions.lower()):
        if entry == "*":
            return True
        name, port = _divided(entry)
        if not name or (port and port != str(parts.port or PORTS.get(parts.scheme))):
            continue
        if address is None:
            name = name.removeprefix("*").strip(".")
            if host == name or (name and host.endswith(f".{name}")):
                return True
            continue
        try:
            network = ip_network(name, strict=False)
        except ValueError:
            continue
        if address in network:
            return True
    return False


def _divided(entry: str) -> tuple[str, str]:
    """Divide an entry into host and port: NAME:1, [::1]:1, and ::1 without a port."""
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = entry.rpartition(":")
    return (host, port) if host and ":" not in host else (entry, "")


def _ip(text: str) -> Any:
    """Return the IP address that a text is; None when it is none."""
    try:
        return ip_address(text)
    except ValueError:
        return None
