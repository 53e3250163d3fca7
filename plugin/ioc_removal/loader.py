"""Find and read the declarative definitions, and what a person wrote: JSON, and YAML."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

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
    text = read_text(name)
    if not name.endswith(".json"):
        from .yaml_reading import parse_own

        return parse_own(text, name)
    try:
        return json.loads(text)
    except ValueError as error:
        raise DefinitionError(f"{name}: {error}") from error


def read_text(name: str) -> str:
    """Read the text of one definition, such as "playbooks/unmark-false-positives.yml"."""
    try:
        return root().joinpath(*name.split("/")).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{name}: cannot be read; install the plugin again") from error


def definition_names(folder: str) -> list[str]:
    """Return the names of the files in a folder of definitions, sorted."""
    return sorted(file.name for file in root().joinpath(folder).iterdir() if file.is_file())


def parse(text: str, name: str) -> Any:
    """Read YAML that a person wrote, such as a settings file; name stands in the message.

    An object of JSON is YAML, too, and read ten times as fast. See parse_yaml().
    """
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, parse_float=_usual, parse_constant=_odd)
        except (ValueError, RecursionError):
            pass  # it is something else, or a mistake, for which there are words
    from .yaml_reading import parse_yaml

    return parse_yaml(text, name)


def _usual(text: str) -> float:
    """Return a number that YAML takes for the same."""
    return _odd(text) if "e" in text.lower() else float(text)


def _odd(text: str) -> NoReturn:
    raise ValueError(f"YAML takes {text} for a text")
