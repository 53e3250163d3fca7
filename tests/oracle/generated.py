"""Playbooks that nobody wrote: each construct of the subset, in mixtures, some with mistakes.

To have a new construct compared, generate it here and widen what a task may say; theirs.py and ours
run whatever comes.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

NAMES = ("x", "y", "m", "l")
ROUNDS = "n"  # of a cycle
# Expressions by what they may be used for; the last of each is a mistake where it is evaluated.
CONSTANTS: tuple[Any, ...] = (0, 1, "word", True, None, [1, 2], [], {"a": 1}, {"b": {"c": 2}})
OF_CONTEXT = (
    "{{ ctx().x }}",
    "{{ ctx('y') }}",
    "{{ ctx().m }}",
    "{{ ctx().l }}",
    "{{ ctx().l + [ctx().x] }}",
    "{{ ctx().l | length }}",
    "{{ ctx().m | default({}) }}",
    "x is {{ ctx().x }}, l is {{ ctx().l }}",
    "{{ task_status('t0') }}",
    "{{ ctx().x.y.z }}",
)
OF_RESULT = ("{{ result() }}", "{{ result().n }}", "{{ result().n + 1 }}", "{{ result().foo.bar }}")
OF_RESULTS = (
    "{{ result() }}",
    "{{ result() | length }}",
    "{{ result() | selectattr('n', 'defined') | map(attribute='n') | list }}",
    "{{ result()[7].n }}",
)
WHEN = (
    "{{ succeeded() }}",
    "{{ failed() }}",
    "{{ completed() }}",
    "{{ succeeded() and ctx().x }}",
    "{{ not succeeded() or ctx().l }}",
    "{{ ctx().l | length > 1 }}",
    "{{ task_status('t0') == 'succeeded' }}",
    "{{ ctx().m.a.b }}",
)
WHEN_RESULT = ("{{ result().n % 2 == 0 }}", "{{ result().n > 2 }}", "{{ result().no.n }}")
COMMANDS = ("continue", "noop", "fail")


@dataclass(frozen=True)
class Generated:
    """A playbook, and how its calls are answered: statuses by task."""

    document: dict[str, Any]
    inputs: dict[str, Any]
    answers: dict[str, list[str]]

    @property
    def text(self) -> str:
        """The playbook as a file would hold it."""
        return yaml.dump(self.document, Dumper=_Dumper, sort_keys=False, width=1000)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def generated(seed: int) -> Generated:
    """Return the playbook of a seed."""
    random = Random(seed)  # noqa: S311  # to be drawn again
    names = [f"t{at}" for at in range(random.randint(1, 6))]
    tasks = {name: _task(random, name) for name in names}
    for at, name in enumerate(names[:-1]):
        tasks[name]["next"] = _rows(random, tasks[name], names[at + 1 :])
    if random.random() < 0.5:  # what ends may publish, too
        tasks[names[-1]]["next"] = _rows(random, tasks[names[-1]], [])
    _lead_everywhere(random, tasks)
    if random.random() < 0.6:
        _lead_to_several(random, tasks)
    if random.random() < 0.4:
        _lead_back(random, tasks)
    _join(random, tasks)
    document = {
        "version": 1.0,
        "input": [{name: random.choice(CONSTANTS)} for name in NAMES[:2]],
        "vars": [
            {"m": random.choice(({}, {"a": 1}, {"a": {"b": 1}}))},
            {"l": [1, 2, 3]},
            {ROUNDS: 0},
        ],
        "tasks": tasks,
        "output": [
            {f"o{at}": random.choice((*OF_CONTEXT[:-3], OF_CONTEXT[-1])) for _ in "1"}
            for at in range(random.randint(1, 4))
        ],
    }
    inputs = {NAMES[0]: random.choice(CONSTANTS)} if random.random() < 0.5 else {}
    answers = {
        name: random.choices(("succeeded", "failed"), (2, 1), k=random.randint(0, 5))
        for name in names
    }
    return Generated(document, inputs, answers)


def _task(random: Random, name: str) -> dict[str, Any]:
    task: dict[str, Any] = {"action": "core.noop"}
    if random.random() < 0.85:
        task["action"] = f"ioc_removal.{name}"
    if random.random() < 0.4:
        task["with"] = _items(random)
    # Orquesta renders items one batch after the other, so that they see their own task's status.
    seen = [one for one in OF_CONTEXT if "with" not in task or "task_status" not in one]
    own = (*seen, *CONSTANTS, *(("{{ item() }}",) * 4 if "with" in task else ()))
    if random.random() < 0.7 and task["action"] != "core.noop":
        task["input"] = {f"i{at}": _mostly_right(random, own) for at in range(random.randint(1, 2))}
    if random.random() < 0.3:
        task["retry"] = _retry(random, many="with" in task)
    return task


def _mostly_right(random: Random, choices: tuple[Any, ...]) -> Any:
    chosen = random.choice(choices)
    wrong = isinstance(chosen, str) and any(
        part in chosen for part in (".z", ".bar", "[7]", ".no.")
    )
    return random.choice(choices) if wrong else chosen


def _items(random: Random) -> Any:
    listed = random.choice(
        (
            "x in {{ ctx().l }}",
            "{{ ctx().l }}",
            "a, b in {{ zip(ctx().l, ctx().l) }}",
            "x in {{ [] }}",
        )
    )
    if random.random() < 0.5:
        return listed
    return {"items": listed, "concurrency": random.choice((1, 2, 0, "{{ 1 + 1 }}"))}


def _retry(random: Random, *, many: bool) -> dict[str, Any]:
    retry: dict[str, Any] = {"count": random.choice((0, 1, 2, "{{ 1 + 1 }}"))}
    if random.random() < 0.5:
        retry["delay"] = random.choice((0, 1, "{{ 1 + 2 }}"))
    if random.random() < 0.5:
        retry["when"] = _mostly_right(random, WHEN[:-1] if many else (*WHEN[:-1], *WHEN_RESULT))
    return retry


def _rows(random: Random, task: dict[str, Any], later: list[str]) -> list[dict[str, Any]]:
    """Return rows of `next`; several that lead to tasks seldom hold together."""
    if later and random.random() < 0.5:
        conditions: list[str | None] = ["{{ succeeded() }}", "{{ failed() }}"]
    else:
        conditions = [random.choice((None, *_conditions(task)))]
    rows = []
    for when in conditions:
        row: dict[str, Any] = {} if when is None else {"when": when}
        if random.random() < 0.7:
            row["publish"] = _published(random, task)
        targets = later[:3] if later else []
        drawn = random.random()
        if targets and drawn < 0.75:
            row["do"] = random.choice(targets)
            if drawn < 0.1:
                row["do"] = [row["do"], "fail"]
        elif drawn < 0.9:
            row["do"] = random.choice(COMMANDS)
        rows.append(row or {"do": "noop"})  # Orquesta takes no row that says nothing
    for _ in range(random.choice((0, 0, 1, 2))):  # a row that leads nowhere
        row = {"when": random.choice(_conditions(task)), "publish": _published(random, task)}
        rows.insert(random.randint(0, len(rows)), {**row, "do": random.choice(COMMANDS[:2])})
    return rows


def _conditions(task: dict[str, Any]) -> tuple[str, ...]:
    plain = "with" in task or task["action"] == "core.noop"
    return WHEN if plain else (*WHEN, *WHEN_RESULT)


def _published(random: Random, task: dict[str, Any]) -> list[dict[str, Any]]:
    results = OF_RESULTS if "with" in task else OF_RESULT
    own = (*OF_CONTEXT, *CONSTANTS, *results, *results[:2])
    rows = [{random.choice(NAMES): _mostly_right(random, own)} for _ in range(random.randint(1, 3))]
    return [row for at, row in enumerate(rows) if row not in rows[:at]]


def _lead_everywhere(random: Random, tasks: dict[str, Any]) -> None:
    """Have something lead to each task but the first: else it would start beside it."""
    names = list(tasks)
    for at, name in enumerate(names[1:], 1):
        rows = [row for task in tasks.values() for row in task.get("next", ())]
        if not any(name in row.get("do", "") for row in rows):
            before = tasks[random.choice(names[:at])].setdefault("next", [])
            free = [row for row in before if row.get("do", "continue") in COMMANDS]
            if free:
                random.choice(free)["do"] = name
            else:
                before.append({"when": "{{ failed() }}", "do": name})


def _lead_to_several(random: Random, tasks: dict[str, Any]) -> None:
    """Have rows lead to more tasks that come later, so that several are due at once."""
    names = list(tasks)
    for at, name in enumerate(names[:-1]):
        for row in tasks[name].get("next", ()):
            if random.random() < 0.5:
                before = row.get("do", [])
                known = [before] if isinstance(before, str) else list(before)
                more = random.sample(names[at + 1 :], min(2, len(names) - at - 1))
                row["do"] = [*known, *(one for one in more if one not in known)]


def _lead_back(random: Random, tasks: dict[str, Any]) -> None:
    """Have a row lead to a task that came before, a few times."""
    names = list(tasks)
    for _ in range(random.choice((1, 1, 2))):
        at = random.randrange(len(names))
        if at == 0:
            continue
        again = f"{{{{ ctx().{ROUNDS} < {random.randint(1, 3)} }}}}"
        back = {
            "when": again,
            "publish": [{ROUNDS: f"{{{{ ctx().{ROUNDS} + 1 }}}}"}],
            "do": random.choice(names[1 : at + 1]),
        }
        rows = tasks[names[at]].setdefault("next", [])
        rows.insert(random.randint(0, len(rows)), back)


def _join(random: Random, tasks: dict[str, Any]) -> None:
    """Have tasks that several lead to join these, mostly."""
    for name, task in tasks.items():
        sources = [
            one
            for one, other in tasks.items()
            if any(name in row.get("do", ()) for row in other.get("next", ()))
        ]
        if len(sources) > 1 and random.random() < 0.6:
            task["join"] = random.choice(("all", "all", 1, 2, len(sources)))
