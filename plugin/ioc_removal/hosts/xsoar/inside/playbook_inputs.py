"""The first step of a playbook: its inputs, checked, with what was not given filled in."""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import CommandResults, return_error, return_results

from ....errors import ArgumentError, PluginError
from .arguments import arguments_of
from .incident_words import VARIABLES
from .loader import read
from .schema import Schema


def checked_inputs(args: Mapping[str, Any]) -> Any:
    """Return the entry that keeps the inputs; raises ArgumentError, a line for all mistakes."""
    name = args.get("playbook")
    known = read("playbooks.json").get(name)
    if known is None:
        raise ArgumentError(f"playbook: there is no {name!r}")
    schema = Schema(read(f"schemas/playbooks/{name}.json"))
    rules = schema.part["properties"]
    empty = {key for key, value in args.items() if value in (None, "", [])}
    given = {key: value for key, value in args.items() if key in rules and key not in empty}
    inputs = {**known["defaults"], **arguments_of(rules, given)}
    if problems := list(schema.problems(inputs)):
        raise ArgumentError(*(f"input {problem}" for problem in problems))
    return CommandResults(
        readable_output=f"The inputs of {name} are as they should be.",
        outputs_prefix=VARIABLES,
        outputs={key: value for key, value in {**known["vars"], **inputs}.items() if value != []},
        ignore_auto_extract=True,
    )


def main() -> None:
    """Check the inputs."""
    try:
        return_results(checked_inputs(demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
