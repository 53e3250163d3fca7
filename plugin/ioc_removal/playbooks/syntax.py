"""What an expression says, as plain tuples: for who translates a playbook into another language.

("ctx", name), ("item", name or None), ("result",), ("status", "succeeded"), ("const", value),
("list", *terms), ("field", term, name), ("filter", name, term, arguments, {name: argument}),
("compare", operator, left, right), ("not", term), ("and" | "or" | "add", left, right), and
("other", what it is) for all else. A test that follows "is" is "other" as well.
"""

from typing import Any

from .expressions import Expression

Term = tuple[Any, ...]
STATUSES = frozenset({"succeeded", "failed", "completed"})
_PAIRS = {"And": "and", "Or": "or", "Add": "add"}


def syntax(expression: Expression) -> Term:
    """Return what an expression says."""
    return _term(expression.tree)


def _term(node: Any) -> Term:
    kind = type(node).__name__
    if kind in _PAIRS:
        return (_PAIRS[kind], _term(node.left), _term(node.right))
    if kind == "Not":
        return ("not", _term(node.node))
    if kind == "Const":
        return ("const", node.value)
    if kind in {"List", "Tuple"}:
        return ("list", *map(_term, node.items))
    if kind in {"Getattr", "Getitem"}:
        return _field(node, kind)
    if kind == "Call":
        return _call(node)
    if kind == "Filter" and not (node.dyn_args or node.dyn_kwargs) and node.node is not None:
        named = {argument.key: _term(argument.value) for argument in node.kwargs}
        return ("filter", node.name, _term(node.node), tuple(map(_term, node.args)), named)
    if kind == "Compare" and len(node.ops) == 1:
        return ("compare", node.ops[0].op, _term(node.expr), _term(node.ops[0].expr))
    return ("other", kind)


def _field(node: Any, kind: str) -> Term:
    name = node.attr if kind == "Getattr" else getattr(node.arg, "value", None)
    if not isinstance(name, str):
        return ("other", kind)
    whole = _term(node.node)
    return ("ctx", name) if whole == ("ctx", None) else ("field", whole, name)


def _call(node: Any) -> Term:
    name = getattr(node.node, "name", None)
    given = [_term(argument) for argument in node.args]
    if node.kwargs or node.dyn_args or node.dyn_kwargs or any(one[0] != "const" for one in given):
        return ("other", f"{name}()")
    if name in {"ctx", "item"} and len(given) <= 1:
        return (name, given[0][1] if given else None)
    if name == "result" and not given:
        return ("result",)
    if name in STATUSES and not given:
        return ("status", name)
    return ("other", f"{name}()")
