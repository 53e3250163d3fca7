"""The forms in which a value is compared with a list: wide, so that no spelling slips through."""

import re
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import inet_aton
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

from ..indicators.addresses import is_ipv4, split_port, version_of
from ..indicators.normal import IDEOGRAPHIC_STOP, normalised
from ..indicators.refang import refang
from ..indicators.typed import split_url

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Forms at first sight, in lower case: the text as it is written; keys, that of its host, too; of
# these, the names; the version and the number of the address that it is, or that its host is.
Glance = tuple[str, tuple[str, ...], tuple[str, ...], tuple[int, int] | None]
MOST_ENCODED = 3  # times
NAT64 = IPv6Network("64:ff9b::/96")
_NUMBER = r"(?:0[xX][0-9A-Fa-f]+|[0-9]+)"
NUMERIC = rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}"
is_simple = re.compile(r"[A-Za-z0-9._-]+").fullmatch
# A browser takes http:host for http://host, and ours may be a name before its port.
_SCHEME = (
    r"(?i)^(?:[A-Za-z][A-Za-z0-9+.-]*:(?=[/\\])"
    r"|(?:https?|ftp|wss?):(?![0-9]{0,5}(?:[/\\?#]|$)))?[/\\]*"
)
_SHORT_NETWORK = r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})/([0-9]{1,2})"
_MAY_BE_RANGE = r"[0-9A-Fa-f:.]+/"
_URL_MARKS = re.compile(r"[/?#\\@:%]").search


class Forms(NamedTuple):
    """The forms of a value.

    text: as it is written, refanged; keys: equal for all spellings of it; host: keys of the host
    that it names; addresses: that it is, or that its host is, in each version; network: when it is
    a range; name: that it is, or that its host has, where it is no address.
    """

    text: str
    keys: tuple[str, ...]
    host: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    network: Network | None = None
    name: str = ""

    @property
    def texts(self) -> Iterator[str]:
        """What a pattern is compared with."""
        yield self.text.casefold()
        for key in (*self.keys, *self.host):
            yield key
            yield f"{key}/"
            if "xn--" in key:
                yield ".".join(_labels(key))


def forms_of(text: str) -> Forms:
    """Return the forms of a value, an id, a name or a tag."""
    simple = is_simple(text)
    plain = text if simple else _plain(text)
    if simple or is_simple(plain):  # a name, a hash or an address: all but a few of a long list
        key = plain.casefold().removesuffix(".")
        addresses = _addresses(key) if key[:1].isdigit() else ()
        return Forms(plain, (*_named(key), *map(str, addresses)), addresses=addresses, name=key)
    if version_of(plain):
        addresses = _addresses(plain)
        return Forms(plain, tuple(map(str, addresses)), addresses=addresses)
    if not _URL_MARKS(plain):
        key = normalised(plain).casefold()
        return Forms(plain, _named(key), name=key.removesuffix("."))
    host, loose = _parted(plain)
    addresses = _addresses(host)
    names = (*(_named(host) if host else ()), *map(str, addresses))
    return Forms(plain, (loose,), names, addresses, _network(plain), host)


def name_key(text: str) -> str:
    """Return the only key of a plain name, or "" for all that needs a closer look."""
    if not is_simple(text) or text[0].isdigit() or text[:4].lower() == "www.":
        return ""
    return text.casefold().removesuffix(".")


def network_of(text: str) -> Network | None:
    """Return the range that a text is meant to be, None when it is none; raises ValueError."""
    return ip_network(text) if _is_range(text) else None


def host_name(text: str) -> str:
    """Return the host of a URL, or the name that a text is, in lower case."""
    if is_simple(text):
        return text.casefold().removesuffix(".")
    plain = _plain(text)
    if _URL_MARKS(plain) and not version_of(plain):
        return _parted(plain)[0]
    return normalised(plain).casefold().removesuffix(".")


def _plain(text: str) -> str:
    plain = refang(text)
    return plain if plain.isascii() else normalize("NFKC", plain).replace(IDEOGRAPHIC_STOP, ".")


def _parted(plain: str) -> tuple[str, str]:
    """Return the host of a URL, and the URL without scheme, user, port, fragment and encoding."""
    _, authority, rest = split_url(re.sub(_SCHEME, "", decoded_of(plain)))
    host = split_port(authority.rpartition("@")[2])[0].strip("[]")
    host = (host if is_simple(host) else normalised(host)).casefold().removesuffix(".")
    path = rest.partition("#")[0].replace("\\", "/").rstrip("/").replace("/?", "?", 1)
    return host, f"{host.removeprefix('www.')}{path}".casefold()


def decoded_of(text: str) -> str:
    """Return a text without percent-encoding, also where that was done twice."""
    for _ in range(MOST_ENCODED):
        if "%" not in text:
            break
        text = unquote(text)
    return text


def _addresses(host: str) -> tuple[Address, ...]:
    """Return the address that a host is, in every way in which one can be written."""
    if is_ipv4(host):
        return (IPv4Address(host),)
    if version_of(host):
        address = IPv6Address(host)
        mapped = address.ipv4_mapped
        return (mapped, address) if mapped else (address, *_tunnelled(address))
    return tuple(_numeric(host)) if re.fullmatch(NUMERIC, host) else ()


def _tunnelled(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the address of version 4 that is reached by one of version 6."""
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield address.teredo[1]
    if address in NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _numeric(host: str) -> Iterator[IPv4Address]:
    """Yield what numbers mean, where zeros before them make them octal, and where they do not."""
    decimal = re.sub(r"(?<![0-9A-Za-z])0+(?=[0-9])", "", host)
    for text in dict.fromkeys((host, decimal)):
        with suppress(OSError):
            yield IPv4Address(inet_aton(text))


def _network(plain: str) -> Network | None:
    if not re.match(_MAY_BE_RANGE, plain):
        return None
    if short := re.fullmatch(_SHORT_NETWORK, plain):
        plain = f"{short[1]}{'.0' * (3 - short[1].count('.'))}/{short[2]}"
    try:
        return ip_network(plain, strict=False) if _is_range(plain) else None
    except ValueError:
        return None


def _is_range(text: str) -> bool:
    """Tell an address with a prefix from a URL."""
    bare, slash, prefix = text.partition("/")
    if not slash or not (version_of(bare) or _looks_like_address(bare)):
        return False
    return ":" in bare or bool(re.fullmatch(r"[0-9.]*", prefix))


def _looks_like_address(text: str) -> bool:
    numbers = re.fullmatch(r"[0-9.]+", text)
    return bool(numbers or (":" in text and re.fullmatch(r"[0-9A-Fa-f:.]+", text)))


def _named(key: str) -> tuple[str, ...]:
    """Return the keys of a name: CyberTrace takes www. for no difference."""
    return (key, key[4:]) if key.startswith("www.") else (key,)


def _labels(name: str) -> Iterator[str]:
    for label in name.split("."):
        try:
            yield label.encode("ascii").decode("idna")
        except UnicodeError:
            yield label
