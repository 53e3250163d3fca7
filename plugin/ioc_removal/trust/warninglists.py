"""The MISP warning lists, where pymispwarninglists is installed: what is known to be good."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from sys import path as installed
from typing import Any

from ..errors import SettingsError
from .forms import Forms, Glance
from .listed import Listed

INSTALL = "needs pymispwarninglists: pip install 'ioc-removal[warninglists]', or set it to false"
SECOND_LEVELS = "second-level-tlds"
NETWORKS, HOSTS, VALUES = "cidr", "hostname", "string"


class WarningLists:
    """All lists of values, hosts and ranges of addresses.

    where: the setting that asks for them. Raises SettingsError.
    """

    def __init__(self, where: str) -> None:
        folder = _folder()
        if folder is None:
            raise SettingsError(f"{where}: {INSTALL}")
        self._listed, self._hosts = Listed(), dict[str, str]()
        for document in _documents(folder, where):
            self._take(document)

    def entry(self, forms: Forms) -> str | None:
        """Return what a value falls under, with the name of the list, or None."""
        if found := self._listed.entry(forms):
            return found
        for name in forms.host or forms.keys:
            for end in _ends(name):
                if end in self._hosts:
                    return f"{end} ({self._hosts[end]})"
        return None

    def may_hold(self, glance: Glance) -> bool:
        """Tell of a value at first sight whether entry() may return something."""
        if self._listed.may_hold(glance):
            return True
        return any(end in self._hosts for name in glance[2] for end in _ends(name))

    def _take(self, document: Mapping[str, Any]) -> None:
        """Take a list in; those of parts of a text, and of patterns, would warn too often."""
        name, kind = str(document["name"]), document["type"]
        entries = [entry.strip().casefold() for entry in document["list"]]
        below = entries if kind == HOSTS else [e for e in entries if e.startswith(".")]
        if kind in {HOSTS, VALUES}:
            self._hosts.update(dict.fromkeys((entry.strip(".") for entry in below), name))
        if kind == VALUES:
            self._listed.add_keys(entries, name)
        for entry in entries if kind == NETWORKS else ():
            with suppress(ValueError):  # theirs to correct; the rest of the list is of use
                self._listed.add_network(ip_network(entry, strict=False), name)


def second_levels() -> frozenset[str]:
    """Return the public suffixes of the second level that a warning list knows, if it is there."""
    folder = _folder()
    path = folder and folder / SECOND_LEVELS / "list.json"
    if path is None or not path.is_file():
        return frozenset()
    return frozenset(_read(path, f"the warning list {SECOND_LEVELS}", suffixes=True)["list"])


def _folder() -> Path | None:
    for place in installed:  # to import it would take as long as all else of a short call
        lists = Path(place) / "pymispwarninglists" / "data" / "misp-warninglists" / "lists"
        if lists.is_dir():
            return lists
    return None


def _documents(folder: Path, where: str) -> Iterator[Mapping[str, Any]]:
    paths = sorted(folder.glob("*/list.json"))
    if not paths:
        raise SettingsError(f"{where}: pymispwarninglists holds no list: install it anew")
    for path in paths:
        if path.parent.name != SECOND_LEVELS:
            yield _read(path, where)


def _read(path: Path, where: str, *, suffixes: bool = False) -> Mapping[str, Any]:
    """Read a list; suffixes: in lower case and without *. before them, all in one go."""
    try:
        text = path.read_bytes()
        document: Mapping[str, Any] = json.loads(
            text.lower().replace(b"*.", b"") if suffixes else text
        )
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{where}: cannot read {path}: install pymispwarninglists anew"
        ) from error
    return document


def _ends(name: str) -> Iterator[str]:
    """Yield a name, and what it ends with, label by label."""
    while name:
        yield name
        name = name.partition(".")[2]
