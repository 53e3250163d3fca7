"""What the hash of a plan is made of, part by part, so that whatever changed since can be named.

Covered are all lines with what a person reads of them, their effects, the overrides of guards, the
texts of the playbooks, the inputs, the actions of the catalogue and where the connections lead; not
secrets, timeouts, time or order. What else a plan tells, such as who made it and when, is compared,
too, but is no part of the hash: the same plan made tomorrow has the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ..connection import Connection
from ..definition import Definition, Limits
from ..endpoint import Endpoint
from ..integration import Integration
from ..playbooks.model import Playbook
from ..settings import Settings
from ..store.plans import StoredPlan
from ..store.retries import RETRY_OF
from ..store.sets import StoredSet
from ..system import System
from ..trust.removal_key import canonical, connection_facts, digest
from .playbooks import actions_of, systems_of

TOLD = (
    "source", "requester", "choose", "sections", "collisions", "errors", "warnings", "values",
)  # fmt: skip
LEFT_OUT = {"schema", "refusals", "iam", "in_flight", "test"}  # told by the document, or no matter
MADE = "made"  # the part that the hash leaves out
Parts = Mapping[str, Any]


def open_connections(
    playbooks: Iterable[Playbook],
    integration: Integration,
    settings: Settings,
    choose: Mapping[str, str],
) -> dict[str, Connection]:
    """Return a connection to each system that playbooks need; nothing is sent."""
    systems = systems_of(playbooks, integration)
    return {
        system: Connection(
            settings.pick(system, choose.get(system)), settings, integration.systems[system]
        )
        for system in systems
    }


def present_parts(
    playbooks: Mapping[str, Playbook],
    texts: Mapping[str, str],
    integration: Integration,
    settings: Settings,
    connections: Mapping[str, Connection],
) -> dict[str, Any]:
    """Return the parts that may change by themselves: playbooks, catalogue and connections."""
    return {
        "playbooks": {name: digest(text) for name, text in texts.items()},
        "catalogue": _catalogue(playbooks.values(), integration),
        "connections": {
            system: connection_facts(connection, settings)
            for system, connection in connections.items()
        },
    }


def input_parts(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hash of each input, of a list without its order, and how many it holds."""
    return {name: _input(value) for name, value in inputs.items()}


def removals_part(lines: Iterable[tuple[bool, str]]) -> dict[str, Any]:
    """Return the hash of what a plan says line by line, and how much of it would be done.

    lines: whether it would be done, and what is said, in the order of their keys.
    """
    hashed, count = sha256(), 0
    for done, text in lines:
        hashed.update(f"{text}\n".encode(errors="surrogatepass"))
        count += done
    return {"count": count, "sha256": hashed.hexdigest()}


def plan_hash(parts: Parts) -> str:
    """Return the hash of a plan."""
    return digest({name: part for name, part in parts.items() if name != MADE})


def told_parts(plan: StoredPlan) -> dict[str, Any]:
    """Return the overrides, and what else a plan tells a person: which it is, of which time."""
    names = [*TOLD, *({RETRY_OF} & plan.header.keys())]
    told = {name: digest(plan.header[name]) for name in names}
    made = {**told, "plan": plan.plan, "created": plan.created, "expires": plan.expires}
    return {"overrides": digest(plan.header["overrides"]), MADE: made}


def changes(old: Parts, new: Parts, names: Mapping[str, str]) -> Iterator[str]:
    """Say what differs between two lists of parts, a line each.

    names: of the connections, by system. A part that only one of them has is not compared.
    """
    yield from _each(old, new, "playbooks", lambda name: f"the playbook {name}")
    yield from _each(old, new, "catalogue", lambda name: f"the catalogue: {name}")
    before, after = old.get("connections", {}), new.get("connections", {})
    if "connections" in old and "connections" in new:
        for system in sorted({*before, *after}):
            where = f"connection {names.get(system, system)}"
            yield from _facts(where, before.get(system, {}), after.get(system, {}))
    if "inputs" in old and "inputs" in new:
        for name in sorted({*old["inputs"], *new["inputs"]}):
            one, other = old["inputs"].get(name, {}), new["inputs"].get(name, {})
            if one != other:
                yield f"input {name} changed{_counted(one.get('items'), other.get('items'))}"
    yield from _told(old, new)
    one, other = old.get("removals"), new.get("removals")
    if one and other and one != other:
        yield f"what would be done changed{_counted(one['count'], other['count'])}"


def _told(old: Parts, new: Parts) -> Iterator[str]:
    """Say what of told_parts() differs."""
    if MADE not in old or MADE not in new:
        return
    before = {**old[MADE], "overrides": old.get("overrides")}
    after = {**new[MADE], "overrides": new.get("overrides")}
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"what it says of {name} was changed"


def _each(old: Parts, new: Parts, part: str, said: Callable[[str], str]) -> Iterator[str]:
    if part not in old or part not in new:
        return
    before, after = old[part], new[part]
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"{said(name)} is gone since the plan"
        elif name not in before:
            yield f"{said(name)} is new since the plan"
        elif before[name] != after[name]:
            yield f"{said(name)} changed since the plan"


def _facts(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from _facts(f"{where}: {name}", before or {}, after or {})
        elif before != after:
            yield f"{where}: {name} was {_shown(before)}, is {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "not set" if value is None else str(value)


def _counted(old: int | None, new: int | None) -> str:
    if old is None or new is None or old == new:
        return ""
    return f": {abs(new - old):,} {'more' if new > old else 'fewer'}"


def _input(value: Any) -> dict[str, Any]:
    if isinstance(value, StoredSet):
        texts: Iterable[str] = (canonical(item) for item in value.in_order())
    elif isinstance(value, list):
        texts = sorted(canonical(item) for item in value)
    else:
        return {"sha256": digest(value)}
    hashed = sha256()
    for text in texts:
        hashed.update(f"{text}\n".encode())
    return {"sha256": hashed.hexdigest(), "items": len(value)}


def _catalogue(playbooks: Iterable[Playbook], integration: Integration) -> dict[str, str]:
    """Return the hash of each action that playbooks need, and of each that these need."""
    found: dict[str, str] = {}
    waiting = [name for name in actions_of(playbooks) if name in integration.definitions]
    while waiting:
        name = waiting.pop()
        if name not in found:
            definition = integration.definitions[name]
            found[name] = digest(_plain(definition))
            system = integration.systems[definition.system]
            found[f"system {definition.system}"] = digest(_plain(system))
            needed = (definition.settle, definition.snapshot, *definition.reads)
            waiting += filter(None, needed)
    return dict(sorted(found.items()))


def _plain(value: Definition | System) -> dict[str, Any]:
    """Return what a part of the catalogue says, as JSON can hold it; a handler by its name."""
    facts: dict[str, Any] = {}
    for name, fact in value._asdict().items():
        if name in LEFT_OUT:
            continue
        if callable(fact):
            fact = f"{fact.__module__}.{fact.__qualname__}"
        elif isinstance(fact, Endpoint | Limits):
            fact = fact._asdict()
        elif isinstance(fact, Mapping):
            fact = dict(fact)
        facts[name] = fact
    return facts
