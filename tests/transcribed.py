"""What stands in YAML beside the tests; every process that runs tests reads all of it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ioc_removal.yaml_reading import FAST

HERE = Path(__file__).parent


@cache
def transcribed(name: str) -> Any:
    """Return what a file says, such as "signature_vectors.yml"; nobody changes it."""
    return yaml.load((HERE / name).read_text(encoding="utf-8"), FAST)  # noqa: S506  # safe


@cache
def folder(name: str) -> dict[str, Any]:
    """Return what the files of a folder say, by their names without .yml."""
    files = sorted((HERE / name).glob("*.yml"))
    return {file.stem: transcribed(f"{name}/{file.name}") for file in files}
