"""What the guards of a schedule must refuse, and what they may: told without their own code."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from ioc_removal.outcome import FAILED, UNKNOWN, Outcome

from .schedule import Schedule

CAP, STOP = "max_per_call", "stop_after"
AFTER_READING = ("protected", "last_rule", "snapshot")
NAMES = (CAP, "max_per_run", "max_per_hour", "wildcard", "suffix", STOP, *AFTER_READING)
ANOTHER_TRY = "this one: "


def guard_of(outcome: Outcome) -> str:
    """Name the guard that refused, "" when none did; also of what an earlier try may have sent."""
    reason = str(outcome.reason).rpartition(ANOTHER_TRY)[2]
    return next((name for name in NAMES if reason.startswith(f"{name}: ")), "")


def must_stay(schedule: Schedule, item: str) -> bool:
    """Whether an item must not be sent to be removed: it is listed as it stands, and disarms."""
    names = (item, f"v{item}" if item in schedule.there else item)
    return _disarms(schedule) and any(name in _protected(schedule) for name in names)


def unexplained(
    schedule: Schedule,
    outcome: Outcome,
    others: Sequence[Outcome],
    requests: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    """Yield what is odd about a refusal; requests: those of the node."""
    guard, item, settings = guard_of(outcome), outcome.indicator, schedule.guards
    if settings is None or guard in settings.get("disabled", ()):
        yield f"refused by {guard}, which does not hold"
        return
    if guard == CAP and len(schedule.items) <= settings.get(CAP, len(schedule.items)):
        yield "refused by a cap that was kept"
    if guard == STOP:
        tried = [one for one in others if not guard_of(one)]
        bad = sum(one.outcome in {FAILED, UNKNOWN} for one in tried)
        if not bad or (STOP not in settings and len(tried) < 100):
            yield f"stopped after {bad} of {len(tried)}"
    reading = ("could not be", "is not known: ")
    unread = guard in AFTER_READING and any(text in str(outcome.reason) for text in reading)
    if unread and not any(row["fault"] is not None or row["status"] != 200 for row in requests):
        yield f"nothing went wrong, and {outcome.reason}"
    if guard == "protected" and not unread and not _like_protected(schedule, item):
        yield f"not protected: {outcome.reason}"
    if guard in ("wildcard", "suffix") and (not _disarms(schedule) or "." in item):
        yield f"neither of many nor a suffix: {outcome.reason}"
    elsewhere = schedule.arguments.get("enterprise_project_id", "0") != "0"
    if guard == "last_rule" and not unread and not elsewhere:
        yield "not the last rule"  # the bystanders are there


def _disarms(schedule: Schedule) -> bool:
    if schedule.system != "cybertrace":
        return True
    return bool(schedule.arguments.get("supplier", "FalsePositive") != "FalsePositive")


def _protected(schedule: Schedule) -> Sequence[str]:
    settings = schedule.guards or {}
    return () if "protected" in settings.get("disabled", ()) else settings.get("protected", ())


def _like_protected(schedule: Schedule, item: str) -> bool:
    """Whether an item is, in some spelling, what the list may mean."""
    if not _disarms(schedule):
        return False
    form = _form(item)
    for entry in _protected(schedule):
        if entry == "hw" or entry in (item, f"v{item}"):
            return True
        if "/" in entry and entry.count("/") == 1 and not entry.endswith("/") and _in(form, entry):
            return True
        bare = entry.removeprefix("*.")
        if form == _form(entry) or (entry[:1] == "*" and form.endswith(bare)):
            return True
        if form.partition("/")[0] == _form(entry):
            return True
    return False


def _form(item: str) -> str:
    return item.casefold().rpartition("://")[2].removeprefix("www.").rstrip("/")


def _in(form: str, entry: str) -> bool:
    try:
        return ip_address(form) in ip_network(entry)
    except ValueError:
        return False
