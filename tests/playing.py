"""Plays an exported XSOAR playbook as its documentation says: tasks, conditions, loops, context.

Of XSOAR it knows: a list of one entry is given as that entry; a text equals a list when it equals
an entry; a loop gives each round one entry of every list, and a single value to the first round;
a sub-playbook begins with an empty context and gives back its outputs, which are added.
"""

import json
import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

Context = dict[str, Any]
Ran = tuple[bool, Mapping[str, Any]]  # whether it went well, and rows by context path
Execute = Callable[[str, dict[str, Any]], Ran]
WHOLE = re.compile(r"\$\{([^}]*)\}")


class Stopped(Exception):  # noqa: N818  # as a playbook is that waits at a task in error
    """A task failed, and nothing handles it; named by its name."""


class Play:
    """Plays playbooks.

    documents: by name; execute: does a command or a script, with the arguments of its task.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], execute: Execute) -> None:
        self.documents, self.execute = documents, execute
        self.reached: list[str] = []

    def play(self, name: str, inputs: Mapping[str, Any]) -> Context:
        """Play a playbook to its end and return its context; raises Stopped."""
        tasks, context = self.documents[name]["tasks"], {"inputs": dict(inputs)}
        task = tasks["0"]
        while True:
            self.reached.append(task["task"]["name"])
            label = self._done(task, context)
            following = task.get("nexttasks", {}).get(label)
            if following is None:
                if label == "#error#":
                    raise Stopped(task["task"]["name"])
                return context
            [number] = following
            task = tasks[number]

    def _done(self, task: Mapping[str, Any], context: Context) -> str:
        """Do a task, and return the label of what follows."""
        given = {
            name: value
            for name, raw in task.get("scriptarguments", {}).items()
            if (value := valued(raw, context)) not in (None, "", [])
        }
        if task["type"] == "condition":
            [condition] = task["conditions"]
            [[asked]] = condition["condition"]
            return condition["label"] if holds(asked, context) else "#default#"
        if task["type"] == "playbook":
            self._sub(task, given, context)
        elif task["type"] == "regular":
            named = task["task"].get("script", "").removeprefix("|||")
            well, rows = self.execute(named or task["task"]["scriptName"], given)
            for path, value in rows.items():
                added(context, path.partition("(")[0], value)
            if not well:
                return "#error#"
        return "#none#"

    def _sub(self, task: Mapping[str, Any], given: Mapping[str, Any], context: Context) -> None:
        name, rounds = task["task"]["playbookName"], [dict(given)]
        assert task["separatecontext"]
        if task.get("loop", {}).get("forEach"):
            lists = [v if isinstance(v, list) else [v] for v in given.values()]
            rounds = [dict(zip(given, row, strict=True)) for row in zip_longest(*lists)] or [{}]
        for one in rounds:
            known = {key: value for key, value in one.items() if value is not None}
            inner = self.play(name, known)
            for output in self.documents[name]["outputs"]:
                if (rows := got(inner, output["contextPath"])) is not None:
                    added(context, output["contextPath"], rows)


def got(context: Any, path: str) -> Any:
    """Return what a path leads to, through lists; one entry alone, None for nothing."""
    found = [context]
    for name in path.split("."):
        below = [one[name] for one in found if isinstance(one, Mapping) and name in one]
        found = [v for one in below for v in (one if isinstance(one, list) else [one])]
    return None if not found else found[0] if len(found) == 1 else found


def added(context: Context, path: str, value: Any) -> None:
    """Add a value to what a path leads to."""
    *above, name = path.split(".")
    for step in above:
        context = context.setdefault(step, {})
    new = value if isinstance(value, list) else [value]
    old = context.get(name, [])
    both = [*(old if isinstance(old, list) else [old]), *new]
    context[name] = both[0] if len(both) == 1 else both


def valued(raw: Mapping[str, Any], context: Context) -> Any:
    """Return the value of an argument."""
    if "complex" in raw:
        left = _filtered(raw["complex"], context)
        return left[0] if len(left) == 1 else left
    text = raw["simple"]
    if match := WHOLE.fullmatch(text):
        return got(context, match[1])
    return WHOLE.sub(lambda match: shown(got(context, match[1])), text)


def holds(asked: Mapping[str, Any], context: Context) -> bool:
    """Tell whether a condition holds."""
    side = asked["left"]["value"]
    assert asked["left"]["iscontext"]
    left = got(context, side["simple"]) if "simple" in side else _filtered(side["complex"], context)
    if asked["operator"] == "isNotEmpty":
        return left not in (None, "", [], {})
    assert asked["operator"] == "isEqualString"
    right = asked["right"]["value"]["simple"]
    return right in (left if isinstance(left, list) else [left])


def shown(value: Any) -> str:
    """Return a value as it stands in a text."""
    entries = value if isinstance(value, list) else [value]
    return ",".join(one if isinstance(one, str) else json.dumps(one) for one in entries)


def _filtered(raw: Mapping[str, Any], context: Context) -> list[Any]:
    found = got(context, raw["root"])
    [[asked]] = raw["filters"]
    assert asked["operator"] == "notIn"
    assert asked["left"]["value"]["simple"] == raw["root"]
    right = got(context, asked["right"]["value"]["simple"])
    others = right if isinstance(right, list) else [right]
    return [one for one in (found if isinstance(found, list) else [found]) if one not in others]
