"""The tasks of an XSOAR playbook: made from the end to the start, numbered and placed at last."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .pack import item_id

WIDTH, HEIGHT, GAP_X, GAP_Y = 380, 80, 50, 95  # of a task in XSOAR's view, in its pixels
LEFT, TOP = 50, 50
NEXT, YES, DEFAULT, ERROR = "#none#", "yes", "#default#", "#error#"


@dataclass
class Node:
    """A task: kind as XSOAR has it, its name and description, where each of its ways leads.

    own: what stands in "task" beside that, such as the script; more: what stands beside "task".
    """

    key: str
    kind: str
    name: str = ""
    description: str = ""
    next: dict[str, str] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """A node with its number and place."""

    node: Node
    number: int
    x: int
    y: int


class Graph:
    """The tasks of one playbook, by a key that says where each comes from."""

    def __init__(self, playbook: str) -> None:
        self.playbook = playbook
        self.nodes: dict[str, Node] = {}

    def add(self, node: Node) -> str:
        """Add a task and return its key."""
        self.nodes[node.key] = node
        return node.key

    def placed(self) -> list[Placed]:
        """Return the tasks that can be reached, numbered in the order of their rows."""
        rows: dict[str, int] = {}
        self._sink("start", 0, rows)
        order = sorted(rows, key=lambda key: rows[key])  # stable: as they are first reached
        counts: dict[int, int] = {}
        for row in rows.values():
            counts[row] = counts.get(row, 0) + 1
        widest = max(counts.values())
        seen: dict[int, int] = {}
        found = []
        for number, key in enumerate(order):
            row = rows[key]
            column = seen[row] = seen.get(row, -1) + 1
            shift = (widest - counts[row]) * (WIDTH + GAP_X) // 2
            x = LEFT + shift + column * (WIDTH + GAP_X)
            found.append(Placed(self.nodes[key], number, x, TOP + row * (HEIGHT + GAP_Y)))
        return found

    def _sink(self, key: str, row: int, rows: dict[str, int]) -> None:
        """Put a task below all that lead to it."""
        if rows.get(key, -1) < row:
            rows[key] = row
            for target in dict.fromkeys(self.nodes[key].next.values()):
                self._sink(target, row + 1, rows)


def tasks_of(graph: Graph, placed: Sequence[Placed]) -> dict[str, Any]:
    """Return the tasks as the playbook's document has them."""
    numbers = {one.node.key: str(one.number) for one in placed}
    return {str(one.number): _task(graph.playbook, one, numbers) for one in placed}


def view_of(placed: Sequence[Placed]) -> str:
    """Return the size of the whole, as the playbook's document has it."""
    size = {
        "height": max(one.y for one in placed) + HEIGHT - TOP,
        "width": max(one.x for one in placed) + WIDTH - LEFT,
        "x": LEFT,
        "y": TOP,
    }
    return json.dumps({"linkLabelsPosition": {}, "paper": {"dimensions": size}})


def _task(playbook: str, placed: Placed, numbers: Mapping[str, str]) -> dict[str, Any]:
    node = placed.node
    uuid = item_id("playbook", playbook, node.key)
    by_error = ERROR in node.next
    kind = {} if node.kind == "start" else {"type": node.kind}
    next_tasks = {label: [numbers[key]] for label, key in node.next.items()}
    return {
        "id": str(placed.number),
        "taskid": uuid,
        "type": node.kind,
        "task": {
            "id": uuid,
            "version": -1,
            "name": node.name,
            "description": node.description,
            **kind,
            "iscommand": False,
            "brand": "",
            **node.own,
        },
        **({"nexttasks": next_tasks} if next_tasks else {}),
        **node.more,
        "separatecontext": node.kind == "playbook",
        **({"continueonerror": True} if by_error else {}),
        "continueonerrortype": "errorPath" if by_error else "",
        "view": json.dumps({"position": {"x": placed.x, "y": placed.y}}),
        "note": False,
        "timertriggers": [],
        "ignoreworker": False,
        "skipunavailable": False,
        "quietmode": 0,
        "isoversize": False,
        "isautoswitchedtoquietmode": False,
    }


def uses(placed: Sequence[Placed], name: str) -> Iterator[str]:
    """Yield what tasks run of a kind: "playbookName", "scriptName" or "script" (a command)."""
    found = {one.node.own[name].removeprefix("|||") for one in placed if name in one.node.own}
    yield from sorted(found)
