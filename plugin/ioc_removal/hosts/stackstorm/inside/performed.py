"""What an action of StackStorm does: the call through perform, recorded where there is a store."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ....authentication import secrets_of
from ....connection import Connection
from ....definition import Definition
from ....errors import ArgumentError, PluginError
from ....integration import load_integration
from ....outcome import FAILED, SUCCEEDED
from ....quotes import Quotes, mapped
from ....secret import Secret
from ....settings import Settings
from ....store.runs import Requester, requester_of
from ....trust.called import called
from ....trust.caps import PER_CALL
from ....trust.catalogue import overrides_of
from ....trust.guards import Guards
from ....trust.record import error_row
from ....trust.terms import Terms
from .configuration import SOURCE, Store, connection_name, settings_of, store_of
from .recorded import recorded

Config = Mapping[str, Any]
Result = tuple[bool, dict[str, Any]]


def performed(
    name: str,
    parameters: Mapping[str, Any],
    config: Config,
    user: str | None = None,
    execution: str | None = None,
) -> Result:
    """Perform an action; return whether all of it is done, and its record.

    name: in the catalogue; parameters: its arguments, and those of how it is performed; config:
    of the pack; user, execution: who wants it and its id, as StackStorm tells, for the journal of a
    store. What goes wrong is in the record, a line each.
    """
    try:
        requester = requester_of(user, execution, parameters.get("reason"))
        return _performed(name, dict(parameters), config, requester)
    except PluginError as error:
        return False, {"result": FAILED, "errors": [error_row(error)]}
    except Exception as error:  # noqa: BLE001  # a traceback may show what is secret
        line = f"internal error, please report it: {type(error).__name__} at {_place(error)}"
        row = {"error": type(error).__name__, "message": line}
        return False, {"result": FAILED, "errors": [row]}


def _performed(name: str, given: dict[str, Any], config: Config, requester: Requester) -> Result:
    integration = load_integration()
    definition = integration.definition(name)
    asked = given.pop("connection", None) if definition.endpoint else None
    terms, connection, store = Terms(), None, store_of(config)
    settings = settings_of(config) if definition.endpoint or store else None
    if settings:
        if definition.endpoint:
            terms = _terms(definition, settings, given)
        _check({**given, "reason": requester.reason}, terms, settings, store)
    if settings and definition.endpoint:
        system = integration.systems[definition.system]
        chosen = connection_name(settings, config, system.name, asked)
        connection = Connection(chosen, settings, system)
    action = integration.bind(name, connection)
    if settings and store:
        record = recorded(store.location, settings, action, given, terms, requester)
    else:
        record, _ = called(action, given, terms)
    record.pop("context")  # StackStorm has none: the same rows once more
    if not definition.acts and not record["errors"]:
        record["result"] = SUCCEEDED  # its rows tell what is unknown, as in a playbook anywhere
    if warnings := [*_warnings(connection, terms)]:
        record["warnings"] = warnings
    return record["result"] == SUCCEEDED, record


def _terms(definition: Definition, settings: Settings, given: dict[str, Any]) -> Terms:
    """Take out of the parameters how the action is performed; raises ArgumentError."""
    if not definition.acts:
        return Terms(guards=Guards(settings.guards, SOURCE))
    reason = given.pop("reason", None)
    overrides = overrides_of(given.pop("override", None) or (), reason)
    terms = Terms(
        dry_run=bool(given.pop("dry_run", False)),
        verify=bool(given.pop("verify", False)),
        lookup=bool(given.pop("lookup", False)),
        guards=Guards(settings.guards, SOURCE, overrides),
    )
    assert terms.guards is not None  # noqa: S101  # set above
    terms.guards.load()  # its mistakes, before anything is sent
    return terms


def _check(given: Mapping[str, Any], terms: Terms, settings: Settings, store: Store | None) -> None:
    """Refuse long lists, and what holds a secret: StackStorm evaluates {{ }} in parameters."""
    most = terms.guards.caps.get(PER_CALL) if terms.guards else None
    for name, value in given.items():
        if most is not None and isinstance(value, list) and len(value) > most:
            raise ArgumentError(
                f"{name}: {len(value):,} are given, and {most:,} are the most of one call: give "
                f"them in parts, or raise guards.{PER_CALL} in {SOURCE}"
            )
    auths = (own["auth"] for own in settings.connections.values() if "auth" in own)
    quotes = Quotes(secret for auth in auths for secret in secrets_of(auth))
    quotes.mask(*_secrets_of_record(settings, store))
    for name, value in given.items():
        if mapped(value, quotes.masked) != value:
            raise ArgumentError(
                f"{name}: it holds a secret of {SOURCE}; StackStorm evaluates {{{{ }}}} in inputs"
            )


def _secrets_of_record(settings: Settings, store: Store | None) -> Iterator[Secret]:
    yield from store.secrets if store else ()
    yield from (key for key in [settings.journal.get("key")] if key)


def _warnings(connection: Connection | None, terms: Terms) -> Iterator[str]:
    yield from connection.warnings if connection else ()
    yield from terms.guards.warnings if terms.guards else ()


def _place(error: Exception) -> str:
    """Return the file and line where an error was raised."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
