"""What fastjsonschema wrote, as a person would: verdicts without words, types by one question."""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .literals import WIDTH

KINDS = {
    "dict": "object",
    "list": "array",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "NoneType": "null",
}
# Whether a value is of none of some types, and whether it is a number, in all its words.
OF_NONE = re.compile(
    r"not isinstance\((?P<name>\w+), \(?(?P<types>[\w, ]+)\)?\)"
    r"(?: and \(not \(isinstance\((?P=name), float\) and (?P=name)\.is_integer\(\)\)\))?"
    r" or isinstance\((?P=name), bool\)"
)
NUMBER = re.compile(
    r"isinstance\((\w+), \(int, float, Decimal\)\) and \(not isinstance\(\1, bool\)\)"
)
LONG = re.compile(r"( *)(if not PATTERNS\[)('.*')(\]\.search\(\w+\):)")
WORDS = re.compile(r"\bdata__\w+")


def simplified(function: ast.FunctionDef) -> list[str]:
    """Return the lines of a function's body; it returns nothing and raises RefusedError."""
    tree = _Simplifier().visit(function)
    _without_unused(tree)
    body = [one for one in tree.body if not isinstance(one, ast.Return)]
    text = ast.unparse(ast.Module(body, []))
    text = OF_NONE.sub(_of_none, text)
    text = NUMBER.sub(r"is_of(\1, 'number')", text)
    text = text.replace("REGEX_PATTERNS", "PATTERNS").replace("NoneType", "type(None)")
    names = _short_names(set(WORDS.findall(text)))
    text = WORDS.sub(lambda found: names[found[0]], text)
    return [part for line in text.splitlines() for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """Return a line with a long pattern as three."""
    found = LONG.fullmatch(line)
    if not found or len(line) < WIDTH:
        return [line]
    space, head, text, tail = found.groups()
    return [space + head, f"{space}    {text}", space + tail]


class _Simplifier(ast.NodeTransformer):
    def visit_Raise(self, node: ast.Raise) -> Any:  # ast's name
        node.exc, node.cause = ast.Name("RefusedError"), None
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        node.type = ast.Name("RefusedError")
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> Any:
        """Drop the index of an item, which only messages named."""
        self.generic_visit(node)
        if isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Call):
            node.target, node.iter = node.target.elts[1], node.iter.args[0]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        """Ask whether a value is one of several, which is spelt out for each of them."""
        self.generic_visit(node)
        choices = node.operand.values if isinstance(node.operand, ast.BoolOp) else []
        if isinstance(getattr(node.operand, "op", None), ast.And):
            choices = [node.operand]
        equal = [choice.values[-1] for choice in choices if isinstance(choice, ast.BoolOp)]
        pairs = [one for one in equal if isinstance(one, ast.Compare) and _is_equal(one)]
        if not pairs or len(pairs) != len(choices):
            return node
        listed = ast.List([one.comparators[0] for one in pairs])
        return ast.Call(ast.Name("refusal_of_choice"), [pairs[0].left, listed], [])


def _is_equal(node: ast.Compare) -> bool:
    return isinstance(node.ops[0], ast.Eq) and isinstance(node.comparators[0], ast.Constant)


def _of_none(found: re.Match[str]) -> str:
    types = [KINDS[name] for name in found["types"].split(", ") if name in KINDS]
    if "number" in types:
        types = [kind for kind in types if kind != "integer"]
    if len(types) == 1:
        return f"not is_of({found['name']}, {types[0]!r})"
    return f"refusal_of_type({found['name']}, {types!r})"


def _without_unused(tree: ast.AST) -> None:
    """Drop what is assigned and never asked for."""
    counts = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                kept = [one for one in body if not _is_unused(one, counts)]
                setattr(node, name, kept or [ast.Pass()] * bool(body))


def _is_unused(node: ast.stmt, counts: Mapping[str, int]) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(target, ast.Name) and counts[target.id] == 1


def _short_names(names: set[str]) -> dict[str, str]:
    """Return shorter names: the last two of their parts, unless another name has the same."""
    short = {name: "__".join(name.split("__")[-2:]) for name in names}
    counts = Counter(short.values())
    return {name: one if counts[one] == 1 else name for name, one in short.items()}
