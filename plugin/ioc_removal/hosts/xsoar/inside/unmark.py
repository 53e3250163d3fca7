"""The button "Unmark false positive": alerts on the incident's indicators will come back."""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import return_error, return_results

from ....errors import ArgumentError, PluginError
from .incident_words import CHOICES, UNMARK
from .loader import read
from .marks import marks_of_removal
from .pressed import (
    AGAIN,
    executed,
    indicators_of,
    is_carried_out,
    summary_of_press,
    take_back_confirmation,
)

BACK = "alerts on these indicators come back"
TOO = "their past detections stop being false positives too, which cannot be undone"


def unmarked(args: Mapping[str, Any]) -> list[Any]:
    """Unmark the indicators, or say what that would do; raises ArgumentError, nothing was sent."""
    indicators, choice = indicators_of(args), _choice(args)
    earnest = is_carried_out(args)
    path = read("actions.json")[UNMARK]["path"]
    arguments = {"indicators": indicators, "dry_run": not earnest}
    if choice is not None:
        arguments["unmark_detections"] = choice
    if earnest:
        take_back_confirmation()
    answer = executed(UNMARK, arguments, path)
    if not answer.rows:
        raise ArgumentError("; ".join(answer.problems) or f"{UNMARK} answered nothing")
    notes = [BACK, *([TOO] if choice else []), *([] if earnest else [AGAIN])]
    return [
        *answer.entries,
        *marks_of_removal(UNMARK, answer.rows),
        summary_of_press("Unmark false positive", answer.rows, notes, earnest=earnest),
    ]


def _choice(args: Mapping[str, Any]) -> bool | None:
    said = str(args.get("unmark_detections") or "")
    if said not in CHOICES:
        raise ArgumentError(
            "choose in IOC Removal Unmark Detections whether the past detections of these "
            f"indicators stop being false positives too ({', '.join(CHOICES)}); nothing was sent"
        )
    return CHOICES[said]


def main() -> None:
    """Do what the button does."""
    try:
        return_results(unmarked(demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
