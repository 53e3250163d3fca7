"""The section of the incident's view that shows what became of each indicator so far."""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import EntryFormat, EntryType, return_error, return_results, tableToMarkdown

from ....outcome import TARGETS
from .loader import read
from .marks import mark_of, rows_at, states_in

SHOWN = ("value", "id", "system", "target", "outcome", "reason", "undo")


def outcomes_shown(context: Mapping[str, Any]) -> str:
    """Return the outcomes in the incident's context as a table."""
    states, shown = states_in(context), []
    for action, known in read("actions.json").items():
        for row in rows_at(context, known["path"]):
            if "outcome" not in row:
                continue
            target = ", ".join(str(row[name]) for name in TARGETS if row.get(name))
            line = {"system": known["system"], "target": target, "action": action}
            line |= {name: row[name] for name in SHOWN if name in row}
            if state := states.get(mark_of(action, row)):
                line["undo"] = state
            shown.append(line)
    if not shown:
        return "Nothing was done yet."
    names = [name for name in SHOWN if any(name in line for line in shown)]
    text: str = tableToMarkdown("", shown, headers=names, removeNull=True)
    return text


def main() -> None:
    """Show the outcomes."""
    try:
        text = outcomes_shown(demisto.context())
        entry = {"Type": EntryType.NOTE, "ContentsFormat": EntryFormat.MARKDOWN, "Contents": text}
        return_results(entry)
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
