"""What a task of a playbook publishes: rows, kept under a name beside what is there already."""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import CommandResults, return_error, return_results

from ....errors import PluginError
from .arguments import listed
from .incident_words import VARIABLES


def kept(args: Mapping[str, Any]) -> Any:
    """Return the entry that keeps a list; XSOAR adds it to one that has the same name."""
    name, rows = args["name"], listed("rows", args.get("rows") or [])
    return CommandResults(
        readable_output=f"{name}: {len(rows):,} kept.",
        outputs={f"{VARIABLES}.{name}": rows} if rows else None,
        ignore_auto_extract=True,
    )


def main() -> None:
    """Keep what is published."""
    try:
        return_results(kept(demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
