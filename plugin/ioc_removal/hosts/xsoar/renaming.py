"""Rename what stands at the top of a module wherever the module means it, and nowhere else."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def renamed(lines: list[str], tree: ast.Module, names: Mapping[str, str]) -> list[str]:
    """Return the lines of a module with new names for what stands at its top."""
    if not names:
        return lines
    places = _Places(names.keys())
    places.visit(tree)
    edits = dict.fromkeys(places.found)
    found = list(lines)
    for line, column, name in sorted(edits, reverse=True):
        text = found[line - 1].encode()
        assert text[column:].startswith(name.encode())  # noqa: S101  # as the syntax tree says
        after = text[column + len(name.encode()) :]
        found[line - 1] = (text[:column] + names[name].encode() + after).decode()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            at = node.lineno - 1
            head = re.compile(rf"^(def|class) {node.name}\b")
            found[at] = head.sub(rf"\1 {names[node.name]}", found[at])
    return found


@dataclass
class _Places(ast.NodeVisitor):
    """Finds where names mean what stands at the top: (line, column in bytes, name)."""

    names: Iterable[str]
    found: list[tuple[int, int, str]] = field(default_factory=list)
    scopes: list[tuple[bool, frozenset[str]]] = field(default_factory=list)  # of a class; names

    def visit_Name(self, node: ast.Name) -> None:  # ast's name
        if node.id in self.names and not self._is_local(node.id):
            self.found.append((node.lineno, node.col_offset, node.id))

    def _is_local(self, name: str) -> bool:
        """Tell whether a scope around has a name of its own; that of a class is not looked into."""
        inner = len(self.scopes) - 1
        return any(
            name in own
            for at, (of_class, own) in enumerate(self.scopes)
            if not of_class or at == inner
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._all([*node.decorator_list, *filter(None, [node.returns])])
        self._arguments(node.args)
        self._within(_parameters(node.args) | _bound(node.body), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._arguments(node.args)
        self._within(_parameters(node.args), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._all([*node.decorator_list, *node.bases, *node.keywords])
        self._within(_bound(node.body), node.body, of_class=True)

    def generic_visit(self, node: ast.AST) -> None:
        if not isinstance(node, COMPREHENSIONS):
            super().generic_visit(node)
            return
        first, *others = node.generators
        self.visit(first.iter)
        own = frozenset(_stored(part.target for part in node.generators))
        inside: list[ast.AST] = [first.target, *first.ifs, *others]
        results = [getattr(node, name, None) for name in ("elt", "key", "value")]
        self._within(own, [*inside, *filter(None, results)])

    def _arguments(self, node: ast.arguments) -> None:
        """Visit defaults and annotations, which are not of the function's own scope."""
        every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
        self._all(arg.annotation for arg in every if arg and arg.annotation)
        self._all([*node.defaults, *filter(None, node.kw_defaults)])

    def _within(
        self, own: frozenset[str], nodes: Iterable[ast.AST], *, of_class: bool = False
    ) -> None:
        self.scopes.append((of_class, own))
        self._all(nodes)
        self.scopes.pop()

    def _all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _parameters(node: ast.arguments) -> frozenset[str]:
    every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
    return frozenset(arg.arg for arg in every if arg)


def _bound(body: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that statements bind in their own scope."""
    found: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, SCOPES):
            continue
        if isinstance(node, COMPREHENSIONS):  # only what := binds leaves it
            found |= set(_stored(n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)))
            continue
        found |= set(_names_of(node))
        waiting.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def _names_of(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
