"""The playbooks that ship, as their files tell of them; none is changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...loader import definition_names, read, read_text


@dataclass(frozen=True)
class Shipped:
    """A playbook: its text, the same as YAML reads it, and the schema of its inputs."""

    name: str
    text: str
    document: Mapping[str, Any]
    inputs: Mapping[str, Any]

    @property
    def title(self) -> str:
        """A few words for a person."""
        return str(self.inputs["title"])

    @property
    def description(self) -> str:
        """A sentence for a person."""
        return str(self.document["description"])


def shipped_playbooks() -> Iterator[Shipped]:
    """Yield the playbooks, by name."""
    for file in definition_names("playbooks"):
        name = file.removesuffix(".yml")
        path = f"playbooks/{file}"
        yield Shipped(name, read_text(path), read(path), read(f"schemas/playbooks/{name}.json"))
