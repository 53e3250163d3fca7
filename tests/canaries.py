"""Canary secrets, and where they show up: in texts, files, logs, errors and objects."""

import json
import logging
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import chain
from pathlib import Path
from traceback import format_exception
from types import FunctionType, MethodType, ModuleType
from urllib.parse import quote, quote_plus

from ioc_removal.secret import MaskedText, Secret

CANARIES: Mapping[str, str] = {
    "password": 'cAnArY1/ "ü%&<1',
    "secret_key": 'cAnArY2/+="%x',
    "security_token": 'cAnArY3"/+=&<',
    "token": 'cAnArY4"/+=&%<',
    "iam password": 'cAnArY5/ "é%&<5',
    "proxy user": "cAnArY6%2Fu",
    "proxy password": "cAnArY7%40p",
    "issued token": 'cAnArY8"/+=&<',
}
ENDLESS = 200_000  # objects


def forms(secret: str) -> Iterator[str]:
    """Yield the forms in which a secret can stand in a text."""
    yield secret
    yield from (b64encode(secret.encode(code)).decode() for code in ("utf-8",))
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])


FORMS: Mapping[str, frozenset[str]] = {
    **{name: frozenset(forms(secret)) for name, secret in CANARIES.items()},
    "basic": frozenset(forms(f"user:{CANARIES['password']}")),
    "proxy": frozenset(forms("cAnArY6/u:cAnArY7@p")) | {"cAnArY6", "cAnArY7"},
}
# Wherever it begins, some part of each canary begins so, also where the rest is encoded.
START = "cAnArY"


def shown(text: str) -> list[str]:
    """Return the names of the canaries in a text."""
    found = [name for name, known in FORMS.items() if any(form in text for form in known)]
    return found or (["a part"] if START in text else [])


def shown_in_files(folder: Path, *but: str) -> list[str]:
    """Return the files below a folder that hold canaries; but: names of those that may."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in but:
            content = file.read_bytes()
            texts = (content.decode("utf-8", "replace"), content.decode("utf-16", "replace"))
            found += [f"{file.name}: {name}" for text in texts for name in shown(text)]
    return found


def shown_by(error: BaseException | None) -> list[str]:
    """Return the canaries in the texts of an error, its causes and its traceback."""
    found = []
    while error is not None:
        found += shown(str(error)) + shown(repr(error)) + shown(str(error.args))
        found += shown("".join(format_exception(error)))
        error = error.__cause__ or error.__context__
    return found


def shown_by_objects(*roots: object) -> list[str]:
    """Return the canaries in the representations of all objects that can be reached."""
    found: list[str] = []
    seen: dict[int, object] = {}
    left = [(type(root).__name__, root) for root in roots]
    while left:
        way, value = left.pop()
        if id(value) in seen or len(seen) > ENDLESS:
            continue
        seen[id(value)] = value
        found += [f"{way}: {name}" for name in shown(repr(value))]
        if not isinstance(value, Secret | MaskedText):
            left += [(f"{way}.{name}", part) for name, part in _parts(value)]
    assert len(seen) < ENDLESS
    return found


def _parts(value: object) -> Iterable[tuple[str, object]]:
    """Return what an object holds, with names."""
    if isinstance(value, str | bytes | int | float | type | ModuleType | FunctionType):
        return ()
    if isinstance(value, MethodType):
        return [("__self__", value.__self__)]
    if isinstance(value, dict):
        return chain.from_iterable([(str(k), k), (str(k), v)] for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return [("[]", part) for part in value]
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    own = [(name, getattr(value, name)) for name in slots if hasattr(value, name)]
    return [*own, *getattr(value, "__dict__", {}).items()]


class Log(logging.Handler):
    """Everything that any logger says, formatted, with its arguments and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.loud: list[str] = []
        self._format = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; loud: what a program without a logging set-up prints."""
        line = f"{self._format.format(record)} {record.args!r}"
        self.lines.append(line)
        if record.levelno >= logging.WARNING:
            self.loud.append(line)
