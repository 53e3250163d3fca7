"""What a plan says to a person, in lines: who wants what, its effect, and what to look at twice."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..handlers.report import target_of
from ..outcome import ADDED, CHANGED, PLANNED
from ..store.retries import RETRY_OF

if TYPE_CHECKING:
    from ..store.plans import StoredPlan

EFFECTS = {
    "disarms": "these will no longer be detected or blocked",
    "rearms": "alerts on these will come back",
}
OF_ADDITIONS = {
    "disarms": "alerts on these will be silenced",
    "rearms": "these will be detected or blocked",
}
OF_CHANGES = {"rearms": OF_ADDITIONS["rearms"]}
WIDTH = 10  # of the names of facts


def plan_lines(plan: "StoredPlan") -> Iterator[str]:
    """Yield the head of a plan: facts, what it would do, warnings. Nothing steers a terminal."""
    for name, value in _facts(plan):
        if value:
            yield spelt(f"{name:{WIDTH}} {value}")
    for warning in warnings_of(plan):
        yield spelt(f"{'warning':{WIDTH}} {warning}")


def section_lines(section: Mapping[str, Any], address: str) -> Iterator[str]:
    """Yield the head of a section: where, how many, with which effect, what is known of it."""
    target = target_of(section["target"])
    place = f"connection {section['connection']} ({address})" if section["connection"] else ""
    yield spelt(", ".join(filter(None, (section["action"], target, place))))
    counts = section["counts"]
    if planned := counts.get(PLANNED):
        effect = consequence(section["done"], section["effect"])
        yield f"  {planned:,} would be {section['done']}: {effect}"
    for outcome, count in counts.items():
        if outcome != PLANNED:
            yield f"  {count:,} {outcome}: nothing would be sent"
    more = {k: v for k, v in section["arguments"].items() if k not in section["target"]}
    given = [f"{k}={v}" for k, v in more.items() if k not in section["filled"]]
    filled = [f"{k}={section['arguments'].get(k)}" for k in section["filled"]]
    for name, values in (("with", given), ("from the connection's defaults", filled)):
        if values:
            yield spelt(f"  {name}: {', '.join(values)}")
    if section.get("assumed"):
        yield f"  {section['assumed']:,} of them only if what is planned before succeeds (assumed)"
    for text, count in section["lost"].items():
        yield spelt(f"  undo would not put back: {text} ({count:,})")
    if planned and section["instead"]:
        yield f"  instead, {section['instead']} does less and can be undone"


def consequence(done: str, effect: str) -> str:
    """Say what an effect means for what would be removed, added or changed."""
    special = {ADDED: OF_ADDITIONS, CHANGED: OF_CHANGES}.get(done, {})
    return special.get(effect) or EFFECTS.get(effect, effect)


def warnings_of(plan: "StoredPlan") -> list[str]:
    """Return what a person should look at before the plan is applied, a line each."""
    header = plan.header
    found = [f"the dry run was not complete: {error}" for error in header["errors"]]
    found += header["warnings"]
    found += [f"guard {guard} overridden: {why}" for guard, why in header["overrides"].items()]
    collisions = header["collisions"]
    if count := collisions["count"]:
        shown = "; ".join(" = ".join(spellings) for spellings in collisions["first"])
        more = "; …" if count > len(collisions["first"]) else ""
        what = "indicator is" if count == 1 else "indicators are"
        found.append(f"{count:,} {what} given in several spellings: {shown}{more}")
    for name, text in (
        ("repeated", "come up more than once, and are done once"),
        ("assumed", "depend on removals before them, which the plan assumes to succeed"),
    ):
        if count := header[name]:
            found.append(f"{count:,} {text}")
    return found + [
        f"{count:,} {outcome}, and not in the plan"
        for outcome in ("refused", "failed", "unknown")
        if (count := header["counts"].get(outcome))
    ]


def spelt(text: str) -> str:
    """Return a text that only shows itself: what could steer a terminal is spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _facts(plan: "StoredPlan") -> Iterator[tuple[str, str | None]]:
    header = plan.header
    requester = header["requester"]
    yield "plan", plan.plan
    yield "sha256", plan.hash
    yield "playbook", header["playbook"]
    yield "retry of", header.get(RETRY_OF)
    yield "by", f"{requester['actor']} (user {requester['user']})"
    yield "ticket", requester["ticket"]
    yield "reason", requester["reason"]
    yield "created", plan.created
    yield "expires", plan.expires
    for name, part in sorted(header["parts"]["inputs"].items()):
        value = header["inputs"][name]
        shown = f"{part['items']:,} given" if "items" in part else str(value)
        if isinstance(value, list) and len(value) == 1:
            shown = str(value[0])
        if value is not None:
            yield "input", f"{name}: {shown}"
    for effect, count in header["effects"].items():
        yield "effect", f"{count:,} {effect}: {EFFECTS.get(effect, effect)}"
    if header["effects"] and sum(header["effects"].values()) != header["values"]:
        yield "values", f"{header['values']:,}, each counted once at each target"
    if not header["effects"]:
        yield "effect", "none: nothing would be done"
    if absent := header["counts"].get("absent"):
        yield "absent", f"{absent:,} not there already"
