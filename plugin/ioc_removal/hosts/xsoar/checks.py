"""Schemas as plain Python, made by fastjsonschema, for a runtime without a schema library."""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from fastjsonschema import compile_to_code

from .literals import WIDTH, literal, quoted
from .simplified import simplified


def checks_text(schemas: Mapping[str, Mapping[str, Any]], part: str) -> str:
    """Return PATTERNS, a function a schema, and CHECKS, which finds it.

    schemas: by name; part: which of their $defs is checked; it refers to nothing.
    """
    functions: list[str] = []
    patterns: dict[str, str] = {}
    entries: list[str] = []
    for name, document in schemas.items():
        function = f"check_{name.rpartition('/')[2].removesuffix('.json')}"
        functions.append(_function(function, document["$defs"][part], patterns))
        entries.append(f"    {literal((name, part))}: {function},\n")
    listed = "".join(map(_pattern, patterns.items()))
    return "\n\n\n".join(
        [
            f"PATTERNS: Mapping[str, Pattern[str]] = {{\n{listed}}}",
            *functions,
            "CHECKS: Mapping[tuple[str, str | None], Callable[[Any], None]] = {\n"
            + "".join(entries)
            + "}",
        ]
    )


def _pattern(entry: tuple[str, str]) -> str:
    shown, own = map(quoted, entry)
    line = f"    {shown}: pattern({own}),\n"
    return line if len(line) <= WIDTH else f"    {shown}: pattern(\n        {own}\n    ),\n"


def _function(name: str, rules: Mapping[str, Any], patterns: dict[str, str]) -> str:
    """Return one function that raises RefusedError; its patterns are added to those of all."""
    tree = ast.parse(compile_to_code(dict(rules), use_default=False, use_formats=False))
    patterns.update(_patterns(tree.body))
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    lines = [f"    {line}" for line in simplified(function)]
    return "\n".join([f"def {name}(data: Any) -> None:", *lines])


def _patterns(body: Iterable[ast.stmt]) -> dict[str, str]:
    """Return the patterns as the schema has them, each with what Python calls it."""
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "REGEX_PATTERNS":
            entries = ast.unparse(node.value).replace("re.compile(", "(")
            found: dict[str, str] = ast.literal_eval(entries)
            return found
    return {}
