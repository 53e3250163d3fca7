"""Values of a playbook as paths into XSOAR's context: the subset of expressions that has one.

A playbook's steps run in a context of their own, so what stands at an action's path there is what
this run got. Inputs and what was published stand below VARIABLES.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import DefinitionError
from ...playbooks.syntax import Term, syntax
from ...playbooks.values import Value
from .inside.incident_words import VARIABLES

ITEM = "inputs.Item"  # of a playbook that runs for one item of a list
_ROWS = ("field", ("result",), "result")
_RESULTS = frozenset({"outputs", "outcomes"})


class NotTranslatableError(Exception):
    """An expression that XSOAR has no word for; says why."""


@dataclass(frozen=True)
class Scope:
    """What expressions see.

    result: where the rows of the task that just ended are, None before; each: whether it ran for
    each item of a list; lists: the variables that hold lists; item: its name, inside of a round.
    """

    result: str | None = None
    each: bool = False
    lists: frozenset[str] = frozenset()
    item: str | None = None


@dataclass(frozen=True)
class Found:
    """Where a value is.

    having: a field that an item must have to count; without: the path of a list whose items do not
    count; is_list: whether it is one.
    """

    path: str
    having: str | None = None
    without: str | None = None
    is_list: bool = True

    @property
    def context(self) -> dict[str, Any]:
        """The value as an argument of a task takes it."""
        if self.without is None:
            return {"simple": f"${{{self.path}}}"}
        left, right = _in_context(self.path), _in_context(self.without)
        return {
            "complex": {
                "root": self.path,
                "filters": [[{"operator": "notIn", "left": left, "right": right}]],
            }
        }

    @property
    def operand(self) -> dict[str, Any]:
        """The value as the left side of a condition takes it."""
        if self.without is not None:
            return {"value": self.context, "iscontext": True}
        return _in_context(self.path if self.having is None else f"{self.path}.{self.having}")


def found(term: Term, scope: Scope) -> Found:
    """Return where the value of an expression is; raises NotTranslatableError."""
    if term == ("result",) and scope.each and scope.result:
        return Found(scope.result, is_list=False)
    match term:
        case ("ctx", str(name)):
            root = ITEM if scope.item is not None else VARIABLES
            return Found(f"{root}.{name}", is_list=name in scope.lists)
        case ("item", name) if scope.item is not None and name in (None, scope.item):
            return Found(f"{ITEM}.{scope.item}", is_list=False)
        case ("field", rows, name) if rows == _ROWS and name in _RESULTS:
            if scope.result and not scope.each:
                return Found(scope.result)
        case ("field", whole, name):
            at = found(whole, scope)
            if not at.is_list and whole != ("result",):
                return Found(f"{at.path}.{name}", is_list=False)
        case ("filter", name, whole, arguments, named):
            return _filtered(name, found(whole, scope), arguments, named, scope)
    raise NotTranslatableError(
        "XSOAR has no path for it; write a variable, result().result.outputs or .outcomes, "
        "with list, default([]), map(attribute=…), selectattr(…, 'defined') or reject('in', …)"
    )


def _filtered(
    name: str, at: Found, arguments: tuple[Term, ...], named: Mapping[str, Term], scope: Scope
) -> Found:
    """Return where the value of a filter is."""
    match name, arguments, dict(named):
        case ("list", (), {**rest}) | ("default", (("list",),), {**rest}) if not rest:
            return at
        case "map", (), {"attribute": ("const", str(field)), **rest} if not rest:
            return _mapped(at, field, scope)
        case "selectattr", (("const", str(field)), ("const", "defined")), {**rest} if not rest:
            if _is_each(at, field, scope):
                return at
            if at == Found(at.path):
                return Found(at.path, having=field)
        case "reject", (("const", "in"), other), {**rest} if not rest:
            right = found(other, scope)
            if at == Found(at.path) and right == Found(right.path):
                return Found(at.path, without=right.path)
    raise NotTranslatableError(f"XSOAR has no word for {name} here")


def _mapped(at: Found, field: str, scope: Scope) -> Found:
    if _is_each(at, field, scope):
        return Found(at.path)
    if at.is_list and at.without is None and at.having in (None, field):
        return Found(f"{at.path}.{field}")
    raise NotTranslatableError("XSOAR has no word for map here")


def _is_each(at: Found, field: str, scope: Scope) -> bool:
    """Tell whether a field is that of the rows of each round of a loop."""
    rows = {f"result.{one}" for one in _RESULTS}
    return scope.each and at.path == scope.result and not at.is_list and field in rows


def term_of(value: Value) -> Term:
    """Return what a value says that is one expression; raises NotTranslatableError."""
    if not value.is_expression:
        raise NotTranslatableError("it must be one expression in {{ }}")
    [(_, expression)] = value.tree
    return syntax(expression)


def argument(value: Value, scope: Scope) -> dict[str, Any] | None:
    """Return a value as an argument of a task, None for none; refused with its file and line."""
    try:
        if value.is_expression:
            return whole(found(term_of(value), scope)).context
        return _constant(value.tree, scope)
    except NotTranslatableError as error:
        raise refused(value, str(error)) from error


def whole(at: Found) -> Found:
    """Return what is a value, and not only a question; raises NotTranslatableError."""
    if at.having is not None:
        raise NotTranslatableError("only a condition can ask for rows that have a field")
    return at


def refused(value: Value, why: str) -> DefinitionError:
    """Return the error of a value that cannot be translated."""
    source = " ".join(value.source.split())
    shown = f"{source[:77]}…" if len(source) > 78 else source
    return DefinitionError(f"{value.where}: {shown}: not for XSOAR: {why}")


def _constant(tree: Any, scope: Scope) -> dict[str, Any] | None:
    if tree is None:
        return None
    if isinstance(tree, tuple):
        return {"simple": "".join(_piece(piece, scope) for piece in tree)}
    if isinstance(tree, str):
        return {"simple": tree}
    if _has_expression(tree):
        raise NotTranslatableError("an expression inside of a list or a mapping")
    return {"simple": json.dumps(tree, ensure_ascii=False)}


def _piece(piece: Any, scope: Scope) -> str:
    """Return a piece of a text; XSOAR puts commas between the items of a list by itself."""
    if isinstance(piece, str):
        return piece
    term = syntax(piece[1])
    match term:
        case ("filter", "join", whole, (("const", ", "),), {**rest}) if not rest:
            term = whole
    at = found(term, scope)
    if at.without is not None or at.having is not None:
        raise NotTranslatableError("publish it first, and put the variable into the text")
    return f"${{{at.path}}}"


def _has_expression(tree: Any) -> bool:
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return isinstance(tree, tuple) or any(map(_has_expression, parts))


def _in_context(path: str) -> dict[str, Any]:
    return {"value": {"simple": path}, "iscontext": True}
