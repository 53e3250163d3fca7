"""The schemas of the systems' documents, their fields, and the tables that they were taken from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transcribed import folder

ROOT = Path(__file__).parents[1]
TABLES: dict[str, dict[str, Any]] = folder("tables")
SCHEMAS: dict[str, dict[str, Any]] = {
    f"{file.parent.name}/{file.stem}": json.loads(file.read_text(encoding="utf-8"))
    for system in ("cybertrace", "secmaster", "waf")
    for file in sorted((ROOT / "schemas" / system).glob("*.json"))
}
PARTS = [(name, part) for name, document in SCHEMAS.items() for part in document["$defs"]]
# What drafts 7 and 2020-12, jsonschema, jsonschema-rs and fastjsonschema judge alike.
CHILDREN = {"not", "if", "then", "else", "items"}
LISTS = {"allOf", "anyOf", "oneOf"}
CONSTRAINTS = {
    *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum"),
    *("pattern", "enum", "const", "not"),
    *LISTS,
}


@dataclass(frozen=True)
class Field:
    """A property of a schema, with what surrounds it. part: arguments, request, answer_..."""

    schema: str
    part: str
    name: str
    rules: Mapping[str, Any]
    required: bool

    def __str__(self) -> str:
        return f"{self.schema} {self.part} {self.name}"


def fields(schema: str, part: str, rules: Mapping[str, Any]) -> Iterator[Field]:
    """Walk the properties below a subschema; the items of a list count if they have a source."""
    for name, child in {**rules.get("x-headers", {}), **rules.get("properties", {})}.items():
        required = name in rules.get("required", ())
        yield Field(schema, part, name, child, required)
        yield from fields(schema, part, child)
        if "x-source" in (items := child.get("items", {})):
            yield Field(schema, part, items["x-source"]["name"], items, required)
    if "items" in rules:
        yield from fields(schema, part, rules["items"])


FIELDS = [
    field for name, part in PARTS for field in fields(name, part, SCHEMAS[name]["$defs"][part])
]
SOURCED = [field for field in FIELDS if "x-source" in field.rules]
