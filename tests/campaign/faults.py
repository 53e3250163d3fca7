"""Random faults of the sandbox, none of which lets a system lie about what it did."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from ioc_removal.sandbox.ready import READY

Rule = dict[str, Any]

# Seconds; a read times out after READ (schedule.py).
SHORT, LONG, LATE = 0.02, 0.6, (0.05, 0.3)
REFUSALS = (400, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 418, 422, 451)
BUSY = (425, 429, 429)
BROKEN = (500, 500, 500, 501, 502, 503, 504, 504, 505, 507, 520)
WITHOUT_BODY = (204, 301, 302, 304, 307)
# Refusals by name: a system that acted does not say so.
NOT_ACTED = ("throttled", "initialising", "token-expired", "signature-expired", "key-locked")
RARE = ("endless", "deep", "key-locked", "signature-expired")
RETRY_AFTER = ("0", "0", "1", "soon", "-1", "99999999999", "Wed, 21 Oct 2015 07:28:00 GMT", "0.1")
DOCUMENTS: tuple[Any, ...] = (
    {"done": True},
    [],
    [[]],
    7,
    "\u00e9",
    {"error_indicators": {}},
    {"data": {}},
    None,
)
# Documents of the right form that say nothing of what was asked.
ELSEWHERE = "0" * 32
BESIDE: Mapping[tuple[str, str], tuple[Any, ...]] = {
    ("waf", "DELETE"): (
        {"id": ELSEWHERE, "policyid": "policy-1", "timestamp": 1},
        {"id": ELSEWHERE, "policyid": ELSEWHERE},
    ),
    ("secmaster", "DELETE"): (
        {"code": "00000000", "message": "", "data": {"success_ids": [], "error_ids": []}},
        {"code": "00000000", "data": {"success_ids": [ELSEWHERE], "error_ids": [None]}},
        {"code": "00000000", "data": {"success_ids": None}},
    ),
    ("secmaster", "POST"): (
        {"code": "00000000", "total": 1, "size": 100, "page": 1, "data": []},
        {"code": "00000000", "total": 1, "data": [{"id": ELSEWHERE}]},
        {"code": "00000000", "data": []},
    ),
    ("waf", "GET"): ({"total": 1, "items": []}, {"items": []}),
}
ODD_HEADERS = (
    {"Content-Type": "text/plain"},
    {"X-request-id": "x" * 500},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Encoding": "identity"},
    {"Connection": "close"},
    {"Date": "yesterday"},
)


def random_fault(random: Random, system: str, ways: dict[str, str]) -> Rule:
    """Make a fault.

    ways: "look_up": the method of the look-up, if there is one; "iam": whether there is a login.
    """
    where: Rule = {}
    place = random.random()
    if place < 0.55:
        where = {"system": system, "method": "DELETE"}
    elif place < 0.8 and "look_up" in ways:
        where = {"system": system, "method": ways["look_up"]}
    elif place < 0.92 or "iam" not in ways:
        where = {"system": system}
    else:
        where = {"system": "iam"}
    strikes = random.random()
    if strikes < 0.5:
        pass
    elif strikes < 0.7:
        where["times"] = random.randint(2, 3)
    elif strikes < 0.78:
        where["times"] = random.randint(4, 12)
    else:
        where |= {"chance": random.choice((0.1, 0.3, 0.6)), "random": random.randint(1, 999)}
    if random.random() < 0.3:
        where["skip"] = random.randint(1, 4)
    return where | _meeting(random, where["system"], where.get("method"))


def _meeting(random: Random, system: str, method: str | None) -> Rule:
    """Say what a request meets."""
    kinds: Mapping[Callable[[], Rule], int] = {
        lambda: {"status": random.choice(REFUSALS)}: 3,
        lambda: _busy(random): 2,
        lambda: _broken(random, system): 5,
        lambda: {"status": random.choice(WITHOUT_BODY), **_perhaps_acted(random)}: 1,
        lambda: _named(random, system, method): 6,
        lambda: _nonsense(random, BESIDE.get((system, method or ""), DOCUMENTS)): (
            2 if method == "DELETE" else 6
        ),
        lambda: _lost(random): 5,
        lambda: _flawed(random): 4,
        lambda: {"headers": random.choice(ODD_HEADERS)}: 1,
        lambda: {"expire_tokens": True}: 1,
    }
    return random.choices(list(kinds), list(kinds.values()))[0]()


def _busy(random: Random) -> Rule:
    rule: Rule = {"status": random.choice(BUSY)}
    if random.random() < 0.6:
        rule["headers"] = {"Retry-After": random.choice(RETRY_AFTER)}
    return rule


def _nonsense(random: Random, documents: tuple[Any, ...]) -> Rule:
    if random.random() < 0.3:
        documents = DOCUMENTS
    status = random.choice((200, 200, 202))
    return {"status": status, "body": random.choice(documents), **_perhaps_acted(random)}


def _perhaps_acted(random: Random) -> Rule:
    chosen = random.random()
    if chosen < 0.5:
        return {"acted": True}
    return {"acts_after": random.choice(LATE)} if chosen < 0.65 else {}


def _broken(random: Random, system: str) -> Rule:
    status = random.choice(BROKEN)
    if status == 500 and system == "cybertrace":
        if random.random() < 0.5:
            return {"status": 500}  # the documented one: nothing was done
        return {"answer": "html", "status": 500, **_perhaps_acted(random)}
    rule = {"status": status, **_perhaps_acted(random)}
    if random.random() < 0.2:
        rule["delay"] = random.choice((SHORT, LONG))
    return rule


def _named(random: Random, system: str, method: str | None) -> Rule:
    names = [
        name
        for name, ready in READY.items()
        if system in ready.systems and (ready.change is None or method in (None, "DELETE"))
    ]
    name = random.choice([name for name in names if name not in RARE])
    if random.random() < 0.04:
        name = random.choice(names)
    rule: Rule = {"answer": name}
    if READY[name].change is None and name not in NOT_ACTED:
        rule |= _perhaps_acted(random)
    return rule


def _lost(random: Random) -> Rule:
    moment = random.choice(("before", "after", "after"))
    rule: Rule = {random.choice(("hang_up", "reset")): moment}
    if random.random() < 0.25:
        rule["delay"] = random.choice((SHORT, SHORT, LONG))
    if moment == "before" and random.random() < 0.5:
        rule["acts_after"] = random.choice(LATE)
    return rule


def _flawed(random: Random) -> Rule:
    return random.choice(
        (
            {"cut": random.choice((0, 1, 20, 60))},
            {"content_length": random.choice((-7, -1, 7, 4000))},
            {"delay": random.choice((SHORT, LONG, LONG))},
            {"drip_headers": random.choice((0.0002, 0.02))},
            {"drip_body": random.choice((0.0002, 0.02))},
            {"delay": SHORT, "cut": 9},
        )
    )
