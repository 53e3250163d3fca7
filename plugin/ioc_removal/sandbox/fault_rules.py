"""What a fault may say: a line for each key that means nothing, alone or beside another."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .ready import READY
from .usual import SYSTEMS
from .writing import BODILESS

LOSSES = ("before", "after")
CHOOSING = ("system", "method", "path", "carries", "times", "skip", "chance", "random")
ANSWERING = ("answer", "status", "body", "headers", "acted")
DELIVERING = ("cut", "content_length", "drip_headers", "drip_body")


def fault_problems(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield a line for each key that has the right shape and still means nothing."""
    yield from _wrong_values(rule, where)
    yield from _wrong_numbers(rule, where)
    lost = next((key for key in ("hang_up", "reset") if key in rule), None)
    if lost:
        for key in (*ANSWERING, *DELIVERING, *(("reset",) if lost == "hang_up" else ())):
            if key in rule:
                yield f"{where}.{key}: goes not with {lost}, which leaves no answer"
    named = rule.get("answer")
    if named is not None and named not in READY:
        yield f"{where}.answer: must be one of {', '.join(READY)}"
    elif named is not None:
        yield from _wrong_answer(rule, where)
    if "body" in rule and rule.get("status", 204) in BODILESS:
        yield f"{where}.body: needs a status, and one that has a body"
    if not _is_json(rule.get("body")):
        yield f"{where}.body: must be text or JSON; quote what YAML takes for a date"
    if "acted" in rule and not {"answer", "status"} & rule.keys():
        yield f"{where}.acted: needs a status or an answer"
    yield from _wrong_late(rule, where)
    if not rule.keys() - set(CHOOSING):
        yield f"{where}: must say what goes wrong, such as status, answer, hang_up or delay"


def _wrong_late(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield a line when a system that is to act later acts at once."""
    if "acts_after" not in rule:
        return
    ready = READY.get(rule.get("answer", ""))
    lost = "before" in (rule.get("hang_up"), rule.get("reset"))
    if rule.get("acted") or (ready is not None and ready.change is not None):
        yield f"{where}.acts_after: goes not with a system that acted at once"
    elif not (lost or {"status", "answer"} & rule.keys()):
        yield f"{where}.acts_after: needs a status, an answer, or hang_up or reset before"


def _wrong_values(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    known = {"system": SYSTEMS, "hang_up": LOSSES, "reset": LOSSES}
    for key, options in known.items():
        if rule.get(key, options[0]) not in options:
            yield f"{where}.{key}: must be one of {', '.join(options)}"
    method = rule.get("method", "GET")
    if not (method.isascii() and method.isalpha() and method.isupper()):
        yield f"{where}.method: must be a method such as DELETE, in capital letters"
    if rule.get("expire_tokens", True) is not True:
        yield f"{where}.expire_tokens: must be true, or be left out"
    for name, value in rule.get("headers", {}).items():
        if not name or not (f"{name}{value}".isprintable() and f"{name}{value}".isascii()):
            yield f"{where}.headers.{name}: must be printable ASCII"
        if name.lower() == "content-length":
            yield f"{where}.headers.{name}: say it with content_length, the bytes more or less"


def _wrong_numbers(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, least in (("times", 1), ("skip", 0), ("cut", 0)):
        if rule.get(key, least) < least:
            yield f"{where}.{key}: must be {least} or more"
    for key in ("delay", "acts_after", "drip_headers", "drip_body"):
        if not 0 <= rule.get(key, 0) < float("inf"):
            yield f"{where}.{key}: must be a number of seconds, 0 or more"
    if not 0 < rule.get("chance", 1) <= 1:
        yield f"{where}.chance: must be more than 0 and at most 1"
    if "random" in rule and "chance" not in rule:
        yield f"{where}.random: goes with chance"
    if not 200 <= rule.get("status", 200) <= 599:
        yield f"{where}.status: must be between 200 and 599"


def _wrong_answer(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    named, ready = rule["answer"], READY[rule["answer"]]
    if "body" in rule:
        yield f"{where}.body: goes not with answer, which has a body"
    if named == "endless" and {"cut", "content_length"} & rule.keys():
        yield f"{where}.answer: endless goes not with cut or content_length"
    if "system" in rule and rule["system"] not in ready.systems:
        yield f"{where}.answer: {named} is an answer of {', '.join(ready.systems)} only"
    if ready.change is not None:
        if rule.get("acted") is False:
            yield f"{where}.acted: {named} is the answer of a system that acted"
        if "status" in rule:
            yield f"{where}.status: goes not with {named}, the system's own answer in other words"
        if rule.get("method", "DELETE") != "DELETE":
            yield f"{where}.method: {named} is the answer to a DELETE"


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
