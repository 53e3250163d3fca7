"""The definitions, which stand below as literals."""

from typing import Any

from .definitions import DEFINITIONS


def read(name: str) -> Any:
    """Return one definition, such as "schemas/settings.json"."""
    return DEFINITIONS[name]
