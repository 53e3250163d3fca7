"""The playbooks that can be run: those that ship, and files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..integration import Integration
from ..loader import definition_names, read, read_text
from ..playbooks.language import parse_playbook
from ..playbooks.model import Playbook


@dataclass(frozen=True)
class Listed:
    """A playbook that ships. inputs: by name, each {title, description, type, required}."""

    name: str
    title: str
    description: str
    inputs: Mapping[str, Mapping[str, Any]]


def list_playbooks(integration: Integration) -> list[Listed]:
    """Return the playbooks that ship."""
    return [_listed(name, integration) for name in shipped()]


def shipped() -> list[str]:
    """Return the names of the playbooks that ship."""
    return [name.removesuffix(".yml") for name in definition_names("playbooks")]


def gather(name: str, integration: Integration) -> dict[str, str]:
    """Return the texts of a playbook and of those that it runs, by name, its own first.

    name: of one that ships, or the path of a file. Raises ArgumentError, DefinitionError.
    """
    own, text = _text(name)
    texts, parsed = {own: text}, parse_all({own: text}, integration)
    for playbook in parsed.values():
        for action in _actions([playbook]):
            if action in shipped() and action not in texts:
                texts.update(gather(action, integration))
    return texts


def parse_all(texts: Mapping[str, str], integration: Integration) -> dict[str, Playbook]:
    """Parse the texts of a run's playbooks."""

    def has_effect(action: str) -> bool:
        return action in integration.definitions and integration.definitions[action].removes

    def known(action: str) -> bool:
        return action in integration.definitions or action in texts or action in shipped()

    return {
        name: parse_playbook(text, name, has_effect=has_effect, known=known)
        for name, text in texts.items()
    }


def systems_of(playbooks: Iterable[Playbook], integration: Integration) -> list[str]:
    """Return the systems that the actions of playbooks need, local ones left out."""
    definitions = integration.definitions
    names = {definitions[a].system for a in _actions(playbooks) if a in definitions}
    return sorted(names - {"local"})


def input_document(name: str) -> Mapping[str, Any] | None:
    """Return the schema of a playbook's inputs; None for a file of the caller's own."""
    if name not in shipped():
        return None
    document: Mapping[str, Any] = read(f"schemas/playbooks/{name}.json")
    return document


def _actions(playbooks: Iterable[Playbook]) -> Iterator[str]:
    for playbook in playbooks:
        for task in playbook.tasks.values():
            yield task.action


def _text(name: str) -> tuple[str, str]:
    if name in shipped():
        return name, read_text(f"playbooks/{name}.yml")
    path = Path(name)
    if not path.is_file():
        raise ArgumentError(
            f"there is no playbook {name!r}; `ioc-removal playbooks` lists them, "
            "or give the path of a file"
        )
    try:
        return path.stem, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ArgumentError(f"{name}: cannot be read: {why}") from error


def _listed(name: str, integration: Integration) -> Listed:
    document = read(f"schemas/playbooks/{name}.json")
    playbook = parse_all({name: read_text(f"playbooks/{name}.yml")}, integration)[name]
    required = document.get("required", ())
    inputs = {
        key: {**rule, "required": key in required} for key, rule in document["properties"].items()
    }
    return Listed(name, document["title"], playbook.description, inputs)
