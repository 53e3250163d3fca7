"""What every part of the pack is made of: files, names, and StackStorm's dialect of JSON Schema.

A part of the pack is a function that takes the integration and yields files. Nothing here depends
on the moment or on chance: an export of the same catalogue is the same, byte for byte.
"""

from collections.abc import Mapping
from typing import Any

PACK = "ioc_removal"  # as playbooks name its actions
# Below the pack's folder, with slashes, such as "actions/x.yaml"; text is written as UTF-8.
PackFile = tuple[str, str | bytes]
SHAPE = frozenset({"type", "description", "enum", "default", "items", "properties"})
CHECKS = frozenset(
    {
        *("minimum", "maximum", "minLength", "minItems", "uniqueItems"),
        *("additionalProperties", "anyOf", "secret"),
    }
)


def dialect(
    rule: Mapping[str, Any], document: Mapping[str, Any], keys: frozenset[str]
) -> dict[str, Any]:
    """Return a rule of our schemas as StackStorm reads it, in draft 4.

    document: where its references lead; keys: which keywords are kept, all else is checked by the
    action itself, in words of one line; so is `required` below a parameter, which StackStorm's
    releases write in two ways.
    """
    while "$ref" in rule:
        target: Any = document
        for step in rule["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        rule = {**target, **{key: value for key, value in rule.items() if key != "$ref"}}
    made: dict[str, Any] = {}
    for key in sorted(keys & rule.keys(), key=list(rule).index):
        value = rule[key]
        if key == "properties":
            made[key] = {name: dialect(one, document, keys) for name, one in value.items()}
        elif key in {"items", "additionalProperties"} and isinstance(value, Mapping):
            made[key] = dialect(value, document, keys)
        elif key == "anyOf":
            made[key] = [dialect(one, document, keys) for one in value]
        elif key == "type":
            kinds = (
                [value] if isinstance(value, str) else [kind for kind in value if kind != "null"]
            )
            made[key] = kinds[0] if len(kinds) == 1 else kinds
        else:
            made[key] = value
    if "minimum" in keys and "exclusiveMinimum" in rule:
        made |= {"minimum": rule["exclusiveMinimum"], "exclusiveMinimum": True}
    return made
