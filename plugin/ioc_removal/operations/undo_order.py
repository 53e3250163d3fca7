"""Which calls of an undo go one after the other, and which ask together what is there."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..definition import ADDS
from ..errors import ArgumentError
from ..indicators.normal import normalised
from ..integration import Integration
from ..store.claims import Claim
from .standing import Standing
from .undo_calls import place_of, undoing_of_done


def alike(integration: Integration, call: str, first: Claim) -> str:
    """Return what calls have in common that go one after the other; first: row of the call.

    Of two additions of one name at a time, none could tell after a lost answer which it made.
    """
    if first.item is not None:
        return call
    try:
        name = undoing_of_done(integration, first.done).name
    except ArgumentError:
        return call
    return json.dumps([*place_of(first.done), normalised(name or call)], sort_keys=True)


def standings(
    integration: Integration, calls: Iterable[tuple[str, Sequence[Claim]]]
) -> dict[str, Standing]:
    """Let additions at one place ask together what is there; calls: of different names."""
    names = defaultdict[str, dict[str, str]](dict)  # what each call adds, by place
    for call, rows in calls:
        done = rows[0].done
        try:
            how = undoing_of_done(integration, done)
        except ArgumentError:
            continue
        if how.name is not None and how.action.does == ADDS and how.action.settle:
            known = integration.definition(how.action.settle).schema.part["properties"]
            where = {n: v for n, v in how.restoring.arguments.items() if n in known}
            place = json.dumps([*place_of(done), how.action.name, where], sort_keys=True)
            names[place][call] = how.name
    return {
        call: standing
        for added in names.values()
        for standing in [Standing(added.values())]
        for call in added
    }
