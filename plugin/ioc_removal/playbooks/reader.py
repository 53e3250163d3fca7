"""Build a playbook from a document that schemas/playbook.json accepted, noting what is refused."""

import re
from collections.abc import Mapping
from typing import Any

from ..errors import DefinitionError
from ..yaml_reading import Where
from .functions import AFTER_TASK, EVERYWHERE, IN_ITEM, IN_TASK
from .model import PREFIX, Assignments, Items, Join, Playbook, Retry, Task, Transition
from .values import Place, Value

_ITEMS = re.compile(r"\s*(?:(\w+(?:\s*,\s*\w+)*)\s+in\s+)?(\{\{.*\}\})\s*")
_METHODS = frozenset(dir(dict))


class Reader:
    """Reads one playbook; lines: where each path of the document stands."""

    def __init__(self, name: str, lines: Mapping[Where, int]) -> None:
        self.name = name
        self.lines = lines
        self.problems: list[tuple[int, str]] = []

    def place(self, path: Where, key: str | None = None) -> Place:
        """Say where a path stands; key: a key there whose line is meant."""
        shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        exact = path if key is None else (*path, key)
        return Place(self.name, self.lines.get(exact, self.lines.get(path, 1)), shown.lstrip("."))

    def refuse(self, path: Where, message: str, key: str | None = None) -> None:
        """Note a problem."""
        place = self.place(path, key)
        self.problems.append((place.line, f"{place}: {message}"))

    def finish(self) -> None:
        """Raise what was noted, in the order of lines."""
        if self.problems:
            raise DefinitionError("\n".join(problem for _, problem in sorted(self.problems)))

    def playbook(self, document: Mapping[str, Any], text: str) -> Playbook:
        """Build the playbook from a document that the schema accepted."""
        inputs: list[tuple[str, Value | None]] = []
        for index, item in enumerate(document.get("input", ())):
            name, default = next(iter(item.items())) if isinstance(item, dict) else (item, None)
            path: Where = ("input", index, name) if isinstance(item, dict) else ("input", index)
            self.variable(path, name)
            if name in dict(inputs):
                self.refuse(path, f"the input {name!r} is given twice")
            value = self.value(path, default, EVERYWHERE) if isinstance(item, dict) else None
            inputs.append((name, value))
        return Playbook(
            name=self.name,
            text=text,
            description=document.get("description", ""),
            inputs=tuple(inputs),
            vars=self.assignments(("vars",), document.get("vars", ()), EVERYWHERE),
            tasks={name: self.task(name, task) for name, task in document["tasks"].items()},
            output=self.assignments(("output",), document.get("output", ()), EVERYWHERE),
        )

    def variable(self, path: Where, name: str) -> None:
        """Refuse the name of a variable that ctx() would hide behind a method."""
        if name in _METHODS:
            self.refuse(path, f"ctx().{name} would be a method; choose another name")

    def value(self, path: Where, raw: Any, allowed: frozenset[str]) -> Value:
        """Compile a value; what is refused is noted."""
        place = self.place(path)
        try:
            return Value(raw, place, allowed)
        except DefinitionError as error:
            self.problems.append((place.line, str(error)))
            return Value(None, place, allowed)

    def expression(self, path: Where, raw: Any, allowed: frozenset[str]) -> Value | None:
        """Compile what must be one expression, or no text at all."""
        if raw is None:
            return None
        before = len(self.problems)
        value = self.value(path, raw, allowed)
        if isinstance(raw, str) and not value.is_expression and len(self.problems) == before:
            self.refuse(path, "must be one expression in {{ }} and nothing else")
        return value

    def assignments(self, path: Where, rows: Any, allowed: frozenset[str]) -> Assignments:
        """Compile a list of one-key mappings."""
        found = []
        for index, row in enumerate(rows):
            for name, raw in row.items():
                self.variable((*path, index, name), name)
                found.append((name, self.value((*path, index, name), raw, allowed)))
        return tuple(found)

    def task(self, name: str, raw: Mapping[str, Any]) -> Task:
        """Build one task."""
        path: Where = ("tasks", name)
        allowed = IN_ITEM if "with" in raw else IN_TASK
        return Task(
            name=name,
            where=self.place(path),
            action=raw["action"].removeprefix(PREFIX),
            input=tuple(
                (key, self.value((*path, "input", key), value, allowed))
                for key, value in raw.get("input", {}).items()
            ),
            items=self.items((*path, "with"), raw["with"]) if "with" in raw else None,
            retry=self.retry((*path, "retry"), raw["retry"]) if "retry" in raw else None,
            next=tuple(
                self.transition((*path, "next", index), row)
                for index, row in enumerate(raw.get("next", ()))
            ),
            join=Join(self.place((*path, "join")), raw["join"]) if "join" in raw else None,
        )

    def items(self, path: Where, raw: Any) -> Items:
        """Read "with", in its short and its long form."""
        text, at = (raw, path) if isinstance(raw, str) else (raw["items"], (*path, "items"))
        match = _ITEMS.fullmatch(text)
        names, source = match.groups() if match else (None, None)
        if source is None or (names is None and " in " in source):
            self.refuse(at, "must be 'x in {{ list }}', 'x, y in {{ zip(a, b) }}' or '{{ list }}'")
        concurrency = None if isinstance(raw, str) else raw.get("concurrency")
        return Items(
            names=tuple(re.findall(r"\w+", names or "")),
            values=self.expression(at, source, IN_TASK) or Value(None, self.place(at), IN_TASK),
            concurrency=self.expression((*path, "concurrency"), concurrency, IN_TASK),
        )

    def retry(self, path: Where, raw: Mapping[str, Any]) -> Retry:
        """Read "retry"."""
        return Retry(
            when=self.expression((*path, "when"), raw.get("when"), AFTER_TASK),
            count=self.expression((*path, "count"), raw["count"], EVERYWHERE)
            or Value(0, self.place(path), EVERYWHERE),
            delay=self.expression((*path, "delay"), raw.get("delay"), EVERYWHERE),
        )

    def transition(self, path: Where, raw: Mapping[str, Any]) -> Transition:
        """Read one row of "next"."""
        do = raw.get("do", "continue")
        names = do.split(",") if isinstance(do, str) else do
        return Transition(
            where=self.place(path, "do"),
            when=self.expression((*path, "when"), raw.get("when"), AFTER_TASK),
            publish=self.assignments((*path, "publish"), raw.get("publish", ()), AFTER_TASK),
            do=tuple(name.strip() for name in names),
        )
