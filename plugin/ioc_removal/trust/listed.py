"""A list of values, ranges and patterns, and whether a value is on it, in whatever spelling."""

import re
from collections.abc import Iterable, Iterator, Mapping
from errno import EFBIG, EINVAL
from ipaddress import ip_network
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from ..errors import SettingsError, one_line
from ..places import path_of
from .forms import Forms, Glance, Network, forms_of, is_simple, name_key, network_of
from .patterns import Patterns

LONGEST_ENTRY = 200  # characters of an entry in a message
LONGEST_LISTED = 16_384  # bytes of a line of a file
LARGEST_LIST = 64 * 1024 * 1024  # bytes
FIRST_DOUBTS = 3  # entries that are kept to be named
_COMMENT = r"(?:^|\s)#.*$"


class Listed:
    """Values, ranges of addresses, and patterns with * and ?; each with where it comes from."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._networks: dict[tuple[int, int], dict[int, tuple[Network, str]]] = {}
        self._patterns = Patterns()
        self.doubtful = 0  # entries that look like no value
        self.doubts: list[str] = []  # the first of them

    def __bool__(self) -> bool:
        return bool(self._values or self._networks or self._patterns)

    def add(self, text: str, source: str) -> None:
        """Add an entry; source: where it stands. Raises ValueError."""
        if key := name_key(text):  # most of a long list
            self._values.setdefault(key, source)
            return
        from .entries import is_doubtful, mistake_in, mistake_in_value

        if why := mistake_in(text):
            raise ValueError(why)
        if "*" in text or "?" in text:
            self._patterns.add(text, source)
        elif network := network_of(text):
            self.add_network(network, source)
        else:
            forms = forms_of(text)
            if why := mistake_in_value(forms):
                raise ValueError(why)
            for key in forms.keys:
                self._values.setdefault(key, source)
            if not is_simple(text) and is_doubtful(forms):
                self.doubtful += 1
                if len(self.doubts) < FIRST_DOUBTS:
                    self.doubts.append(text)

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
        if self._patterns and (told := self._patterns.first([*forms.texts])):
            return f"{one_line(told[0], LONGEST_ENTRY)} ({told[1]})"
        return None

    def may_hold(self, glance: Glance) -> bool:
        """Tell of a value at first sight whether entry() may return something."""
        text, keys, _, place = glance
        if not self._values.keys().isdisjoint(keys):
            return True
        if place is not None and self._networks:
            version, address = place
            bits = 32 if version == 4 else 128
            for (other, prefix), same in self._networks.items():
                if other == version and address >> (rest := bits - prefix) << rest in same:
                    return True
        return bool(self._patterns) and self._patterns.may_match(text, keys)

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
        empty = True
        for line, text in _lines(entry["file"], f"{where}[{number}]"):
            _add(listed, text, f"{where}: {path} line {line}", path)
            empty = False
        if empty:
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
        for number, data in enumerate(_read(path_of(file)), 1):
            line = data.decode("utf-8-sig" if number == 1 else "utf-8")
            entry = re.sub(_COMMENT, "", line.rstrip()).strip() if "#" in line else line.strip()
            if entry:
                yield number, entry
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(
            f"{where}: cannot read {one_line(file, LONGEST_ENTRY)}: {why}"
        ) from error


def _read(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; raises OSError for what has no end, or hardly one."""
    kind = path.stat().st_mode
    if not S_ISREG(kind) and not S_ISDIR(kind):  # a pipe could wait for ever
        raise OSError(EINVAL, "it is a device or a pipe, not a file")
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LISTED + 1):
            if len(line) > LONGEST_LISTED:
                raise OSError(EFBIG, f"a line is longer than {LONGEST_LISTED:,} bytes")
            if file.tell() > LARGEST_LIST:
                raise OSError(EFBIG, f"it is larger than {LARGEST_LIST >> 20} MB")
            yield line
