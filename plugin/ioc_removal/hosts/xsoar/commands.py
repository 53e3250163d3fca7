"""The commands of an integration: arguments and outputs, from the catalogue and the schemas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...definition import Definition
from ...errors import DefinitionError
from ...loader import read
from ...outcome import TARGETS
from ...trust.catalogue import OVERRIDABLE
from ...trust.verify import can_be_verified
from .inside.definitions import INSTANCE
from .parameters import takes_defaults

EFFECTS = {
    "disarms": "what it takes out is no longer detected or blocked",
    "rearms": "alerts on what it takes out come back",
}
# XSOAR's policies of what a command touches, by the types of the catalogue.
POLICIES = {
    **dict.fromkeys(("ipv4", "ipv6"), "IP Blockage"),
    "domain": "Domain Blockage",
    "url": "URL Blockage",
    **dict.fromkeys(("md5", "sha1", "sha256"), "File Block"),
}
# What XSOAR's rule BA129 reads into names of arguments, whatever the command does with them.
BY_NAME = {
    "policy_id": "Policy Updates",
    "indicator_id": "Quarantine File",
    "ids": "EndPoint Isolation",
}
OF_WAF = ("IP Blockage",)  # its rules are address ranges
TYPES = {"string": "String", "integer": "Number", "number": "Number", "boolean": "Boolean"}
DEEPEST = 5  # of a context path, by rule BA127


@dataclass(frozen=True)
class Argument:
    """An argument of a command."""

    name: str
    description: str
    required: bool = False
    is_array: bool = False
    choices: tuple[str, ...] = ()

    @property
    def row(self) -> dict[str, Any]:
        """Its entry in `arguments`."""
        row: dict[str, Any] = {"name": self.name, "description": self.description}
        if self.required:
            row["required"] = True
        if self.is_array:
            row["isArray"] = True
        if self.choices:
            row |= {"auto": "PREDEFINED", "predefined": list(self.choices)}
        return row


def description_of(definition: Definition) -> str:
    """Return what a command does, and what that does to the defence."""
    effect = definition.effect
    text = sentence(definition.title)
    if effect is None or not definition.removes:
        return text
    others = [
        f"{effect['by']} {value}: {EFFECTS[what]}"
        for value, what in effect.items()
        if value not in {"by", "default"}
    ]
    return f"{text} {sentence('; '.join([EFFECTS[effect['default']], *others]))}"


def sentence(text: str) -> str:
    """Return a text with a capital at its begin and a dot at its end."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def arguments_of(definition: Definition) -> list[Argument]:
    """Return the arguments of a command, those of how it is performed last."""
    filled, part = takes_defaults(definition), definition.schema.part
    found = [
        _argument(name, rule, required=name in part.get("required", ()) and name not in filled)
        for name, rule in part["properties"].items()
        if not rule.get("x-connection")
    ]
    more = list(_terms(definition)) if definition.acts else []
    if twice := {one.name for one in found} & {one.name for one in more}:
        raise DefinitionError(f"{definition.name}: the host has an argument {sorted(twice)[0]} too")
    return [*found, *more]


def _argument(name: str, rule: Mapping[str, Any], *, required: bool) -> Argument:
    about = sentence(rule.get("description", name))
    is_array = rule.get("type") == "array"
    if is_array:
        about += " A JSON array, or values between commas."
    elif rule.get("type") == "object":
        about += " A JSON object."
    choices = tuple(str(one) for one in rule.get("enum", ()))
    if rule.get("type") == "boolean":
        choices = ("true", "false")
    return Argument(name, about, required, is_array, choices)


def _terms(definition: Definition) -> Iterator[Argument]:
    truths = ("true", "false")
    yield Argument(
        "dry_run", "Whether to check everything and send nothing that acts.", choices=truths
    )
    if can_be_verified(definition):
        yield Argument("verify", "Whether to read back what was done.", choices=truths)
    if definition.lookup:
        yield Argument(
            "lookup",
            "Whether to keep what the system tells of each indicator before, which it may record "
            "as detections.",
            choices=truths,
        )
    yield Argument(
        "override", "Guards that are overridden; needs a reason.", is_array=True,
        choices=OVERRIDABLE,
    )  # fmt: skip
    yield Argument("reason", "Why guards are overridden.")


def outputs_of(definition: Definition) -> list[dict[str, str]]:
    """Return the context outputs of a command: each field of an outcome, or of a row."""
    fields: dict[str, tuple[str, str]] = {}
    if definition.acts:
        rules = read("schemas/result.json")["$defs"]["outcome"]["properties"]
        skipped = {*TARGETS} - {*definition.target, *_places(definition)}
        for name, rule in rules.items():
            if name not in skipped:
                fields[name] = _typed(rule), rule.get("description", "") or _choices(rule)
    for part, rule in definition.document["$defs"].items():
        if (
            part.startswith("answer_2")
            or part == "outputs"
            or (definition.acts and "answer" in part)
        ):
            for name, said in _named(rule):
                fields.setdefault(name, said)
    if definition.system != "local":
        fields[INSTANCE] = "String", "The instance of the integration"
    return [
        {
            "contextPath": f"{definition.context_path}.{name}",
            "description": sentence(about or name.replace("_", " ")),
            "type": kind,
        }
        for name, (kind, about) in fields.items()
    ]


def _choices(rule: Mapping[str, Any]) -> str:
    return f"One of {', '.join(rule['enum'])}" if "enum" in rule else ""


def _places(definition: Definition) -> tuple[str, ...]:
    return ("node", "tenant") if definition.system == "cybertrace" else ()


def _named(schema: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the fields that an answer's schema names as outputs."""
    if isinstance(schema, Mapping):
        if "x-output" in schema:
            yield schema["x-output"], (_typed(schema), schema.get("description", ""))
        for value in schema.values():
            yield from _named(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _named(value)


def _typed(rule: Mapping[str, Any]) -> str:
    kind = rule.get("type")
    kinds = [one for one in ([kind] if isinstance(kind, str) else kind or ()) if one != "null"]
    if "enum" in rule and not kinds:
        return "String"
    if "const" in rule and not kinds:
        return "Boolean" if isinstance(rule["const"], bool) else "String"
    return TYPES.get(kinds[0], "Unknown") if len(kinds) == 1 else "Unknown"


def command_of(definition: Definition) -> dict[str, Any]:
    """Return the entry of a command."""
    row: dict[str, Any] = {
        "name": definition.name,
        "description": description_of(definition),
    }
    if definition.acts:
        row["execution"] = True
    if policies := _policies(definition):
        row["compliantpolicies"] = policies
    row["arguments"] = [argument.row for argument in arguments_of(definition)]
    row["outputs"] = outputs_of(definition)
    return row


def _policies(definition: Definition) -> list[str]:
    """Return the policies of what a command acts on; of a read that lists or gets one, none."""
    found: list[str] = []
    if definition.acts:
        types = definition.applies_to or tuple(POLICIES)
        found += OF_WAF if definition.system == "waf" else [POLICIES[kind] for kind in types]
    if not {"list", "get"} & set(definition.name.split("-")):
        found += [BY_NAME[name] for name in definition.schema.part["properties"] if name in BY_NAME]
    return list(dict.fromkeys(found))
