"""Conditions as condition tasks, each asking one thing."""

from .conditions import Condition, Question
from .context_paths import Found
from .graph import DEFAULT, YES, Graph, Node


def ask(graph: Graph, condition: Condition, yes: str, no: str) -> str:
    """Make the tasks of a condition between two nodes, and return the first of them."""
    if isinstance(condition, bool):
        return yes if condition else no
    if yes == no:
        return yes
    match condition:
        case ("not", inner):
            return ask(graph, inner, no, yes)
        case ("and", one, other):
            return ask(graph, one, ask(graph, other, yes, no), no)
        case ("or", one, other):
            return ask(graph, one, yes, ask(graph, other, yes, no))
    return _asked(graph, condition, yes, no)


def ask_for_any(graph: Graph, at: Found, yes: str, no: str) -> str:
    """Make the task that asks whether a list has an item."""
    return _asked(graph, Question("isNotEmpty", at), yes, no)


def _asked(graph: Graph, question: Question, yes: str, no: str) -> str:
    return graph.add(
        Node(
            f"{question.text} {yes} {no}",
            "condition",
            question.text,
            "Decides which way to go.",
            {DEFAULT: no, YES: yes},
            more={"conditions": [{"label": YES, "condition": [[question.document]]}]},
        )
    )
