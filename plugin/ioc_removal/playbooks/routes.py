"""Where a run stands: the tasks that are due, those that ran, and on which route, as in Orquesta.

A route tells apart what comes to the same task on several ways: a task without "join" to which
several transitions lead runs once for each, and what follows it keeps apart, too. Tasks of a cycle
stay on one route, and so do those that join.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .context import Layers, joined
from .graph import Edge
from .model import Playbook


@dataclass
class Record:
    """One performance of a task, its tries included.

    held: which ways it went on; is_end: whether "output" sees its context; tries, delay: further
    ones, and seconds before each.
    """

    task: str
    route: int
    layers: Layers
    status: str = "null"
    held: dict[Edge, bool] = field(default_factory=dict)
    is_end: bool = False
    tries: int = 0
    delay: int = 0


@dataclass
class Staged:
    """A task that something led to.

    ready: whether as many did as its "join" wants; on_fail: whether it runs though the run has
    failed; record: of the try before.
    """

    task: str
    route: int
    layers: Layers
    ready: bool = False
    on_fail: bool = False
    record: Record | None = None


@dataclass
class Routes:
    """The tasks of a run by their routes; records: all, in the order in which they began."""

    playbook: Playbook
    staged: list[Staged] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    _routes: list[tuple[tuple[str, int], ...]] = field(default_factory=lambda: [()])
    _last: dict[tuple[str, int], Record] = field(default_factory=dict)

    def begin(self, staged: Staged) -> Record:
        """Take a task out of what is due, and give its record."""
        self.staged.remove(staged)
        if staged.record:
            return staged.record
        record = Record(staged.task, staged.route, staged.layers)
        self.records.append(record)
        self._last[record.task, record.route] = record
        return record

    def follow(self, edge: Edge, record: Record, layers: Layers) -> Staged:
        """Stage what a task leads to, or add to what is staged there already."""
        route = self._route(edge, record.route)
        staged = next(self._staged(edge.target, route), None)
        if staged:
            staged.layers = joined(staged.layers, layers)
        else:
            staged = Staged(edge.target, route, layers)
            self.staged.append(staged)
        staged.ready = self._is_ready(edge.target, record.route)
        return staged

    def again(self, record: Record) -> None:
        """Stage a further try of a task."""
        self.staged.append(
            Staged(record.task, record.route, record.layers, ready=True, record=record)
        )

    def ends(self) -> list[Layers]:
        """Return the contexts of where the run ended."""
        return [record.layers for record in self.records if record.is_end]

    @property
    def are_done(self) -> bool:
        """Whether nothing runs or is due any more."""
        running = any(record.status == "running" for record in self._last.values())
        return not running and not any(one.ready for one in self.staged)

    def statuses(self, route: int) -> dict[str, str]:
        """Return the status of each task, as it is seen from a route: there, else before it."""
        seen: dict[str, str] = {}
        while True:
            for (task, where), record in self._last.items():
                if where == route:
                    seen.setdefault(task, record.status)
            here = set(self._routes[route])
            before = [at for at in range(route) if here.issuperset(self._routes[at])]
            if not before:
                return seen
            route = before[-1]

    def _staged(self, task: str, route: int) -> Iterator[Staged]:
        """Yield what is staged there, but for a further try: that has its context already."""
        here = (one for one in self.staged if (one.task, one.route) == (task, route))
        return (one for one in here if one.record is None)

    def _is_ready(self, name: str, route: int) -> bool:
        """Tell whether as many tasks led to a task as it wants."""
        graph = self.playbook.graph
        led = {edge.source for edge in graph.into[name] if self._held(edge, route)}
        task = self.playbook.tasks.get(name)
        return len(led) >= (task.needs(len(graph.sources(name))) if task else 1)

    def _held(self, edge: Edge, route: int) -> bool:
        record = self._last.get((edge.source, route))
        return record is not None and record.held.get(edge, False)

    def _route(self, edge: Edge, route: int) -> int:
        """Return the route of what a task on a route leads to."""
        if not self.playbook.is_split(edge.target):
            return route
        step = (edge.source, edge.number)
        if step in self._routes[route]:
            return route
        self._routes.append((*self._routes[route], step))
        return len(self._routes) - 1
