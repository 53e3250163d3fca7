"""The forms of values, told at first sight and many together: of most of a long list.

What is told is what forms_of() tells; the others need a closer look.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from ipaddress import AddressValueError, IPv6Address
from typing import Protocol

from ..indicators.addresses import is_ipv4
from .forms import NUMERIC, Glance, decoded_of
from .shapes import GLOBAL_IPV6


class Judging(Protocol):
    """A list of values."""

    def may_hold(self, glance: Glance) -> bool:
        """Tell of a value at first sight whether it may be on the list."""


# Without brackets, which forms_of() refangs; a path is without what it replaces, too.
_PATH, _FRAGMENT = r'/[ -"$&-(*-\[^-~]*', r"#[ -(*-\[^-~]*"
_URL = rf"(?:https?://)?([a-z0-9_-][a-z0-9._-]*)(?::[0-9]{{1,5}})?({_PATH})?(?:{_FRAGMENT})?"
_LINE = rf"^(?:{_URL}|({GLOBAL_IPV6})|.*)$"


@cache
def _lines() -> re.Pattern[str]:
    return re.compile(_LINE, re.MULTILINE)


def glances(texts: Sequence[str]) -> Iterator[Glance | None]:
    """Yield what is told of each text at first sight; None: it needs a closer look."""
    lowered = _in_lines(texts)
    shown = lowered
    if "%" in shown:
        decoded = (decoded_of(one) if "%" in one else one for one in texts)
        shown = _in_lines([*decoded])
    coded = "xn--" in shown or "xn--" in lowered
    told = zip(lowered.split("\n"), _lines().findall(shown), strict=True) if texts else ()
    for text, (host, path, ipv6) in told:
        if ipv6:  # what is an address only when it is decoded is judged as a URL
            yield _ipv6(text) if ipv6 == text else None
        elif coded and ("xn--" in text or "xn--" in host + path):
            yield None
        else:
            yield _url(text, host, path)


def _in_lines(texts: Sequence[str]) -> str:
    """Return texts in lower case, a line each, which is empty for what is no plain text."""
    joined = "\n".join(texts)
    if not joined.isascii() or joined.count("\n") >= len(texts):
        joined = "\n".join(one if one.isascii() and "\n" not in one else "" for one in texts)
    return joined.lower()


def near(texts: Sequence[str], lists: Sequence[Judging]) -> list[str]:
    """Return those of some texts that may be on a list, in their order: few of many."""
    return [
        text
        for text, glance in zip(texts, glances(texts), strict=True)
        if glance is None or any(one.may_hold(glance) for one in lists)
    ]


def _url(text: str, host: str, path: str) -> Glance | None:
    """Return what is told of a URL, or a name, a hash or an address of version 4."""
    name = host[:-1] if host[-1:] == "." else host
    if not name or text[-1] == " ":  # which is cut off
        return None
    address = None
    if name[0].isdigit():
        if is_ipv4(name):
            if path and text[0] != "h":
                return None  # it may be a range
            address = 4, _number(name)
        elif re.fullmatch(NUMERIC, name):
            return None  # it may be an address, too
    bare = name[4:] if name.startswith("www.") else name
    names = (name,) if bare is name else (name, bare)
    if not path:
        return text, names, names, address
    return text, (bare + path.rstrip("/").replace("/?", "?", 1), *names), names, address


def _ipv6(text: str) -> Glance | None:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    keys = (str(address),)
    return text, keys, keys, (6, int(address))


def _number(address: str) -> int:
    first, second, third, fourth = address.split(".")
    return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)
