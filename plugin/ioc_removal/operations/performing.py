"""The calls' side of a run: its connections are made at once, and kept for its whole life."""

from collections.abc import Callable, Mapping

from ..errors import SettingsError
from ..integration import Integration
from ..playbooks.model import Playbook
from ..playbooks.performing import Performing, Progress
from ..settings import Settings
from ..store.database import Database
from ..store.journal import CONNECTIONS, note
from ..store.runs import add_details, get_run
from ..trust.removal_key import connection_facts
from ..trust.terms import Terms
from .plan_parts import changes
from .playbooks import systems_of

Told = Callable[[Progress], None]


def performing_of(
    database: Database,
    run: str,
    integration: Integration,
    settings: Settings,
    choose: Mapping[str, str],
    playbooks: Mapping[str, Playbook],
    terms: Terms,
    progress: Told,
) -> Performing:
    """Make the calls' side of a run; each connection is made now, so that none is missing later."""
    begun = get_run(database, run)
    details = begun.details
    performing = Performing(
        database,
        begun,
        integration,
        settings,
        choose,
        terms=terms,
        plan=details.get("plan"),
        progress=progress,
    )
    systems = systems_of(playbooks.values(), integration)
    connections = {
        system: made for system in systems if (made := performing.connections.of(system))
    }
    addresses = {system: one.place for system, one in connections.items()}
    before = details.get("addresses", addresses)
    for system, address in addresses.items():
        if before.get(system) != address:
            raise SettingsError(
                f"the run {run} was begun on {before.get(system)}, the settings now name {address} "
                f"for {system}: go on with the settings that it began with"
            )
    facts = {system: connection_facts(one, settings) for system, one in connections.items()}
    names = {system: one.name for system, one in connections.items()}
    known = details.get("connections", facts)
    if found := list(changes({"connections": known}, {"connections": facts}, names)):
        raise SettingsError(
            f"the run {run} was begun with other settings: {'; '.join(found)}: go on with those"
        )
    add_details(database, run, addresses=addresses, connections=facts)
    told = {"addresses": addresses, "connections": facts, "settings": settings.source}
    note(database, run, CONNECTIONS, told)
    return performing
