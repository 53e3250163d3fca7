"""One expression: Jinja2 in an immutable sandbox; the only door to jinja2.

Allowed is what is listed here; all else (attributes, filters, names) is refused when the playbook
is read, and what could grow without a limit is bounded by limits.py when it runs.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, UndefinedError, nodes, pass_eval_context
from jinja2.environment import TemplateExpression
from jinja2.filters import do_tojson
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from .allowed import FILTERS, METHODS, TESTS
from .limits import OPERATORS, batch, join, listed, plain, replace, text_of, total

LONGEST_EXPRESSION = 2000
LARGEST_INDENT = 8
FAILURES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


class Absent(StrictUndefined):
    """A name or key that is not there; using it is a mistake."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        # StrictUndefined takes the class of error that the sandbox chose, whatever it is.
        super().__init__(hint or f"there is no {name!r}", obj, name, exc)  # type: ignore[arg-type]


@pass_eval_context
def tojson(context: Any, value: Any, indent: int | None = None) -> str:
    """Write a value as JSON, a set as a list; <, >, & and ' are escaped, as Jinja2 does."""
    if indent is not None and not 0 <= indent <= LARGEST_INDENT:
        raise ValueError(f"tojson indents by 0 to {LARGEST_INDENT}")
    return str.__str__(do_tojson(context, plain(value), indent))


class Environment(ImmutableSandboxedEnvironment):
    """Jinja2 without statements, loaders, globals and whatever could grow without a limit."""

    intercepted_binops = frozenset(OPERATORS)

    def __init__(self) -> None:
        super().__init__(undefined=Absent, optimized=False, cache_size=0)
        known = {name: rule for name, rule in self.filters.items() if name in FILTERS}
        bounded = {"batch": batch, "join": join, "list": listed, "replace": replace, "sum": total}
        self.filters = {**known, **bounded, "string": text_of, "tojson": tojson}
        self.tests = {name: rule for name, rule in self.tests.items() if name in TESTS}
        self.globals = {"range": safe_range, "dict": dict}
        self.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": list}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        """Allow only the harmless methods of text, mappings and lists."""
        if isinstance(obj, tuple):
            return attr in {"grouper", "list"}
        return any(attr in names for kind, names in METHODS.items() if isinstance(obj, kind))

    def wrap_str_format(self, value: Any) -> None:
        """Leave str.format to is_safe_attribute, which refuses it."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Calculate within the limits."""
        return OPERATORS[operator](left, right)


ENVIRONMENT = Environment()


class Expression:
    """What stands between {{ and }}, compiled.

    names: the functions it calls; variables: what it takes from ctx() by name; whole: whether it
    also takes from ctx() in another way, so that any variable may be meant; tree: Jinja2's, which
    syntax.py reads.
    """

    def __init__(self, source: str) -> None:
        if len(source) > LONGEST_EXPRESSION:
            raise ValueError(f"an expression has at most {LONGEST_EXPRESSION:,} characters")
        parser = Parser(ENVIRONMENT, source, state="variable")
        tree: nodes.Node = parser.parse_expression()
        if not parser.stream.eos:
            raise ValueError(f"unexpected {parser.stream.current.value!r}")
        found = [tree, *tree.find_all(nodes.Node)]
        for node in found:
            _check(node)
        self.names = frozenset(node.name for node in found if isinstance(node, nodes.Name))
        variables = list(filter(None, map(_variable, found)))
        self.variables = frozenset(variables)
        ctx = [node for node in found if isinstance(node, nodes.Name) and node.name == "ctx"]
        self.whole = len(ctx) > len(variables)
        target = nodes.Name("result", "store")
        self.tree = _Joined().visit(tree)
        assign = nodes.Assign(target, self.tree, lineno=1)
        template = nodes.Template([assign], lineno=1)
        template.set_environment(ENVIRONMENT)
        self._call = TemplateExpression(ENVIRONMENT.from_string(template), False)

    def value(self, functions: Mapping[str, Callable[..., Any]]) -> Any:
        """Evaluate it; raises one of FAILURES."""
        return plain(self._call(functions))


@lru_cache(maxsize=4096)
def expression(source: str) -> Expression:
    """Compile an expression once; raises one of FAILURES."""
    return Expression(source)


def reason(error: BaseException) -> str:
    """Say in one line why an expression was refused or failed."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, KeyError):
        return f"there is no {error}"
    # An OverflowError of arithmetic has a number before its text.
    message = error.args[-1] if error.args else type(error).__name__
    return " ".join(str(message).split())


class _Joined(NodeTransformer):
    """Turn "a ~ b" into [a, b] | join, whose length is bounded."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        parts = nodes.List([self.visit(part) for part in node.nodes], lineno=node.lineno)
        return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)


def _check(node: nodes.Node) -> None:
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ValueError(f"there is no filter {node.name!r} here")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ValueError(f"there is no test {node.name!r} here")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise ValueError(f"the attribute {node.attr!r} is not allowed")


def _variable(node: nodes.Node) -> str | None:
    """Recognise ctx('name'), ctx().name and ctx()['name']."""
    if isinstance(node, nodes.Call) and _is_ctx(node) and node.args:
        key = node.args[0]
    elif isinstance(node, nodes.Getattr) and _is_ctx(node.node, whole=True):
        return node.attr
    elif isinstance(node, nodes.Getitem) and _is_ctx(node.node, whole=True):
        key = node.arg
    else:
        return None
    return key.value if isinstance(key, nodes.Const) and isinstance(key.value, str) else None


def _is_ctx(node: nodes.Node, *, whole: bool = False) -> bool:
    if not (isinstance(node, nodes.Call) and getattr(node.node, "name", None) == "ctx"):
        return False
    more = (node.kwargs, node.dyn_args, node.dyn_kwargs)
    return not any(more) and not (whole and node.args)
