"""Find and read the declarative definitions; the only door to yaml."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .errors import DefinitionError

if TYPE_CHECKING:
    from importlib.abc import Traversable


def root() -> "Traversable":
    """Return the folder with integration.yml, schemas/, playbooks/ and examples/.

    A wheel carries them inside the package (see setup.cfg); a checkout has them at its root.
    """
    packaged = files(__package__ or "ioc_removal") / "definitions"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def read(name: str) -> Any:
    """Read one definition of this plugin, such as "schemas/result.json"."""
    file = root().joinpath(*name.split("/"))
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DefinitionError(f"{name}: {_one_line(error)}") from error


def parse(text: str, name: str) -> Any:
    """Read YAML that a person wrote, such as a settings file; name stands in the message."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DefinitionError(f"{name}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
