"""The rounds of a loop: an item for each, which holds all that its command needs.

Of several lists XSOAR gives a round one entry each, and of a single value the first round only; so
a round takes one input, and what is the same for all rounds stands in each item.
"""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import CommandResults, return_error, return_results

from ....errors import ArgumentError, PluginError
from .arguments import listed
from .incident_words import ITEMS


def items_of_loop(args: Mapping[str, Any]) -> Any:
    """Return the entry that keeps the items of a task's loop."""
    variables = (listed("variables", args.get("variables") or []) or [{}])[0]
    if not isinstance(variables, Mapping):
        raise ArgumentError("variables: must be the variables of a playbook, as one object")
    along = [name for name in listed("along", args.get("along") or []) if name in variables]
    shared = {name: variables[name] for name in along}
    rows = [
        {**shared, args["name"]: entry} for entry in listed("entries", args.get("entries") or [])
    ]
    return CommandResults(
        readable_output=f"{len(rows):,} rounds for {args['task']}.",
        outputs={f"{ITEMS}.{args['task']}": rows} if rows else None,
        ignore_auto_extract=True,
    )


def main() -> None:
    """List the rounds."""
    try:
        return_results(items_of_loop(demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
