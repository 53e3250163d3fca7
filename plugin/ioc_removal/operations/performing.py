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
from ..trust.terms import Terms
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
    details = get_run(database, run).details
    performing = Performing(
        database,
        run,
        integration,
        settings,
        choose,
        terms=terms,
        plan=details.get("plan"),
        progress=progress,
    )
    systems = systems_of(playbooks.values(), integration)
    addresses = {
        system: made.place for system in systems if (made := performing.connection(system))
    }
    before = details.get("addresses", addresses)
    for system, address in addresses.items():
        if before.get(system) != address:
            raise SettingsError(
                f"the run {run} was begun on {before.get(system)}, the settings now name {address} "
                f"for {system}: go on with the settings that it began with"
            )
    add_details(database, run, addresses=addresses)
    note(database, run, CONNECTIONS, {"addresses": addresses, "settings": settings.source})
    return performing
