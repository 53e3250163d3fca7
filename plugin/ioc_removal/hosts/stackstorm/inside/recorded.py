"""An action that is recorded as a run of a store, as `ioc-removal call` does it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ....action import Action
from ....errors import SettingsError
from ....operations.call import call_action
from ....settings import Settings
from ....store.database import Database
from ....store.location import Location
from ....store.runs import Requester
from ....store.turns import share_turns
from ....trust.terms import Terms
from .configuration import of_the_pack


def recorded(
    location: Location,
    settings: Settings,
    action: Action,
    arguments: Mapping[str, Any],
    terms: Terms,
    requester: Requester,
) -> dict[str, Any]:
    """Perform an action as a run of the store at a location; return its record.

    settings: with the key of the journal, and the limits that all who use the store share;
    arguments: by the vendor's names. Raises SettingsError and StoreError, before anything is sent,
    when the store cannot be used.
    """
    with _opened(location, settings) as database:
        if action.call:
            share_turns(database, action.call.connection, settings)
        record, _ = call_action(database, action, arguments, terms=terms, requester=requester)
        lists = [name for name in ("outcomes", "outputs") if name in record]
        return record | {name: list(record[name]) for name in lists}  # StackStorm keeps them whole


@contextmanager
def _opened(location: Location, settings: Settings) -> Iterator[Database]:
    try:
        database = Database(location, lambda: settings.journal.get("key"))
    except SettingsError as error:
        raise of_the_pack(error) from error
    try:
        yield database
    finally:
        database.close()
