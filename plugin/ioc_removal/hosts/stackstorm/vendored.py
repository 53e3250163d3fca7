"""The plugin inside the pack: the modules that its entry point needs, and their definitions."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ...errors import DefinitionError
from ...integration import Integration
from ...loader import read, read_text
from .pack import PackFile

PACKAGE = Path(__file__).parents[2]
LIB = f"actions/lib/{PACKAGE.name}"
INSIDE = f"{__package__}.inside".removeprefix(f"{PACKAGE.name}.")
NEEDED = ("integration.yml", "schemas/integration.json", "schemas/settings.json")


def vendored_files(integration: Integration) -> Iterator[PackFile]:  # noqa: ARG001  # a part is one
    """Yield the entry point, the modules and the definitions."""
    entry = f"{INSIDE}.entry"
    yield "actions/perform.py", _text(entry)
    for name in sorted(_needed([f"{INSIDE}.performed"])):
        file = _file(name)
        yield f"{LIB}/{file.relative_to(PACKAGE).as_posix()}", _text(name)
    schemas = {entry["schema"] for entry in read("integration.yml")["actions"].values()}
    for name in sorted({*NEEDED, *schemas}):
        yield f"{LIB}/definitions/{name}", read_text(name)


def _needed(names: list[str]) -> set[str]:
    """Return modules with all that they import, by name below the plugin; "" is the plugin."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += [*_imported(name), name.rpartition(".")[0]]
    return found


def _imported(name: str) -> Iterator[str]:
    """Yield the modules that a module imports, wherever it does."""
    steps = [*filter(None, name.split("."))] + ["__init__"] * (_file(name).stem == "__init__")
    for node in ast.walk(ast.parse(_text(name))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = [*steps[: -node.level], *filter(None, [node.module])]
            yield ".".join(above)
            for alias in node.names:
                inner = ".".join([*above, alias.name])
                if PACKAGE.joinpath(*inner.split(".")).with_suffix(".py").is_file():
                    yield inner


def _file(name: str) -> Path:
    path = PACKAGE.joinpath(*filter(None, name.split(".")))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _text(name: str) -> str:
    try:
        return _file(name).read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError(f"{_file(name)}: cannot be read; install it again") from error
