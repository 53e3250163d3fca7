"""The exported StackStorm pack: its files, and what they hold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ioc_removal.hosts.stackstorm.export import pack_files
from ioc_removal.integration import load_integration
from ioc_removal.yaml_reading import FAST

ROOT = Path(__file__).parents[2]
INTEGRATION = load_integration()
FILES = pack_files(INTEGRATION)


def document(path: str) -> Any:
    return yaml.load(FILES[path], FAST)  # noqa: S506  # a safe one


def of(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        if path.startswith(f"{folder}/") and path.endswith(".yaml") and path.count("/") == 1:
            yield path, document(path)


ACTIONS = {body["name"]: body for _, body in of("actions")}
