"""The names that CommonServerPython, which shares its namespace with us, has at its top."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

FILE = "common_server_names.txt"


@cache
def taken_names() -> Mapping[str, str]:
    """Return each name with what it is imported from, "" for what is its own."""
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: origin for name, _, origin in (line.partition(" ") for line in lines)}
