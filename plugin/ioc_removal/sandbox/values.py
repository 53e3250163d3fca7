"""Which texts CyberTrace takes for an indicator: a hash, an IP address or a URL."""

import re
from ipaddress import ip_address

_HASH = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_FORBIDDEN = re.compile(r"[\s\\\x00-\x1f\x7f\"<>{}|^`]")
_URL = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#@]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]]+)(?::[0-9]{1,5})?(?:[/?#].*)?"
)
_LABEL = re.compile(r"[\w*](?:[\w*-]{0,61}[\w*])?")


def is_indicator(text: str) -> bool:
    """Tell whether a text has the format of a documented type.

    The exact rule is not documented; a domain counts as a URL, and `*` is legal in one.
    """
    if _HASH.fullmatch(text) or _is_address(text):
        return True
    url = None if _FORBIDDEN.search(text) else _URL.fullmatch(text)
    return url is not None and _is_host(url["host"])


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_address(host[1:-1])
    labels = host.rstrip(".").split(".")
    return len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
