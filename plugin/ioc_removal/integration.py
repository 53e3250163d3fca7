"""integration.yml -> definitions, and actions bound to a connection."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .action import Action, Batch
from .call import Call
from .connection import Connection, System
from .definition import Definition, Limits
from .endpoint import Endpoint
from .errors import ArgumentError, DefinitionError
from .handlers import HANDLERS
from .loader import read
from .refusals import rules_of
from .regions import Service
from .schema import Schema


@dataclass(frozen=True)
class Integration:
    """The catalogue: every system and every action, by name."""

    systems: Mapping[str, System]
    definitions: Mapping[str, Definition]

    def definition(self, name: str) -> Definition:
        """Return what an action is; raises ArgumentError when there is none of that name."""
        try:
            return self.definitions[name]
        except KeyError:
            raise ArgumentError(
                f"there is no action {name!r}; `ioc-removal actions` lists them"
            ) from None

    def bind(self, name: str, connection: Connection | None) -> Action:
        """Return an action on a connection to its system, None for a local action."""
        definition = self.definition(name)
        if connection is None or definition.endpoint is None:
            return Action(definition, None)
        return Action(definition, self._call(definition, connection))

    def _call(self, definition: Definition, connection: Connection) -> Call:
        """Make the call of an action, and of the reads that its handler may use."""
        parts = definition.document["$defs"]
        assert definition.endpoint is not None  # noqa: S101  # bind() gives no call without one
        return Call(
            action=definition.name,
            endpoint=definition.endpoint,
            connection=connection,
            answers={
                int(part.removeprefix("answer_")): Schema(definition.document, part)
                for part in parts
                if part.startswith("answer_")
            },
            resend=not definition.settles,
            reads={name: partial(_read, self.bind(name, connection)) for name in definition.reads},
        )


def load_integration() -> Integration:
    """Read integration.yml and the schemas that it names."""
    document = read("integration.yml")
    if problems := list(Schema(read("schemas/integration.json")).problems(document)):
        raise DefinitionError(f"integration.yml: {'; '.join(problems)}")
    iam = replace(Service("iam", ""), **_tuples(document["services"]["iam"]))
    systems = {
        name: _system(name, entry, document["refusals"], iam)
        for name, entry in document["systems"].items()
    }
    definitions = {name: _definition(name, entry) for name, entry in document["actions"].items()}
    return Integration(systems, definitions)


def _read(action: Action, **arguments: Any) -> list[dict[str, Any]]:
    return action.read(Batch(0, arguments))


def _system(
    name: str, entry: Mapping[str, Any], refusals: Mapping[str, Any], iam: Service
) -> System:
    rules = rules_of(refusals, entry.get("refusals", ()))
    return replace(System(name, ""), **{**_tuples(entry), "refusals": rules, "iam": iam})


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


def _definition(name: str, entry: Mapping[str, Any]) -> Definition:
    if entry["handler"] not in HANDLERS:
        raise DefinitionError(f"integration.yml: {name}: there is no handler {entry['handler']!r}")
    document = read(entry["schema"])
    endpoint = None
    if "endpoint" in entry:
        method, path = entry["endpoint"].split(" ", 1)
        endpoint = Endpoint(method, path, entry.get("headers", {}))
    reads = [entry[key] for key in ("settle", "reads") if key in entry]
    return Definition(
        name=name,
        title=entry["title"],
        documentation=entry.get("documentation"),
        system=entry["system"],
        endpoint=endpoint,
        handler=HANDLERS[entry["handler"]],
        schema=Schema(document, "arguments"),
        document=document,
        limits=Limits(**entry["batch"]) if "batch" in entry else None,
        effect=entry.get("effect"),
        target=tuple(entry.get("target", ())),
        fixed=entry.get("fixed", {}),
        settles="settle" in entry,
        reads=tuple(reads),
        resolves=entry.get("resolves"),
        refusals={int(status): text for status, text in entry.get("refusals", {}).items()},
        applies_to=tuple(entry.get("applies_to", ())),
        context_path=entry["context"]["path"],
        context_key=tuple(entry["context"]["key"]),
    )
