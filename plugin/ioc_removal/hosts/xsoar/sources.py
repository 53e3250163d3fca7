"""The plugin's modules as text and syntax: what they define at their top, use, and import."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from ...errors import DefinitionError
from .lifting import lifted
from .tidying import tidied

PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Imported:
    """What a name stands for that was imported: a module, or a name in it, None for itself.

    ours: whether the module is one of this plugin, named below it, such as "trust.perform".
    """

    module: str
    name: str | None
    ours: bool


@dataclass
class Statement:
    """A statement at the top of a module, with the comments above it.

    names: what it defines; uses: names that it takes from around it; first, last: its lines.
    """

    node: ast.stmt
    first: int
    last: int
    names: tuple[str, ...]
    uses: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class Source:
    """A module: its name below the plugin, and its text."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax."""
        return ast.parse(self.text)

    @property
    def about(self) -> str:
        """The docstring."""
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @cached_property
    def imports(self) -> Mapping[str, Imported]:
        """What each imported name stands for; what functions import is lifted to the top."""
        found: dict[str, Imported] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name] = Imported(alias.name, None, ours=False)
            elif isinstance(node, ast.ImportFrom):
                module = self._absolute(node) if node.level else str(node.module)
                for alias in node.names:
                    ours = bool(node.level)
                    found[alias.asname or alias.name] = Imported(module, alias.name, ours=ours)
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        parts = self.name.split(".")
        if (PACKAGE.joinpath(*parts) / "__init__.py").is_file():
            parts.append("__init__")
        start = parts[: len(parts) - node.level]
        return ".".join([*start, *filter(None, [node.module])])

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """What stands at the top, without docstring and imports."""
        found, above = [], 0
        for at, node in enumerate(self.tree.body):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            last = node.end_lineno or node.lineno
            is_about = at == 0 and isinstance(node, ast.Expr)
            if not (is_about or isinstance(node, ast.Import | ast.ImportFrom)):
                begins = self._with_comments(first, above)
                uses = frozenset(_used(node))
                found.append(Statement(node, begins, last, tuple(_defined(node)), uses))
            above = last
        return found

    def _with_comments(self, first: int, above: int) -> int:
        """Return the line of the first comment that stands directly above a statement."""
        while first - 1 > above and self.lines[first - 2].startswith("#"):
            first -= 1
        return first

    @cached_property
    def defined(self) -> Mapping[str, Statement]:
        """The statements by the names that they define."""
        return {name: one for one in self.statements for name in one.names}


@cache
def source_of(name: str) -> Source:
    """Read a module of the plugin; raises DefinitionError when there is none."""
    path = PACKAGE.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    try:
        return Source(name, lifted(tidied(file.read_text(encoding="utf-8"))))
    except OSError as error:
        raise DefinitionError(f"{file}: cannot be read; install the plugin again") from error


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        names = (part for part in ast.walk(target) if isinstance(part, ast.Name))
        yield from (name.id for name in names if isinstance(name.ctx, ast.Store))


def _used(node: ast.AST) -> Iterator[str]:
    """Yield every name that a statement may take from around it; those in annotations too."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        for name in ("annotation", "returns"):
            for inner in ast.walk(getattr(part, name, None) or ast.Pass()):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.value  # of what stands below
