"""A list of values, ranges and patterns, and whether a value is on it, in whatever spelling."""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from ..errors import SettingsError, one_line
from ..indicators.addresses import judged_address
from ..places import path_of
from .forms import Forms, Network, forms_of, name_key, network_of

LONGEST_ENTRY = 200  # characters of an entry in a message
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]").search


class Listed:
    """Values, ranges of addresses, and patterns with * and ?; each with where it comes from."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._networks: dict[tuple[int, int], dict[int, tuple[Network, str]]] = {}
        self._patterns: list[tuple[re.Pattern[str], str, str]] = []

    def __bool__(self) -> bool:
        return bool(self._values or self._networks or self._patterns)

    def add(self, text: str, source: str) -> None:
        """Add an entry; source: where it stands. Raises ValueError."""
        if key := name_key(text):  # most of a long list
            self._values.setdefault(key, source)
            return
        if not text:
            raise ValueError("is empty")
        if _CONTROL(text):
            raise ValueError("holds a control character")
        if "*" in text or "?" in text:
            self._patterns.append((_pattern(text), text, source))
        elif network := network_of(text):
            self.add_network(network, source)
        else:
            if text[:1].isdigit() and "-" in text:
                reason = (judged_address(text) or ("", ""))[1]
                if reason:
                    raise ValueError(f"{reason}, or a range as 192.0.2.0/24")
            for key in forms_of(text).keys:
                self._values.setdefault(key, source)

    def add_keys(self, keys: Iterable[str], source: str) -> None:
        """Add values that are keys already, in lower case."""
        self._values.update(dict.fromkeys(keys, source))

    def add_network(self, network: Network, source: str) -> None:
        """Add a range of addresses."""
        width = (network.version, network.prefixlen)
        same = self._networks.setdefault(width, {})
        same.setdefault(int(network.network_address), (network, source))

    def entry(self, forms: Forms) -> str | None:
        """Return the entry that a value falls under, with where it stands, or None."""
        for key in (*forms.keys, *forms.host):
            if key in self._values:
                return f"{one_line(key, LONGEST_ENTRY)} ({self._values[key]})"
        if self._networks and (found := self._network(forms)):
            return f"{found[0]} ({found[1]})"
        for pattern, text, source in self._patterns:
            if any(map(pattern.fullmatch, forms.texts)):
                return f"{one_line(text, LONGEST_ENTRY)} ({source})"
        return None

    def _network(self, forms: Forms) -> tuple[Network, str] | None:
        if forms.network is not None:
            for same in self._networks.values():
                for network, source in same.values():
                    if network.version == forms.network.version and network.overlaps(forms.network):
                        return network, source
        for address in forms.addresses:
            for (version, prefix), same in self._networks.items():
                if version == address.version:
                    rest = address.max_prefixlen - prefix
                    if found := same.get(int(address) >> rest << rest):
                        return found
        return None


def read_listed(entries: Iterable[str | Mapping[str, Any]], where: str) -> Listed:
    """Return the list that settings give; where: its place in them. Raises SettingsError."""
    listed = Listed()
    for number, entry in enumerate(entries):
        if isinstance(entry, str):
            _add(listed, entry.strip(), f"{where}[{number}]", "the settings")
            continue
        path = one_line(entry["file"], LONGEST_ENTRY)
        lines = list(_lines(entry["file"], f"{where}[{number}]"))
        for line, text in lines:
            _add(listed, text, f"{where}: {path} line {line}", path)
        if not lines:
            raise SettingsError(f"{where}: {path} holds no entry: name one a line, or remove it")
    return listed


def _add(listed: Listed, text: str, where: str, source: str) -> None:
    try:
        listed.add(text, source)
    except ValueError as error:
        raise SettingsError(
            f"{where}: {one_line(text, LONGEST_ENTRY)!r}: {_said(text, error)}"
        ) from error


def _said(text: str, error: ValueError) -> str:
    """Say what is wrong with an entry, and how it is written."""
    if "host bits" in str(error):
        return f"has bits behind its prefix: write {ip_network(text, strict=False)}"
    if "/" in text and ("IPv4" in str(error) or "IPv6" in str(error)):
        return "is no range of addresses: write it as 192.0.2.0/24 or 2001:db8::/32"
    return str(error)


def _lines(file: str, where: str) -> Iterator[tuple[int, str]]:
    """Yield the entries of a file with their lines, without comments."""
    try:
        text = Path(path_of(file)).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(
            f"{where}: cannot read {one_line(file, LONGEST_ENTRY)}: {why}"
        ) from error
    for number, line in enumerate(text.split("\n"), 1):
        entry = _COMMENT.sub("", line).strip() if "#" in line else line.strip()
        if entry:
            yield number, entry


def _pattern(text: str) -> re.Pattern[str]:
    """Return what fnmatch would, but for brackets, which stand for themselves in a URL.

    A scheme in it is no condition, as a URL without one may mean the same.
    """
    own = text.casefold()
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", "", own)
    signs = {"*": ".*", "?": "."}
    ways = (
        "".join(signs.get(s) or re.escape(s) for s in one) for one in dict.fromkeys((own, bare))
    )
    return re.compile("|".join(ways), re.DOTALL)
