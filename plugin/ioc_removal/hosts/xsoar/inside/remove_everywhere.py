"""The button "Remove from all systems": from CyberTrace's InternalTI, and from SecMaster by value.

Rules of WAF cover a provider's whole address space: no indicator's value names one, so this button
never touches them. All that can be asked before is asked before: if one system cannot be used,
nothing is removed from any.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import demistomock as demisto
from CommonServerPython import return_error, return_results

from ....errors import ArgumentError, PluginError
from .arguments import texts
from .incident_words import FROM_CYBERTRACE, FROM_SECMASTER, SEARCH
from .loader import read
from .marks import marks_of_removal
from .pressed import (
    AGAIN,
    Answer,
    executed,
    indicators_of,
    is_carried_out,
    summary_of_press,
    take_back_confirmation,
)

SUPPLIER = "InternalTI"
BLIND = "these indicators are not detected any more where they are removed"
Rows = list[dict[str, Any]]


def removed_everywhere(args: Mapping[str, Any]) -> list[Any]:
    """Remove the indicators, or say what that would do; raises ArgumentError, nothing was sent."""
    indicators, systems = indicators_of(args), _systems(args)
    earnest, known = is_carried_out(args), read("actions.json")
    found: Rows = []
    calls: list[tuple[str, dict[str, Any]]] = []
    if known[FROM_CYBERTRACE]["system"] in systems:
        calls.append((FROM_CYBERTRACE, {"supplier": SUPPLIER, "indicators": indicators}))
    if known[FROM_SECMASTER]["system"] in systems:
        answer = executed(SEARCH, {"values": indicators}, known[SEARCH]["path"])
        found = [dict(row) for row in _sure(SEARCH, answer).rows]
        calls += [(FROM_SECMASTER, arguments) for arguments in _by_instance(found)]
    planned = [(name, _executed(name, given, dry_run=True)) for name, given in calls]
    answers = [(name, _sure(name, answer)) for name, answer in planned]
    if earnest and calls:
        take_back_confirmation()
        answers = [(name, _executed(name, given, dry_run=False)) for name, given in calls]
    rows = [dict(row) for _, answer in answers for row in answer.rows]
    rows = [*_with_values(rows, found), *(row for row in found if "outcome" in row)]
    problems = [text for _, answer in answers if not answer.rows for text in answer.problems]
    notes = [BLIND, *problems, *([] if earnest or not calls else [AGAIN])]
    entries = [entry for _, answer in answers for entry in answer.entries]
    summary = summary_of_press("Remove from all systems", rows, notes, earnest=earnest)
    marks = [mark for name, answer in answers for mark in marks_of_removal(name, answer.rows)]
    return [*entries, *marks, summary]


def _systems(args: Mapping[str, Any]) -> Sequence[str]:
    """Return the titles of the systems that are meant: those of the field, else all."""
    usual = [read("actions.json")[name]["system"] for name in (FROM_CYBERTRACE, FROM_SECMASTER)]
    chosen = texts(dict(args), "systems") or usual
    for title in chosen:
        if title not in usual:
            raise ArgumentError(
                f"systems: {title!r} is none of {', '.join(usual)}; nothing was sent"
            )
    return chosen


def _executed(name: str, arguments: Mapping[str, Any], *, dry_run: bool) -> Answer:
    path = read("actions.json")[name]["path"]
    return executed(name, {**arguments, "dry_run": dry_run}, path)


def _sure(name: str, answer: Answer) -> Answer:
    """Return an answer in which nothing went wrong; raises ArgumentError for any other."""
    title = read("actions.json")[name]["system"]
    if answer.problems or not answer.rows:
        why = "; ".join(answer.problems) or f"{name} answered nothing"
        raise ArgumentError(
            f"{title}: {why}; nothing was removed from any system: correct that, or name the "
            "other systems in IOC Removal Systems"
        )
    return answer


def _by_instance(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the arguments of the deletions: an id is of the instance that told it."""
    ids: dict[str, list[str]] = {}
    for row in found:
        if "id" in row and "outcome" not in row:
            ids.setdefault(str(row.get("instance", "")), []).append(str(row["id"]))
    return [
        {"batch_ids": list(dict.fromkeys(listed)), **({"using": name} if name else {})}
        for name, listed in ids.items()
    ]


def _with_values(rows: Rows, found: Sequence[Mapping[str, Any]]) -> Rows:
    """Return rows with the value of each id, as a search told it."""
    values = {row["id"]: row["value"] for row in found if "id" in row and "value" in row}
    return [{"value": values[row["id"]], **row} if row.get("id") in values else row for row in rows]


def main() -> None:
    """Do what the button does."""
    try:
        return_results(removed_everywhere(demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
