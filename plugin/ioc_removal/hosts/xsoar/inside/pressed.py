"""What the scripts behind an incident's buttons share: commands, their rows, and the confirmation.

A button plans unless the incident's field IOC Removal Confirmation says "Carry out", and sets that
field back before it does anything: a second press only plans again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import demistomock as demisto
from CommonServerPython import CommandResults, EntryType, tableToMarkdown

from ....errors import ArgumentError, one_line
from .arguments import texts
from .incident_words import CARRY_OUT, CONFIRMATION, DRY_RUN, SUMS

AGAIN = f'nothing was sent; set IOC Removal Confirmation to "{CARRY_OUT}" and press again to do it'
SHOWN = (
    "value",
    "id",
    "supplier",
    "workspace_id",
    "policy_id",
    "outcome",
    "reason",
    "not_restored",
)
LONGEST_ANSWER = 500
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a command answered: its entries as they came, its rows, and what went wrong."""

    entries: Sequence[Entry]
    rows: Sequence[Mapping[str, Any]]
    problems: Sequence[str] = field(default=())


def indicators_of(args: Mapping[str, Any]) -> list[str]:
    """Return the incident's indicators; raises ArgumentError when there are none."""
    named = dict.fromkeys(value.strip() for value in texts(dict(args), "indicators"))
    found = [value for value in named if value]
    if not found:
        raise ArgumentError(
            "the incident has no indicators: fill in IOC Removal Indicators; nothing was sent"
        )
    return found


def is_carried_out(args: Mapping[str, Any]) -> bool:
    """Tell whether a person confirmed; raises ArgumentError for what is neither yes nor no."""
    said = args.get("confirmation") or DRY_RUN
    if said not in {CARRY_OUT, DRY_RUN}:
        raise ArgumentError(f"confirmation: {said!r} is neither {CARRY_OUT!r} nor {DRY_RUN!r}")
    return bool(said == CARRY_OUT)


def take_back_confirmation() -> None:
    """Set the confirmation back, so that another press only plans."""
    executed("setIncident", {CONFIRMATION: DRY_RUN})


def executed(command: str, arguments: Mapping[str, Any], path: str = "") -> Answer:
    """Execute a command and return what it answered; path: of the rows in the context.

    A command that no instance offers is a problem of the answer, as all else that goes wrong.
    """
    given = {name: _text(value) for name, value in arguments.items()}
    try:
        entries = demisto.executeCommand(command, given)
    except Exception as error:  # noqa: BLE001  # the server raises what it likes
        return Answer((), (), (f"{command}: {one_line(str(error), LONGEST_ANSWER)}",))
    listed = [entry for entry in (entries or ()) if isinstance(entry, Mapping)]
    wrong = [
        one_line(str(entry.get("Contents")), LONGEST_ANSWER)
        for entry in listed
        if entry.get("Type") == EntryType.ERROR
    ]
    return Answer(listed, [row for entry in listed for row in _rows(entry, path)], wrong)


def summary_of_press(
    title: str, rows: Sequence[Mapping[str, Any]], notes: Iterable[str], *, earnest: bool
) -> Any:
    """Return the entry that tells what a press did; in earnest, note the sums in the incident."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    sums = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) or "nothing done"
    if earnest:
        executed("setIncident", {SUMS: f"{title}: {sums}"})
    shown = [{name: row[name] for name in SHOWN if name in row} for row in rows]
    names = [name for name in SHOWN if any(name in row for row in shown)]
    table = tableToMarkdown(title, shown, headers=names, removeNull=True)
    text = "\n\n".join([f"{title}: {sums}", *(f"**Note:** {note}" for note in notes), table])
    return CommandResults(readable_output=text, ignore_auto_extract=True)


def _text(value: Any) -> Any:
    """Return an argument as a command takes it: structures as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _rows(entry: Entry, path: str) -> Iterator[Mapping[str, Any]]:
    context = entry.get("EntryContext")
    for name, value in (context if isinstance(context, Mapping) else {}).items():
        if name.partition("(")[0] == path:
            yield from value if isinstance(value, list) else [value]
