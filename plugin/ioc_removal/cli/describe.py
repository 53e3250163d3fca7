"""`describe`: one action, from its definition and its schema."""

import json
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

from ..definition import Definition
from ..loader import read
from .actions import effects
from .parser import PROGRAM
from .session import Session

EFFECTS = {
    "disarms": "what is {done} is no longer detected or blocked (disarms)",
    "rearms": "alerts on what is {done} come back (rearms)",
}
OUTCOME_FIELDS = (
    *("outcome", "reason", "advice", "http_status", "request_id", "attempts", "maybe_ours"),
    "settled",
)


def show_action(session: Session) -> int:
    """Describe an action."""
    options, output = session.options, session.output
    definition = session.definition(options.action)
    system = session.integration.systems[definition.system]
    arguments = list(_arguments(definition))
    outputs = _outputs(definition)
    if output.json:
        output.print_json(
            {
                "action": definition.name,
                "title": definition.title,
                "system": definition.system,
                "documentation": definition.documentation,
                "effect": effects(definition),
                "arguments": [dict(zip(ARGUMENT, row, strict=True)) for row in arguments],
                "outputs": outputs,
                "context": definition.context_path,
                "example": example(definition),
            }
        )
        return 0
    output.say(f"{definition.name}: {definition.title}\n")
    output.facts(_facts(definition, system.title))
    if arguments:
        output.say("\nArguments")
        output.table(ARGUMENT, arguments)
    output.say("\nOutputs")
    output.say(f"{', '.join(outputs)}\n")
    output.say(f"Example\n{example(definition)}")
    return 0


ARGUMENT = ("argument", "type", "mandatory", "description")


def example(definition: Definition) -> str:
    """Return the command of the first example in the schema."""
    words = [PROGRAM, "call", definition.name]
    for name, value in definition.schema.part["examples"][0].items():
        plain = isinstance(value, list) and all(isinstance(item, str) for item in value)
        for item in value if plain else [value]:
            text = f"={item}" if isinstance(item, str) else f":={json.dumps(item)}"
            words += ["--arg", quote(name + text)]
    return " ".join(words)


def type_text(rule: Mapping[str, Any]) -> str:
    """Return the type of an argument for a person."""
    if "enum" in rule:
        return "one of " + ", ".join(map(str, rule["enum"]))
    kind = rule.get("type", "any")
    if kind == "array":
        return f"list of {type_text(rule.get('items', {}))}"
    return kind if isinstance(kind, str) else " or ".join(kind)


def _arguments(definition: Definition) -> Iterator[tuple[str, str, str, str]]:
    required = definition.schema.part.get("required", ())
    connection = read("schemas/settings.json")["$defs"]["connection"]["properties"]
    defaults = connection["defaults"]["properties"] if definition.endpoint else {}
    for name, rule in definition.schema.part["properties"].items():
        if not rule.get("x-connection"):
            mandatory = "yes" if name in required else "no"
            if name in required and name in defaults:
                mandatory = "yes, or the connection's default"
            yield name, type_text(rule), mandatory, rule.get("description", "")
            yield from _inside(name, rule)


def _inside(path: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Tell of the fields of an argument that is an object, each by its path."""
    for name, inner in rule.get("properties", {}).items():
        mandatory = "yes" if name in rule.get("required", ()) else "no"
        yield f"{path}.{name}", type_text(inner), mandatory, inner.get("description", "")
        yield from _inside(f"{path}.{name}", inner)


def _facts(definition: Definition, system: str) -> Iterator[tuple[str, str]]:
    yield "system", system
    if definition.endpoint:
        yield "endpoint", f"{definition.endpoint.method} {definition.endpoint.path}"
    if definition.documentation:
        yield "document", definition.documentation
    yield from _effects(definition)
    for name in ("undo", "instead"):
        if other := getattr(definition, name):
            yield name, other
    if definition.applies_to:
        yield "indicators", ", ".join(definition.applies_to)
    if limits := definition.limits:
        most = f"one {limits.argument}"
        if limits.items > 1:
            most = f"at most {limits.items:,} of {limits.argument}"
        room = f", at most {limits.bytes:,} bytes" if limits.bytes else ""
        yield "a request", f"{most}{room}"
    yield "context", f"{definition.context_path}, by {' and '.join(definition.context_key)}"


def _effects(definition: Definition) -> Iterator[tuple[str, str]]:
    if definition.effect is None:
        yield "effect", "reads only"
        return
    words = {name: text.format(done=definition.done) for name, text in EFFECTS.items()}
    yield "effect", words[definition.effect["default"]]
    by = definition.effect.get("by")
    for value, effect in definition.effect.items():
        if value not in ("by", "default"):
            yield f"{by} {value}", words[effect]


def _outputs(definition: Definition) -> list[str]:
    """Return the names of the fields of an outcome or of a row that was read."""
    parts = definition.document["$defs"]
    fields = [
        name
        for part, schema in parts.items()
        if part.startswith("answer_2") or part == "outputs" or definition.acts
        for name in _named(schema)
    ]
    first = (definition.named_by, *definition.target, *OUTCOME_FIELDS)
    return list(dict.fromkeys([*(first if definition.acts else ()), *fields]))


def _named(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if "x-output" in schema:
            yield schema["x-output"]
        for value in schema.values():
            yield from _named(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _named(value)
