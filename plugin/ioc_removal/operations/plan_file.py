"""A plan as a file: text that a person can read, attach to a ticket and apply elsewhere.

Its head is comments, which say in words what follows as JSON, a line each: each section with its
lines, the header, the sets of the inputs, and at the end a checksum over all of it. Nothing needs
to be in memory as a whole.
"""

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from ..outcome import PLANNED
from ..store.database import Database
from ..store.plans import PlannedLine, StoredPlan, planned_lines
from ..store.sets import REFERENCE, by_value
from .plan_text import plan_lines, section_lines

TITLE = "# ioc-removal plan: what a run would do. Apply it: ioc-removal run --plan THIS_FILE"
HEADER, SECTION, INPUT, ITEM = "header: ", "section: ", "input: ", "- "
CHECKSUM = "checksum: sha256:"
UNSEEN = re.compile(r"[^\x20-\x7e]")


def file_lines(database: Database, plan: StoredPlan) -> Iterator[str]:
    """Yield the lines of a plan's file, without line ends."""
    hashed = sha256()
    for line in _body(database, plan):
        hashed.update(f"{line}\n".encode())
        yield line
    yield f"{CHECKSUM}{hashed.hexdigest()}"


def head_lines(plan: StoredPlan) -> Iterator[str]:
    """Yield the comments at the head of a plan's file."""
    yield TITLE
    yield "#"
    for line in plan_lines(plan):
        yield f"# {line}"
    connections = plan.header["parts"]["connections"]
    for section in plan.header["sections"]:
        yield "#"
        address = ", ".join(connections.get(section["system"], {}).get("url", ()))
        for line in section_lines(section, address):
            yield f"# {line}"
    yield "#"


def _body(database: Database, plan: StoredPlan) -> Iterator[str]:
    yield from head_lines(plan)
    for number, section in enumerate(plan.header["sections"]):
        yield f"{SECTION}{_json(section)}"
        for line in planned_lines(database, plan.plan, number):
            yield f"{ITEM}{_json(_row(line))}"
    own = {"plan": plan.plan, "sha256": plan.hash, "created": plan.created, "expires": plan.expires}
    header = {name: value for name, value in plan.header.items() if name != "sections"}
    yield f"{HEADER}{_json({**own, 'header': header})}"
    for name, value in sorted(plan.header["inputs"].items()):
        if isinstance(value, Mapping) and REFERENCE in value:
            yield f"{INPUT}{_json(name)}"
            for item in by_value(database, value):
                yield f"{ITEM}{_json(item)}"


def _row(line: PlannedLine) -> dict[str, Any]:
    """Return a line of a plan as its file has it: only what is not usual."""
    more = {
        "outcome": None if line.outcome == PLANNED else line.outcome,
        "assumed": line.assumed or None,
        "times": None if line.times == 1 else line.times,
    }
    return {**line.line, **{name: value for name, value in more.items() if value is not None}}


def _json(value: Any) -> str:
    """Write JSON in which nothing but printable ASCII stands."""
    text = json.dumps(value, sort_keys=True)
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
