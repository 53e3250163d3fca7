"""What leads from task to task: the edges of a playbook, as Orquesta names and orders them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """One way from a task to a task or command.

    row: the place in "next" of the transition; number: among the ways between the same two.
    """

    source: str
    target: str
    row: int
    number: int


class Graph:
    """The edges of a playbook; rows: by task, what each transition leads to."""

    def __init__(self, rows: Mapping[str, Sequence[Iterable[str]]]) -> None:
        self.out: dict[str, list[Edge]] = {}
        self.into: dict[str, list[Edge]] = {name: [] for name in rows}
        for name, transitions in rows.items():
            numbers: Counter[str] = Counter()
            edges = []
            for row, targets in enumerate(transitions):
                for target in targets:
                    edges.append(Edge(name, target, row, numbers[target]))
                    numbers[target] += 1
            self.out[name] = sorted(edges, key=lambda edge: edge.target)
            for edge in edges:
                self.into.setdefault(edge.target, []).append(edge)
        self.starts = tuple(sorted(name for name in rows if not self.into[name]))
        self._cyclic: dict[str, bool] = {}

    def sources(self, name: str) -> list[str]:
        """Return the tasks that lead to a task, each once."""
        return list(dict.fromkeys(edge.source for edge in self.into[name]))

    def in_cycle(self, name: str) -> bool:
        """Tell whether some way leads from a task back to it."""
        if name not in self._cyclic:
            after = [edge.target for edge in self.out.get(name, ())]
            self._cyclic[name] = name in self.reached(after)
        return self._cyclic[name]

    def reached(self, starts: Iterable[str], without: str | None = None) -> set[str]:
        """Return the tasks and commands to which some way leads, starts among them.

        without: a task that no way may lead through.
        """
        found, waiting = set(starts), list(starts)
        while waiting:
            for edge in self.out.get(waiting.pop(), ()):
                if edge.target not in found and edge.target != without:
                    found.add(edge.target)
                    waiting.append(edge.target)
        return found
