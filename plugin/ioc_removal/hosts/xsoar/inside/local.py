"""What a script of XSOAR does: a local action, which needs no instance and sends nothing."""

from typing import Any

import demistomock as demisto
from CommonServerPython import CommandResults, return_error, return_results, tableToMarkdown

from ....errors import ArgumentError, PluginError
from ....handlers import HANDLERS
from ....outcome import Summary
from ....trust.record import nested, record
from .arguments import arguments_of
from .loader import read
from .schema import Schema


def script_results(name: str, entry: dict[str, Any], args: dict[str, Any]) -> Any:
    """Return the entry that tells what a local action returns; raises ArgumentError.

    name, entry: of the action in the catalogue; args: as XSOAR gives them.
    """
    schema = Schema(read(entry["schema"]), "arguments")
    arguments = arguments_of(schema.part["properties"], args)
    if problems := list(schema.problems(arguments)):
        raise ArgumentError(*problems)
    rows = list(HANDLERS[entry["handler"]](**arguments))
    path = entry["context"]["path"]
    told = record("action", name, None, Summary(), outputs=rows, context=nested(path, rows))
    return CommandResults(
        outputs_prefix=path,
        outputs_key_field=list(entry["context"]["key"]),
        outputs=rows,
        readable_output=tableToMarkdown(entry["title"], rows, removeNull=True),
        raw_response=told,
        ignore_auto_extract=True,
    )


def main() -> None:
    """Run the one action that the definitions hold."""
    try:
        [(name, entry)] = read("integration.yml")["actions"].items()
        return_results(script_results(name, entry, demisto.args()))
    except PluginError as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
