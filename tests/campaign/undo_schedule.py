"""A schedule of undos: one removal, then undos of it and of each other, and what they meet."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

from ioc_removal.sandbox.ready import READY

from .faults import Rule, random_fault
from .schedule import CYBERTRACE, LOOK_UP, SECMASTER, WAF

CLOSING = "secmaster-indicators-close"
CREATES = "Sandbox"  # what only the request that creates an indicator carries
LATE = 0.1  # seconds; what acts later is waited for (undo_drive.py)
OF_DELETIONS = frozenset(name for name, ready in READY.items() if ready.change is not None)
TAGS = ("Dr.Peng", "Google", "Tencent", "MeiTuan", "AliCloud", "Microsoft", "Amazon", "HW")


@dataclass(frozen=True)
class Item:
    """What is there at the start. off: whether a rule is switched off."""

    id: str
    value: str
    off: bool = False


@dataclass(frozen=True)
class Step:
    """One undo.

    of: "run", or "last" for the undo before it; faults: what its requests meet; dies: the number of
    the transaction with which its process dies, kept: whether that one is still kept; resumed:
    whether it goes on after that, under the same faults; only: values, empty for all.
    """

    of: str = "run"
    faults: tuple[Rule, ...] = ()
    dies: int = 0
    kept: bool = False
    resumed: bool = True
    only: tuple[str, ...] = ()
    send_again: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class UndoSchedule:
    """A removal of items, and the undos that follow on it.

    lost: whether the answer to the removal is lost; arguments: of the removal, without its items.
    """

    seed: int
    action: str
    items: tuple[Item, ...]
    arguments: Mapping[str, Any]
    limits: Mapping[str, int]
    steps: tuple[Step, ...]
    lost: bool = False

    @property
    def system(self) -> str:
        """The system that the action is of."""
        return self.action.partition("-")[0]

    def shown(self) -> str:
        """Return the schedule as text to read."""
        lines = []
        for name, value in asdict(self).items():
            if name in ("items", "steps"):
                lines += [f"  {name[:-1]}: {json.dumps(one)}" for one in value]
            else:
                lines.append(f"  {name}: {json.dumps(value)}")
        return "\n".join(lines)

    def smaller(self) -> Iterator["UndoSchedule"]:
        """Yield what the schedule becomes with something left out."""
        for at, step in enumerate(self.steps):
            if len(self.steps) > 1:
                yield replace(self, steps=self.steps[:at] + self.steps[at + 1 :])
            fewer = [
                replace(step, faults=step.faults[:n] + step.faults[n + 1 :])
                for n in range(len(step.faults))
            ]
            plainer = [replace(step, dies=0)] if step.dies else []
            for changed in (*plainer, *fewer):
                yield replace(self, steps=(*self.steps[:at], changed, *self.steps[at + 1 :]))
        for at in range(len(self.items)):
            if len(self.items) > 1:
                yield replace(self, items=self.items[:at] + self.items[at + 1 :])
        if self.limits["in_flight"] > 1:
            yield replace(self, limits={**self.limits, "in_flight": 1})


def random_undos(seed: int) -> UndoSchedule:
    """Make the schedule of a seed, always the same."""
    random = Random(seed)  # noqa: S311
    action = random.choices((*CYBERTRACE, SECMASTER, CLOSING, WAF), (24, 8, 36, 8, 24))[0]
    system = action.partition("-")[0]
    many = random.choice((1, 1, 2, 3, 4, 6, 8))
    items = tuple(_item(random, system, number) for number in range(many))
    limits = {"items": random.choice((1, 2, 5, 40)), "in_flight": random.choice((1, 1, 2, 4))}
    steps = tuple(_step(random, action, items) for _ in range(random.choice((1, 1, 2, 2, 3, 4))))
    arguments: dict[str, Any] = {}
    if action == CYBERTRACE[0]:
        arguments["supplier"] = random.choice(("InternalTI", "TriageFeed", "FalsePositive"))
    if "FalsePositive" in (action == CYBERTRACE[1] and "FalsePositive", *arguments.values()):
        arguments["unmark_detections"] = random.random() < 0.5
    lost = random.random() < 0.15
    return UndoSchedule(seed, action, items, arguments, limits, steps, lost)


def _item(random: Random, system: str, number: int) -> Item:
    id_ = f"{random.getrandbits(112):028x}{number:04x}"
    if system == "waf":
        return Item(id_, f"rule-{number}", off=random.random() < 0.4)
    if system == "secmaster" and random.random() < 0.3:
        return Item(id_, f"twin{random.randint(0, 1)}.example")
    values = (f"h{number}.example", f"192.0.2.{number}", f"http://h.example/{number}?x=%2F")
    return Item(id_, random.choice(values))


def _step(random: Random, action: str, items: tuple[Item, ...]) -> Step:
    of = "last" if random.random() < 0.25 else "run"
    system = action.partition("-")[0]
    count = random.choice((0, 1, 1, 2, 3, 4))
    only: tuple[str, ...] = ()
    if random.random() < 0.1:
        only = (random.choice(items).value,)
    return Step(
        of,
        tuple(_fault(random, system, action) for _ in range(count)),
        dies=random.randint(2, 6 + 3 * len(items)) if random.random() < 0.25 else 0,
        kept=random.random() < 0.6,
        resumed=random.random() < 0.8,
        only=only,
        send_again=random.random() < 0.2,
        dry_run=random.random() < 0.06,
    )


def _fault(random: Random, system: str, action: str) -> Rule:
    """Make a fault, most often of a request that puts something back, or of a look."""
    rule = random_fault(random, system, {})
    for name in ("system", "method"):
        rule.pop(name, None)
    if "acts_after" in rule:
        rule["acts_after"] = LATE
    place = random.random()
    looks = {"method": LOOK_UP[system]} if system in LOOK_UP else {}
    if looks and place < 0.3:
        path = "/search" if system == "secmaster" else "ip-reputation"
        where: Rule = {**looks, "path": path}
    elif place < 0.85:
        where = _adding(random, system, action)
    else:
        where = {"method": "DELETE"}
    if where.get("method") != "DELETE" and rule.get("answer") in OF_DELETIONS:
        rule = {"hang_up": random.choice(("before", "after"))}
    return {"system": system, **where, **rule}


def _adding(random: Random, system: str, action: str) -> Rule:
    if system == "cybertrace" or action == CLOSING:
        return {"method": "PUT"}
    if system == "secmaster":
        return {"method": "POST", "carries": CREATES}
    return random.choice(({"method": "POST"}, {"method": "POST"}, {"method": "PUT"}))
