"""Values as examples and the documents' samples have them, and what a slip makes of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from schema_fields import SCHEMAS, SOURCED, TABLES

WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    " ",
    "\n",
    "x" * 2000,
    [],
    [None],
    [""],
    {},
    {"unknown": 1},
)


def answer(text: str) -> Any:
    """Read JSON; one sample has a backslash that escapes nothing."""
    return json.loads(re.sub(r'\\(?!["\\/bfnrtu])', r"\\\\", text))


def seeds(name: str, part: str) -> Iterator[Any]:
    """Values to start from: examples under each API version, and the documents' samples."""
    arguments = SCHEMAS[name]["$defs"]["arguments"]
    if part == "arguments":
        versions = arguments["properties"].get("api_version", {"enum": []})["enum"]
        for example in arguments["examples"]:
            yield from (example, *({**example, "api_version": version} for version in versions))
            yield from (
                {**example, "api_version": version, "unmark_detections": True}
                for version in versions
            )
    documents = {f.rules["x-source"]["document"] for f in SOURCED if f.schema == name}
    for stem in documents:
        yield from (
            answer(s["text"]) for s in TABLES[stem].get("samples", ()) if s["kind"] == "answer"
        )
    yield {}


def variants(value: Any) -> Iterator[Any]:
    """Yield a value and what a slip makes of it, in one place at a time."""
    yield value
    yield from WRONG
    if isinstance(value, str):
        yield from (value + "\n", "\n" + value, value.upper(), value.lower(), f"{value} é", "a/b")
    if isinstance(value, dict):
        yield {**value, "unknown": value}
        for key in value:
            yield {other: value[other] for other in value if other != key}
            yield from ({**value, key: variant} for variant in variants(value[key]))
    if isinstance(value, list) and value:
        yield value + value
        yield from ([variant, *value[1:]] for variant in variants(value[0]))
