"""Join the plugin's modules into one file: XSOAR runs one file an integration, and knows no other.

Modules stand in the order of their layers, what each needs before it. Dropped is what nothing
reaches; private and imported names are renamed where two modules, or CommonServerPython, have the
same; two public ones are refused, as they should have two names in the plugin.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...errors import DefinitionError
from .renaming import renamed
from .sources import Imported, Source, Statement, source_of

INSIDE = "hosts.xsoar.inside"
# What takes the place of a module inside XSOAR.
STANDS_IN = {
    name: f"{INSIDE}.{name}" for name in ("loader", "schema", "private_file", "huawei_sdk")
}
PLATFORM = frozenset({"CommonServerPython", "demistomock"})

Key = tuple[str, str]  # module and name


@dataclass
class Joined:
    """Modules that are joined, from one at their top.

    top: the module with main(); replaced: texts of statements by (module, name), which stand in
    the place of those of the module; taken: what Python and CommonServerPython define, each name
    with the module and name that it is imported from, "" for what is CommonServerPython's own.
    """

    top: str
    replaced: Mapping[Key, str]
    taken: Mapping[str, str]
    sources: dict[str, Source] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    imported: dict[Imported, dict[str, str]] = field(default_factory=dict)

    def text(self) -> str:
        """Return imports and sections, without a head."""
        self._reach((self.top, "main"))
        order = list(self._ordered(self.top, set()))
        names = self._named(order)
        sections = [self._section(module, names[module]) for module in order]
        return "\n\n\n".join([self._imports(), *filter(None, sections)])

    def _source(self, module: str) -> Source:
        module = STANDS_IN.get(module, module)
        if module not in self.sources:
            source = source_of(module)
            self.sources[module] = _with(source, self._replacing(module))
        return self.sources[module]

    def _replacing(self, module: str) -> Mapping[str, str]:
        return {name: text for (where, name), text in self.replaced.items() if where == module}

    def _reach(self, start: Key) -> None:
        """Keep a name, and all that it uses, of whichever module."""
        waiting = [start]
        while waiting:
            module, name = waiting.pop()
            source = self._source(module)
            if (source.name, name) in self.kept:
                continue
            if name in source.defined:
                statement = source.defined[name]
                self.kept |= {(source.name, other) for other in statement.names}
                waiting += [(source.name, used) for used in statement.uses]
            elif imported := source.imports.get(name):
                if imported.ours:
                    waiting.append((imported.module, str(imported.name)))
                else:
                    self.kept.add((source.name, name))

    def _ordered(self, module: str, seen: set[str]) -> Iterator[str]:
        """Yield the modules of which something is kept, what each needs before it."""
        source = self._source(module)
        if source.name in seen:
            return
        seen.add(source.name)
        used = {name for one in self._statements(source) for name in one.uses}
        for name, imported in source.imports.items():
            kept = imported.ours and self._is_kept(imported.module, str(imported.name))
            if kept and name in used:
                yield from self._ordered(imported.module, seen)
        yield source.name

    def _is_kept(self, module: str, name: str) -> bool:
        return (self._source(module).name, name) in self.kept

    def _statements(self, source: Source) -> list[Statement]:
        """Return the statements that are kept, in their order."""
        return [
            one for one in source.statements
            if not one.names or any((source.name, name) in self.kept for name in one.names)
        ]  # fmt: skip

    def _named(self, order: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return, by module, the new names of what it defines and imports, where they change."""
        owners: dict[str, list[str]] = {}
        for module in order:
            for statement in self._statements(self._source(module)):
                for name in statement.names:
                    owners.setdefault(name, []).append(module)
        final = {
            (module, name): self._name(module, name, owning)
            for name, owning in owners.items()
            for module in owning
        }
        self._bind(order, set(final.values()))
        return {module: dict(self._changes(module, final)) for module in order}

    def _name(self, module: str, name: str, owning: Sequence[str]) -> str:
        """Return the name that something has in the joined file; raises DefinitionError."""
        others = [other for other in owning if other != module]
        if not others and name not in self.taken:
            return name
        if not name.startswith("_"):
            builtin = self.taken.get(name, "").startswith("builtins.")
            other = others[0] if others else "Python" if builtin else "CommonServerPython"
            raise DefinitionError(f"{module} and {other} both define {name}: rename one of them")
        return f"{name}_of_{module.removeprefix(f'{INSIDE}.').replace('.', '_')}"

    def _bind(self, order: Sequence[str], ours: set[str]) -> None:
        """Choose the names of what is imported from libraries: as they are, unless taken."""
        bound: dict[str, Imported] = {}
        for module in order:
            for name, imported in self._source(module).imports.items():
                if imported.ours or (module, name) not in self.kept or imported.module in PLATFORM:
                    continue
                origin = ".".join(filter(None, [imported.module, imported.name]))
                free = self.taken.get(name, origin) == origin and name not in ours
                chosen = name
                if not free or bound.get(name, imported) != imported:
                    chosen = "_".join(filter(None, [*imported.module.split("."), imported.name]))
                if chosen in ours or bound.setdefault(chosen, imported) != imported:
                    raise DefinitionError(f"{module}: {chosen} means two things: rename one")
                self.imported.setdefault(imported, {})[name] = chosen

    def _changes(self, module: str, final: Mapping[Key, str]) -> Iterator[tuple[str, str]]:
        source = self._source(module)
        for name in source.defined:
            if final.get((module, name), name) != name:
                yield name, final[module, name]
        for name, imported in source.imports.items():
            new = self.imported.get(imported, {}).get(name, name)
            if imported.ours:
                owner = self._source(imported.module).name
                new = final.get((owner, str(imported.name)), name)
            if new != name:
                yield name, new

    def _section(self, module: str, names: Mapping[str, str]) -> str:
        """Return what is kept of a module, below its docstring as comments."""
        source = self._source(module)
        statements = self._statements(source)
        if not statements:
            return ""
        lines = renamed(source.lines, source.tree, names)
        rule = f"# {'-' * 78}"
        title = module.removeprefix(f"{INSIDE}.")
        about = [f"# {line}".rstrip() for line in source.about.splitlines()]
        text = "\n".join([rule, f"# {title}", *about, rule])
        above: Statement | None = None
        for one in statements:
            block = isinstance(one.node, ast.FunctionDef | ast.ClassDef)
            far = block or above is None or isinstance(above.node, ast.FunctionDef | ast.ClassDef)
            near = above is not None and above.last + 1 == one.first
            gap = "\n\n\n" if far else "\n" if near else "\n\n"
            text += gap + "\n".join(lines[one.first - 1 : one.last])
            above = one
        return text

    def _imports(self) -> str:
        """Return one import a module, in order; what CommonServerPython gives is there already."""
        plain = {one.module for one in self.imported if one.name is None}
        names: dict[str, set[str]] = {}
        for imported, bound in self.imported.items():
            if imported.name is not None:
                names.setdefault(imported.module, set()).update(
                    imported.name if chosen == imported.name else f"{imported.name} as {chosen}"
                    for chosen in bound.values()
                )
        lines = [f"import {module}" for module in sorted(plain)]
        return "\n".join([*lines, *(_import(one, sorted(names[one])) for one in sorted(names))])


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 100:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _with(source: Source, texts: Mapping[str, str]) -> Source:
    """Return a module with other texts for some of its statements."""
    lines = list(source.lines)
    chosen = {
        source.defined[name].first: (source.defined[name], text) for name, text in texts.items()
    }
    for first in sorted(chosen, reverse=True):
        statement, text = chosen[first]
        lines[first - 1 : statement.last] = text.splitlines()
    return Source(source.name, "\n".join(lines)) if texts else source
