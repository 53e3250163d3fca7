"""A schedule: one call of a deletion, what the systems hold before it, and what it meets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from .faults import Rule, random_fault

CYBERTRACE = ("cybertrace-indicators-delete", "cybertrace-false-positives-unmark")
SECMASTER = "secmaster-indicators-delete"
WAF = "waf-ip-reputation-rule-delete"
CONNECT, READ = 2, 0.3  # seconds
LOOK_UP = {"secmaster": "POST", "waf": "GET"}


@dataclass(frozen=True)
class Schedule:
    """What is asked, under which settings, of whom, and what goes wrong.

    items: of the call; there: those that the target holds at the start; arguments: of the call;
    auth: the kind of credentials; nodes: servers; down: the last of them does not listen;
    crashed: an earlier process sent the first batches and did not live to keep what became of
    them; crowd: how many more rules the policy has; guards: their settings, None for no guards;
    faults: of each node, in their order.
    """

    seed: int
    action: str
    items: tuple[str, ...]
    there: tuple[str, ...]
    arguments: Mapping[str, Any]
    auth: str
    limits: Mapping[str, int]
    total: float
    faults: tuple[tuple[Rule, ...], ...]
    api_version: str | None = None
    tenant: str | None = None
    nodes: int = 1
    down: bool = False
    crashed: int = 0
    tls: bool = False
    token_seconds: int = 86400
    project_known: bool = True
    crowd: int = 0
    guards: Mapping[str, Any] | None = None

    @property
    def system(self) -> str:
        """The system that the action is of."""
        return self.action.partition("-")[0]

    def shown(self) -> str:
        """Return the schedule as text to read."""
        lines = []
        for name, value in asdict(self).items():
            if name == "faults":
                for node, rules in enumerate(value):
                    lines += [f"  fault at node {node}: {json.dumps(rule)}" for rule in rules]
            else:
                lines.append(f"  {name}: {json.dumps(value)}")
        return "\n".join(lines)


def random_schedule(seed: int) -> Schedule:
    """Make the schedule of a seed, always the same."""
    random = Random(seed)  # noqa: S311
    action = random.choices((*CYBERTRACE, SECMASTER, WAF), (32, 12, 34, 22))[0]
    system = action.partition("-")[0]
    many = random.choice((1, 2, 3, 4, 6, 9)) if random.random() < 0.8 else random.randint(10, 40)
    if system == "waf":
        many = min(many, random.randint(1, 8))
    if system == "secmaster" and random.random() < 0.01:
        many = random.randint(101, 130)  # more than one page of a look-up
    items = tuple(_item(random, system, number) for number in range(many))
    if system == "cybertrace" and random.random() < 0.25:
        items = tuple(dict.fromkeys((*items, *_twins(random, items))))
    there = tuple(item for item in items if random.random() < 0.75)
    limits = {
        "items": random.choice((1, 2, 5, 10, 40, 40)),
        "in_flight": random.choice((1, 1, 2, 4)),
    }
    if many > 100:
        limits["items"] = 200
    elif many > 12:
        limits["items"] = max(5, limits["items"])
    more = _cybertrace(random, action) if system == "cybertrace" else _huawei(random, system)
    nodes = more.get("nodes", 1)
    faults = tuple(_faults(random, system, more["auth"], items) for _ in range(nodes))
    crashed = random.randint(1, 3) if random.random() < 0.06 else 0
    total = random.choice((0.7, 1.2, 1.8))
    tls = nodes == 1 and random.random() < 0.02
    guards = _guards(random, system, items) if random.random() < 0.5 else None
    return Schedule(seed, action, items, there, limits=limits, total=total, faults=faults,
                    crashed=crashed, tls=tls, guards=guards, **more)  # fmt: skip


def _guards(random: Random, system: str, items: tuple[str, ...]) -> dict[str, Any]:
    guards: dict[str, Any] = {}
    if random.random() < 0.6:
        sample = random.sample(items, min(len(items), random.choice((1, 1, 2, 5))))
        entries = [item for item in sample if not item.startswith("2001:db8:") or "/" not in item]
        if system == "secmaster" and random.random() < 0.5:
            entries = [f"v{item}" for item in entries]  # their values
        if system == "cybertrace" and random.random() < 0.4:
            entries.append(random.choice(("192.0.2.0/29", "*.example.com", "2001:db8::/126")))
        if system == "waf" and random.random() < 0.1:
            entries.append("hw")  # the tag of every rule
        guards["protected"] = entries
    if random.random() < 0.2:
        guards["stop_after"] = {"percent": 50, "of": random.choice((1, 3, 10))}
    if random.random() < 0.1:
        guards["max_per_call"] = random.choice((1, 3, 10))
    if random.random() < 0.1:
        guards["snapshot"] = "required"
    if random.random() < 0.3:
        guards["disabled"] = random.sample(("last_rule", "suffix", "protected"), 1)
    return guards


def _item(random: Random, system: str, number: int) -> str:
    if system == "waf":
        return f"{random.getrandbits(112):028x}{number:04x}"
    if system == "secmaster":
        text = f"{random.getrandbits(112):028x}{number:04x}"
        return text if random.random() < 0.995 else f"short-{number}"
    return random.choice(
        (
            f"h{number}.example.com",
            f"H{number}.Example.NET",
            f"192.0.2.{number}",
            f"2001:db8::{number:x}",
            f"http://malware.example/{number}/payload.bin",
            f"https://c2.example.net:8443/gate.php?id={number}&x=%2F",
            f"{random.getrandbits(128):032X}",
            f"www.h{number}.example.org/",
            f"пример{number}.example",
            f"bad value {number}",
            f"bad\\{number}.example.com",
        )
    )


def _twins(random: Random, items: tuple[str, ...]) -> Iterator[str]:
    """Yield another value that a system may store, and echo, in the form of one of the items."""
    item = random.choice(items)
    if item.swapcase() != item:  # else it could be echoed as the other one was sent
        yield random.choice((item.rpartition("://")[2].rstrip("/"), f"{item}/", f"{item}//"))


def _cybertrace(random: Random, action: str) -> dict[str, Any]:
    version = random.choice(("1.0", "1.1", "1.2", "1.3", "1.3", None))
    arguments: dict[str, Any] = {}
    if action == CYBERTRACE[0]:
        arguments["supplier"] = random.choices(
            ("InternalTI", "TriageFeed", "FalsePositive", "Broken", "Nobody"), (6, 5, 2, 1, 1)
        )[0]
    positive = arguments.get("supplier", "FalsePositive") == "FalsePositive"
    if positive and version in ("1.2", "1.3", None) and random.random() < 0.95:
        arguments["unmark_detections"] = random.random() < 0.7
    tenant = "Branch" if version in ("1.3", None) and random.random() < 0.3 else None
    nodes = 2 if random.random() < 0.25 else 1
    return {
        "arguments": arguments,
        "auth": random.choices(("basic", "wrong", "reader"), (30, 2, 1))[0],
        "api_version": version,
        "tenant": tenant,
        "nodes": nodes,
        "down": nodes > 1 and random.random() < 0.08,
    }


def _huawei(random: Random, system: str) -> dict[str, Any]:
    kinds = ("aksk", "temporary", "iam_token", "iam_password", "wrong aksk", "wrong token",
             "wrong password", "expired", "reader", "elsewhere")  # fmt: skip
    auth = random.choices(kinds, (8, 3, 4, 12, 2, 1, 1, 1, 1, 1))[0]
    arguments: dict[str, Any] = {}
    place = random.choices(("right", "wrong", "project"), (30, 1, 1))[0]
    if place == "project":
        arguments["project_id"] = "f" * 32
    if place == "wrong":
        arguments["policy_id" if system == "waf" else "workspace_id"] = "nowhere"
    if system == "waf" and random.random() < 0.2:
        arguments["enterprise_project_id"] = random.choice(("0", "eps-1", "eps-1"))
    crowd = random.randint(90, 210) if system == "waf" and random.random() < 0.02 else 0
    return {
        "arguments": arguments,
        "crowd": crowd,
        "auth": auth,
        "token_seconds": random.choice((86400, 86400, 300, 1)),
        "project_known": auth != "iam_password" or random.random() < 0.7,
    }


def _faults(random: Random, system: str, auth: str, items: tuple[str, ...]) -> tuple[Rule, ...]:
    ways = {"iam": "iam"} if "password" in auth else {}
    if system in LOOK_UP:
        ways["look_up"] = LOOK_UP[system]
    if system == "secmaster" and random.random() < 0.08:
        ids = list(items)  # each id in both lists, and nothing was done
        data = {"success_ids": ids, "error_ids": ids[::-1]}
        body = {"code": "00000000", "message": "", "data": data}
        return ({"system": system, "method": "DELETE", "status": 200, "body": body},)
    poison: list[Rule] = []
    if system != "waf" and random.random() < 0.2:
        for item in random.sample(items, min(len(items), random.choice((1, 1, 1, 2, 3, 40)))):
            rule: Rule = {"method": "DELETE", "carries": item, "chance": 1}
            rule["status"] = random.choice((400, 400, 500))
            if rule["status"] == 500 and random.random() < 0.5:
                rule["answer"] = "html"
            poison.append(rule)
    count = random.choice((0, 1, 1, 2, 2, 3, 4, 5, 6))
    if poison and random.random() < 0.5:
        count = 0
    rules = [random_fault(random, system, ways) for _ in range(count)]
    return tuple(rules + poison if random.random() < 0.5 else poison + rules)
