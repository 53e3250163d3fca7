"""What a module imports late, or for its types alone, to spare a command the time.

One file has it all: there such an import stands at the top of its module, as the others do.
"""

import ast
from collections.abc import Iterator


def lifted(text: str) -> str:
    """Return a module that imports all that it needs of the plugin at its top."""
    tree = ast.parse(text)
    late = list(_late(tree))
    if not late:
        return text
    lines: list[str | None] = list(text.splitlines())
    names: dict[str | None, None] = {}
    for node in late:
        last = node.end_lineno or node.lineno
        lines[node.lineno - 1 : last] = [None] * (last - node.lineno + 1)
        if not lines[last]:  # stands between imports and what uses them
            lines[last] = None
        names.update({ast.unparse(one): None for one in _of_ours(node)})
    top = max(node.end_lineno or 0 for node in tree.body if isinstance(node, ast.ImportFrom))
    lines[top:top] = names
    return "\n".join(line for line in lines if line is not None)


def _late(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the imports inside functions, and what is there for a checker of types."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield node
        elif isinstance(node, ast.FunctionDef):
            yield from _of_ours(node)


def _of_ours(within: ast.AST) -> Iterator[ast.ImportFrom]:
    for node in ast.walk(within):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node
