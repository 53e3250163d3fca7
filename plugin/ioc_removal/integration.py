"""integration.yml -> definitions, and actions bound to a connection."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from .action import Action
from .batches import Batch
from .call import Call, LookUp
from .connection import Connection
from .definition import ADDS, READS, Definition, Limits
from .endpoint import Endpoint
from .errors import ArgumentError, DefinitionError
from .handlers import HANDLERS
from .loader import read
from .outcome import Rows
from .refusals import rules_of
from .schema import Schema
from .system import Service, System


class Integration(NamedTuple):
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

    def bind(
        self,
        name: str,
        connection: Connection | None,
        *,
        alone: bool = False,
        raw: bool = False,
        bare: bool = False,
    ) -> Action:
        """Return an action on a connection to its system, None for a local action.

        alone: without the other nodes of the connection; raw: what it reads keeps each row as it
        came, too; bare: and nothing else of it.
        """
        definition = self.definition(name)
        if connection is None or definition.endpoint is None:
            return Action(definition)
        nodes = (connection,) if alone else connection.nodes
        return Action(
            definition,
            tuple(self._call(definition, node)._replace(raw=raw, bare=bare) for node in nodes),
            self._beside(definition.snapshot, nodes),
            self._beside(definition.lookup, nodes),
        )

    def _beside(self, name: str | None, nodes: tuple[Connection, ...]) -> tuple[Action, ...]:
        """Bind a read that is named with an action to each of its nodes."""
        if name is None:
            return ()
        bare = "ids" in self.definition(name).schema.part["properties"]  # else all that is there
        return tuple(self.bind(name, node, alone=True, raw=True, bare=bare) for node in nodes)

    def _call(self, definition: Definition, connection: Connection) -> Call:
        """Make the call of an action, and of the reads that its handler may use."""
        parts = definition.document["$defs"]
        assert definition.endpoint is not None  # noqa: S101  # bind() gives no call without one
        return Call(
            action=definition.name,
            endpoint=definition.endpoint,
            connection=connection,
            target=definition.target,
            answers={
                int(part.removeprefix("answer_")): Schema(definition.document, part)
                for part in parts
                if part.startswith("answer_")
            },
            look_up=self._look_up(definition, connection),
            reads={
                name: partial(_read, self.bind(name, connection, alone=True))
                for name in definition.reads
            },
            tries=connection.tries,
            once=definition.does == ADDS,
        )

    def _look_up(self, definition: Definition, connection: Connection) -> LookUp | None:
        """Return what tells what is there, through the read that settles."""
        if definition.settle is None:
            return None
        action = self.bind(definition.settle, connection, alone=True, raw=True)
        return partial(_looked_up, action, definition.named_by)


def load_integration() -> Integration:
    """Read integration.yml and the schemas that it names."""
    return integration_of(read_catalogue())


def read_catalogue() -> Any:
    """Read integration.yml and check it. Raises DefinitionError."""
    document = read("integration.yml")
    if problems := list(Schema(read("schemas/integration.json")).problems(document)):
        raise DefinitionError(f"integration.yml: {'; '.join(problems)}")
    return document


def integration_of(document: Mapping[str, Any]) -> Integration:
    """Return the catalogue that a checked document holds."""
    iam = Service("iam", **_tuples(document["services"]["iam"]))
    systems = {
        name: _system(name, entry, document["refusals"], iam)
        for name, entry in document["systems"].items()
    }
    for name, entry in document["actions"].items():
        if entry["handler"] not in HANDLERS:
            raise DefinitionError(
                f"integration.yml: {name}: there is no handler {entry['handler']!r}"
            )
    return Integration(systems, _Definitions(document["actions"]))


def _read(action: Action, **arguments: Any) -> Rows:
    return list(action.read(Batch(0, arguments)))


def _looked_up(
    action: Action, named_by: str, arguments: Mapping[str, Any], items: Sequence[str]
) -> Rows:
    """Read with those arguments of an action that the read knows, and the items if it takes them.

    named_by: whether the items are values or ids.
    """
    known = action.definition.schema.part["properties"]
    given = {name: value for name, value in arguments.items() if name in known}
    takes = (action.definition.resolves if named_by == "value" else "ids") or ""
    return _read(action, **given, **({takes: list(items)} if takes in known else {}))


def _system(
    name: str, entry: Mapping[str, Any], refusals: Mapping[str, Any], iam: Service
) -> System:
    rules = rules_of(refusals, entry.get("refusals", ()))
    return System(name, **{**_tuples(entry), "refusals": rules, "iam": iam})


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


class _Definitions(Mapping[str, Definition]):
    """The definitions by name; each is made, and its schema read, when it is asked for."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._entries = entries
        self._known: dict[str, Definition] = {}

    def __getitem__(self, name: str) -> Definition:
        if name not in self._known:
            self._known[name] = _definition(name, self._entries[name])
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _definition(name: str, entry: Mapping[str, Any]) -> Definition:
    document = read(entry["schema"])
    endpoint = None
    if "endpoint" in entry:
        method, path = entry["endpoint"].split(" ", 1)
        endpoint = Endpoint(method, path, entry.get("headers", {}))
    return Definition(
        name=name,
        title=entry["title"],
        documentation=entry.get("documentation"),
        system=entry["system"],
        endpoint=endpoint,
        handler=HANDLERS[entry["handler"]],
        schema=Schema(document, "arguments"),
        document=document,
        limits=Limits(**_tuples(entry["batch"])) if "batch" in entry else None,
        does=entry.get("does", READS),
        effect=entry.get("effect"),
        named=entry.get("named"),
        target=tuple(entry.get("target", ())),
        fixed=entry.get("fixed", {}),
        settle=entry.get("settle"),
        again=entry.get("again"),
        sets=tuple(entry.get("sets", ())),
        snapshot=entry.get("snapshot"),
        lookup=entry.get("lookup"),
        undo=entry.get("undo"),
        undo_by=entry.get("undo_by"),
        undo_then=entry.get("undo_then"),
        instead=entry.get("instead"),
        reads=(entry["reads"],) if "reads" in entry else (),
        resolves=entry.get("resolves"),
        applies_to=tuple(entry.get("applies_to", ())),
        context_path=entry["context"]["path"],
        context_key=tuple(entry["context"]["key"]),
    )
