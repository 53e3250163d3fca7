"""What the incident's context says of removals that were put back: once is enough.

A removal is known by its action and by what names its row. The state is what became of it last:
the outcome of putting it back, or that it was removed again since.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from CommonServerPython import CommandResults

from ....outcome import TARGETS
from ....restoring import can_be_undone
from .incident_words import MARKS

REMOVED_AGAIN = "removed again"
NAMING = ("value", "id", *TARGETS, "instance")


def mark_of(action: str, row: Mapping[str, Any]) -> str:
    """Return what a removal is known by."""
    return json.dumps([action, *(row.get(name) for name in NAMING)])


def states_in(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the states of removals, by what they are known by."""
    return {row["removal"]: row["state"] for row in rows_at(context, MARKS) if "removal" in row}


def rows_at(context: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """Return the rows at a path of the context, where one row stands without a list."""
    found: Any = context
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [row for row in listed if isinstance(row, Mapping)]


def marks_of_removal(action: str, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return the entry that says of removals that they can be put back again, if there are any."""
    marks = {mark_of(action, row): REMOVED_AGAIN for row in rows if can_be_undone(row)}
    return [entry_of_marks(marks)] if marks else []


def entry_of_marks(states: Mapping[str, str]) -> Any:
    """Return the entry that keeps states in the context."""
    rows = [{"removal": removal, "state": state} for removal, state in states.items()]
    return CommandResults(
        readable_output=f"{len(rows):,} removals noted.",
        outputs_prefix=MARKS,
        outputs_key_field="removal",
        outputs=rows,
        ignore_auto_extract=True,
    )
