"""What "when" says, as a tree of single questions that XSOAR's condition tasks can ask.

A condition task here asks one thing and knows "yes" and "#default#"; and, or and not are the ways
between such tasks, so that nothing depends on how lists of conditions are read.
"""

from dataclasses import dataclass
from typing import Any

from ...playbooks.syntax import Term
from .context_paths import ITEM, Found, NotTranslatableError, Scope, found
from .inside.incident_words import VARIABLES

Condition = Any  # True, False, Question, ("not", c), ("and", c, c) or ("or", c, c)
_OPPOSITE = {"notin": "in", "ne": "eq"}


@dataclass(frozen=True)
class Question:
    """One comparison: operator of XSOAR, left and right side."""

    operator: str
    left: Found
    right: str | None = None

    @property
    def text(self) -> str:
        """How a person reads it."""
        path = self.left.path.removeprefix(f"{VARIABLES}.").removeprefix(f"{ITEM}.")
        if self.right is not None:
            return f"Is {self.right} {'in' if self.left.is_list else 'the value of'} {path}?"
        if self.left.without is not None:
            return f"Is anything in {path} not in {self.left.without}?"
        having = f" with {self.left.having}" if self.left.having else ""
        return f"Is there anything{having} in {path}?"

    @property
    def document(self) -> dict[str, Any]:
        """What the condition task asks; a list equals a text when one of its items does."""
        asked: dict[str, Any] = {"operator": self.operator, "left": self.left.operand}
        if self.right is not None:
            asked["right"] = {"value": {"simple": self.right}}
        return asked


def condition_of(term: Term | None, status: str, scope: Scope) -> Condition:
    """Return what a term asks after a task ended so; raises NotTranslatableError.

    status: "succeeded" or "failed".
    """
    match term:
        case None:
            return True
        case ("status", name):
            return name in {status, "completed"}
        case ("const", bool(value)):
            return value
        case ("not", inner):
            return negated(condition_of(inner, status, scope))
        case ("and" | "or", left, right):
            one, other = (condition_of(part, status, scope) for part in (left, right))
            return _joined(term[0], one, other)
        case ("compare", operator, left, right):
            return _compared(operator, left, right, scope)
    at = found(term, scope)
    if not at.is_list:
        raise NotTranslatableError("only a list is asked for being there; compare it with a text")
    return Question("isNotEmpty", at)


def negated(condition: Condition) -> Condition:
    """Return the opposite, with "not" only before questions."""
    if isinstance(condition, bool):
        return not condition
    match condition:
        case ("not", inner):
            return inner
        case ("and" | "or" as kind, one, other):
            return _joined("or" if kind == "and" else "and", negated(one), negated(other))
    return ("not", condition)


def opposite(one: Condition, other: Condition) -> bool:
    """Tell whether exactly one of two conditions always holds, by what they say."""
    return _shape(negated(one)) == _shape(other)


def _compared(operator: str, left: Term, right: Term, scope: Scope) -> Condition:
    if operator in _OPPOSITE:
        return negated(_compared(_OPPOSITE[operator], left, right, scope))
    match operator, left, right:
        case "in", ("const", str(text)), _:
            return _equal(right, text, scope, many=True)
        case "eq", _, ("const", str(text)):
            return _equal(left, text, scope, many=False)
    raise NotTranslatableError("XSOAR compares a variable with a text here, nothing else")


def _joined(kind: str, one: Condition, other: Condition) -> Condition:
    if isinstance(one, bool) or isinstance(other, bool):
        fixed, rest = (one, other) if isinstance(one, bool) else (other, one)
        return rest if fixed == (kind == "and") else fixed
    return (kind, one, other)


def _shape(condition: Condition) -> str:
    """Write a condition so that the order of its parts makes no difference."""
    if isinstance(condition, tuple) and condition[0] in {"and", "or"}:
        return f"{condition[0]}({', '.join(sorted(map(_shape, _parts(condition, condition[0]))))})"
    if isinstance(condition, tuple):
        return f"not {_shape(condition[1])}"
    return repr(condition)


def _parts(condition: Condition, kind: str) -> list[Condition]:
    if isinstance(condition, tuple) and condition[0] == kind:
        return [part for side in condition[1:] for part in _parts(side, kind)]
    return [condition]


def _equal(term: Term, text: str, scope: Scope, *, many: bool) -> Question:
    at = found(term, scope)
    if at.is_list != many or at.having or at.without:
        raise NotTranslatableError("XSOAR looks for a text in a list variable, or compares one")
    return Question("isEqualString", at, text)
