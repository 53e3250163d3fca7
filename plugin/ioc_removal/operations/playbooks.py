"""The playbooks that can be run: those that ship, and files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, DefinitionError
from ..integration import Integration
from ..loader import definition_names, read, read_text
from ..playbooks.language import parse_playbook
from ..playbooks.model import ASK, NOOP, Playbook


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

    name: of one that ships, or the path of a file; a file's sub-playbooks may stand beside it.
    Raises ArgumentError, DefinitionError.
    """
    folder = Path(name).parent if name not in shipped() else None
    own, text = _text(name)
    texts = {own: text}
    waiting = [own]
    while waiting:
        [parsed] = parse_all({waiting[0]: texts[waiting.pop(0)]}, integration, folder).values()
        for action in actions_of([parsed]):
            if action not in texts and _is_playbook(action, integration, folder):
                texts[action] = _text(_place(action, folder))[1]
                waiting.append(action)
    parsed_all = parse_all(texts, integration, folder)
    if cycle := _cycle(own, parsed_all):
        raise DefinitionError(f"playbooks run each other in a circle: {' -> '.join(cycle)}")
    for playbook in parsed_all.values():
        for task in playbook.tasks.values():
            if task.items and _asks(task.action, parsed_all):
                raise DefinitionError(
                    f"{task.where}.with: the playbook {task.action} asks (core.ask), which it "
                    "cannot do for each item: ask before, once"
                )
    return texts


def present_texts(source: str, own: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that gather(source) gave, as they are now; of a file that is gone, as then.

    own: the name of the first of them.
    """
    folder = None if source in shipped() else Path(source).parent
    found = dict(texts)
    for name in texts:
        place = source if name == own else _place(name, folder)
        if place in shipped() or Path(place).is_file():
            found[name] = _text(place)[1]
    return found


def parse_all(
    texts: Mapping[str, str], integration: Integration, folder: Path | None = None
) -> dict[str, Playbook]:
    """Parse the texts of a run's playbooks; folder: where further ones may stand."""

    def has_effect(action: str) -> bool:
        return action in integration.definitions and integration.definitions[action].acts

    def known(action: str) -> bool:
        return (
            action in integration.definitions
            or action in texts
            or _is_playbook(action, integration, folder)
        )

    return {
        name: parse_playbook(text, name, has_effect=has_effect, known=known)
        for name, text in texts.items()
    }


def systems_of(playbooks: Iterable[Playbook], integration: Integration) -> list[str]:
    """Return the systems that the actions of playbooks need, local ones left out."""
    definitions = integration.definitions
    names = {definitions[a].system for a in actions_of(playbooks) if a in definitions}
    return sorted(names - {"local"})


def input_document(name: str) -> Mapping[str, Any] | None:
    """Return the schema of a playbook's inputs; None for a file of the caller's own."""
    if name not in shipped():
        return None
    document: Mapping[str, Any] = read(f"schemas/playbooks/{name}.json")
    return document


def actions_of(playbooks: Iterable[Playbook]) -> Iterator[str]:
    """Yield the names of the actions and playbooks that the tasks of playbooks are."""
    for playbook in playbooks:
        for task in playbook.tasks.values():
            yield task.action


def _is_playbook(name: str, integration: Integration, folder: Path | None) -> bool:
    if name in integration.definitions or name in {NOOP, ASK}:
        return False
    return name in shipped() or (folder is not None and Path(_place(name, folder)).is_file())


def _place(name: str, folder: Path | None) -> str:
    return name if name in shipped() or folder is None else str(folder / f"{name}.yml")


def _cycle(
    name: str, playbooks: Mapping[str, Playbook], path: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return a way by which a playbook runs itself, empty when there is none."""
    if name in path:
        return (*path, name)
    for action in actions_of([playbooks[name]]):
        if action in playbooks and (found := _cycle(action, playbooks, (*path, name))):
            return found
    return ()


def _asks(name: str, playbooks: Mapping[str, Playbook]) -> bool:
    """Tell whether a playbook asks, or one that it runs."""
    actions = actions_of([playbooks[name]]) if name in playbooks else ()
    return any(action == ASK or _asks(action, playbooks) for action in actions)


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
