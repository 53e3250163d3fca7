"""What a command of XSOAR does: the call of an action through perform, and nothing of its own."""

from collections.abc import Mapping
from typing import Any

import demistomock as demisto
from CommonServerPython import return_error, return_results

from ....connection import Connection
from ....errors import ArgumentError, PluginError, SettingsError
from ....integration import Integration, integration_of
from ....outcome import UNKNOWN
from ....trust.called import called
from ....trust.catalogue import overrides_of
from ....trust.guards import Guards
from ....trust.terms import Terms
from .arguments import arguments_of, flag, texts
from .loader import read
from .parameters import SOURCE, settings_of
from .results import results_of


def command_results(
    integration: Integration,
    name: str,
    connection: Connection,
    guards: Mapping[str, Any],
    args: Mapping[str, Any],
    instance: str,
) -> list[Any]:
    """Perform an action and return the entries that tell of it.

    name: of the command and the action; guards: their settings; args: as XSOAR gives them;
    instance: the name of the instance. Raises PluginError when nothing can be told of indicators.
    """
    given, definition = dict(args), integration.definition(name)
    terms = Terms()
    if definition.acts:
        override, reason = texts(given, "override"), given.pop("reason", None)
        asked = Guards(guards, SOURCE, overrides_of(override, reason))
        asked.load()  # its mistakes, before anything is sent
        terms = Terms(
            dry_run=flag(given, "dry_run"),
            verify=flag(given, "verify"),
            lookup=flag(given, "lookup"),
            guards=asked,
        )
    action = integration.bind(name, connection)
    arguments = arguments_of(definition.schema.part["properties"], given)
    record, summary = called(action, arguments, terms)
    title = integration.systems[definition.system].title
    warnings = (*connection.warnings, *(terms.guards.warnings if terms.guards else ()))
    return results_of(definition, title, record, summary, instance, warnings)


def test_module(integration: Integration, connection: Connection) -> str:
    """Read what the catalogue names for a test, from each node; return "ok" or raise."""
    test: Mapping[str, Any] = connection.system.test or {}
    for node in connection.nodes:
        action = integration.bind(test["action"], node, alone=True)
        try:
            record, _ = called(action, test["arguments"])
        except ArgumentError as error:  # what a command has to give, a test takes from here
            raise SettingsError(f"{error}; set it in {SOURCE}") from error
        for row in record["outputs"]:
            if row.get("outcome") == UNKNOWN:
                raise PluginError(str(row.get("reason") or "the answer cannot be judged"))
    return "ok"


def main() -> None:
    """Run the command that the server names."""
    params, args, command = demisto.params(), demisto.args(), demisto.command()
    demisto.debug(f"Command being called is {command}")
    try:
        integration = integration_of(read("integration.yml"))
        system = next(iter(integration.systems.values()))
        settings = settings_of(system.name, params)
        connection = Connection(system.name, settings, system)
        if command == "test-module":
            return_results(test_module(integration, connection))
        elif command in integration.definitions:
            instance = str(demisto.integrationInstance() or "")
            return_results(
                command_results(integration, command, connection, settings.guards, args, instance)
            )
        else:
            raise NotImplementedError(  # noqa: TRY301  # the platform's own form
                f"Command {command} is not implemented."
            )
    except (PluginError, NotImplementedError) as error:
        return_error(str(error))
    except Exception as error:  # noqa: BLE001  # a traceback is nothing for a person
        return_error(f"internal error, please report it: {type(error).__name__}: {error}")
