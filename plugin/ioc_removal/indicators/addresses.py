"""Tell a lone address from what only looks like one: ranges, ports, scopes."""

import re
from ipaddress import AddressValueError, IPv6Address

_NUMBER = r"[0-9]{1,3}"
_NUMBERS = r"[0-9]+(?:\.[0-9]+)*"
BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"(?:{BYTE}\.){{3}}{BYTE}"
is_ipv4 = re.compile(IPV4).fullmatch
_GROUP = "[0-9A-Fa-f]{1,4}"
# Most addresses of version 6, as a pattern: eight groups, or at most seven around "::".
IPV6 = (
    rf"(?:(?:{_GROUP}:){{7}}{_GROUP}"
    rf"|(?!(?:[^:\n]*:){{8}})(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}})"
)
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_PORT = re.compile(r"(?P<host>.*):(?P<port>[0-9]*)", re.DOTALL)


def version_of(text: str) -> str | None:
    """Return ipv4 or ipv6 for a lone address, else None."""
    if is_ipv4(text):
        return "ipv4"
    try:
        if ":" in text and _IPV6.fullmatch(text):
            IPv6Address(text)
            return "ipv6"
    except AddressValueError:
        pass
    return None


def split_port(authority: str) -> tuple[str, str | None]:
    """Split "host:port"; the port is None where there is none, a host may stand in brackets."""
    found = None if authority.endswith("]") else _PORT.fullmatch(authority)
    return (found["host"], found["port"]) if found else (authority, None)


def judged_address(text: str) -> tuple[str | None, str] | None:
    """Judge what is an address or nearly one; None for everything else."""
    bare, slash, prefix = text.partition("/")
    version = version_of(bare)
    if version and not slash:
        return version, ""
    if version and (_is_prefix(prefix, version) or version_of(prefix) == "ipv4"):
        return None, "an address range (CIDR): name its addresses one by one"
    if "%" in bare and version_of(bare.partition("%")[0]) == "ipv6":
        return None, "an address with a scope (%): not one that others can reach"
    if slash:
        return None
    first, dash, last = text.partition("-")
    if dash and version_of(first) and (version_of(last) or last.isdigit()):
        return None, "an address range: name its addresses one by one"
    host, port = split_port(text)
    if version_of(host) == "ipv4" and port:
        return None, "an address with a port: give the address, or the whole URL"
    if host[:1] == "[" and version_of(host.strip("[]")) == "ipv6":
        return None, "an address in brackets or with a port: give the address, or the whole URL"
    if re.fullmatch(_NUMBERS, text):
        return None, "not an IPv4 address: four numbers from 0 to 255, without leading zeros"
    return None


def _is_prefix(text: str, version: str) -> bool:
    return bool(re.fullmatch(_NUMBER, text)) and int(text) <= (32 if version == "ipv4" else 128)
