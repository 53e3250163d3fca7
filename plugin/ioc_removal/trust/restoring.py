"""From the row of an outcome, with its snapshot, to the action that undoes it; needs no store."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..definition import Definition
from ..errors import ArgumentError
from ..handlers.restorings import RESTORINGS
from ..integration import Integration
from ..restoring import Restoring


class Undoing(NamedTuple):
    """How an outcome is undone: the action, the one after it if there is one, and their arguments.

    named: the argument that names the indicator; item: its text, when others can stand beside it in
    one request, else None.
    """

    action: Definition
    then: Definition | None
    restoring: Restoring
    named: str | None = None
    item: str | None = None

    @property
    def name(self) -> str | None:
        """What the indicator is called when it is back; None when that is not known."""
        found: Any = self.restoring.arguments
        for part in (self.action.named or self.named or "").split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        found = found[0] if isinstance(found, list) and found else found
        return found if isinstance(found, str) else None


def undoing_of(
    integration: Integration, action: str, row: Mapping[str, Any], given: Mapping[str, Any]
) -> Undoing:
    """Return how an outcome is undone; raises ArgumentError when nothing can undo it.

    action: that the outcome is of; row: as result.json has it; given: the action's arguments, of
    which its project and others are not in the row.
    """
    definition = integration.definition(action)
    if definition.undo is None or definition.undo_by is None:
        raise ArgumentError(f"nothing undoes {action}")
    undo = integration.definition(definition.undo)
    then = integration.definition(definition.undo_then) if definition.undo_then else None
    restoring = RESTORINGS[definition.undo_by](row, given, undo.schema.part["properties"])
    named = undo.limits.argument if undo.limits else None
    item = restoring.item(named)
    return Undoing(undo, then if restoring.then else None, restoring, named, item)
