"""Values of a playbook with expressions in them: texts, and lists and mappings of these.

Only the text of a playbook is ever compiled, once, when the playbook is read; data never is, so an
indicator "{{ 7*7 }}" stays that text (Orquesta's own conductor would evaluate it again). As in
Orquesta, a text that is one expression and nothing else keeps the type of its value, other texts
with expressions become text, and an expression stands on one line and ends at the first "}}".
"""

import re
from dataclasses import dataclass
from typing import Any

from ..errors import DefinitionError
from .expressions import FAILURES, Expression, expression, reason
from .functions import NAMES, Scope
from .limits import LONGEST_TEXT, text_of

LONGEST_SHOWN = 80
_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_REFUSED = (
    (re.compile(r"\{\{"), "an expression must end on the line where it begins"),
    (re.compile(r"\{%|\{#"), "statements and comments are not supported, only {{ }}"),
    (re.compile(r"<%.*?%>"), "YAQL is not supported; write {{ }}"),
)


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands in a playbook, as messages say it."""

    playbook: str
    line: int
    path: str

    def __str__(self) -> str:
        path = f": {self.path}" if self.path else ""
        return f"{self.playbook}: line {self.line}{path}"


class Value:
    """A value whose expressions are compiled.

    where: its place, for messages; allowed: the functions it may call; variables: what it takes
    from ctx() by name; whole: whether any other variable may be meant too; names: the functions
    that it calls. Raises DefinitionError when an expression is refused.
    """

    def __init__(self, value: Any, where: Place, allowed: frozenset[str]) -> None:
        self.where = where
        self.source = value if isinstance(value, str) else ""
        self.variables: set[str] = set()
        self.names: set[str] = set()
        self.whole = False
        self._allowed = allowed
        self.tree = self._compiled(value)

    @property
    def is_expression(self) -> bool:
        """Tell whether it is one expression and nothing else."""
        return isinstance(self.tree, tuple) and len(self.tree) == 1

    def evaluate(self, scope: Scope) -> Any:
        """Give the value; DefinitionError says which expression failed, and why."""
        return self._evaluated(self.tree, scope)

    def _compiled(self, value: Any) -> Any:
        if isinstance(value, dict):
            if any(map(_EXPRESSION.search, value)):
                raise DefinitionError(f"{self.where}: a key cannot be an expression")
            return {key: self._compiled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._compiled(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str | tuple[str | tuple[str, Expression], ...]:
        between, sources = _EXPRESSION.split(text), _EXPRESSION.findall(text)
        for pattern, why in _REFUSED:
            if any(map(pattern.search, between)):
                raise DefinitionError(f"{self.where}: {_shown(text)}: {why}")
        if not sources:
            return text
        pieces: list[str | tuple[str, Expression]] = [between[0]]
        for source, after in zip(sources, between[1:], strict=True):
            pieces += [(source, self._expression(source)), after]
        return tuple(piece for piece in pieces if piece)

    def _expression(self, source: str) -> Expression:
        try:
            compiled = expression(source[2:-2].strip())
        except FAILURES as error:
            raise DefinitionError(f"{self.where}: {_shown(source)}: {reason(error)}") from error
        for name in sorted(compiled.names - self._allowed):
            why = "cannot be used here" if name in NAMES else f"is not known; write ctx({name!r})?"
            raise DefinitionError(f"{self.where}: {_shown(source)}: {name} {why}")
        self.variables |= compiled.variables
        self.names |= compiled.names
        self.whole |= compiled.whole
        return compiled

    def _evaluated(self, tree: Any, scope: Scope) -> Any:
        if isinstance(tree, dict):
            return {key: self._evaluated(item, scope) for key, item in tree.items()}
        if isinstance(tree, list):
            return [self._evaluated(item, scope) for item in tree]
        if not isinstance(tree, tuple):
            return tree
        values = [self._piece(piece, scope) for piece in tree]
        if len(tree) == 1:
            return values[0]
        text = "".join(map(text_of, values))
        if len(text) > LONGEST_TEXT:
            raise DefinitionError(f"{self.where}: the text is longer than {LONGEST_TEXT:,}")
        return text

    def _piece(self, piece: str | tuple[str, Expression], scope: Scope) -> Any:
        if isinstance(piece, str):
            return piece
        source, compiled = piece
        try:
            return compiled.value(scope.functions)
        except FAILURES as error:
            raise DefinitionError(f"{self.where}: {_shown(source)}: {reason(error)}") from error


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"
