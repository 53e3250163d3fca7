"""How what was done to one indicator is undone: by which arguments, and what is lost for good.

Hosts with a store and without one put back by these rules.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .outcome import ABSENT, ADDED, CHANGED, REMOVED

UNDOABLE = frozenset({REMOVED, ADDED, CHANGED})


class Restoring(NamedTuple):
    """How an outcome is undone.

    arguments: of the action that undoes it; then: arguments of the action that follows on what the
    first one made, without its id, None where nothing follows; meanwhile: how what the first one
    made is until then; not_restored: what cannot be put back, a text each.
    """

    arguments: Mapping[str, Any]
    then: Mapping[str, Any] | None = None
    not_restored: tuple[str, ...] = ()
    meanwhile: str = ""

    def item(self, named: str | None) -> str | None:
        """Return the item when others can stand beside it in one request, else None.

        named: the argument that names the items of the action that undoes it.
        """
        items = self.arguments.get(named) if named else None
        return items[0] if isinstance(items, list) and items else None

    def shared(self, named: str | None) -> dict[str, Any]:
        """Return the arguments that others must have too, to stand in one request."""
        item = self.item(named)
        return {
            name: value
            for name, value in self.arguments.items()
            if name != named and not _is_of_item(value, item)
        }


def can_be_undone(row: Mapping[str, Any]) -> bool:
    """Tell whether something was done that can be undone; row: of an outcome."""
    ours = row["outcome"] == ABSENT and bool(row.get("maybe_ours"))
    return row["outcome"] in UNDOABLE or ours


def merged_arguments(restorings: Sequence[Restoring], named: str | None) -> dict[str, Any]:
    """Return the arguments of one request for all, whose shared arguments are the same.

    named: the argument that names the items.
    """
    merged = dict(restorings[0].arguments)
    if restorings[0].item(named) is None:
        return merged
    items: dict[str, None] = {}
    by_item: dict[str, dict[str, Any]] = defaultdict(dict)
    for restoring in restorings:
        item = restoring.item(named)
        items[str(item)] = None
        for name, value in restoring.arguments.items():
            if _is_of_item(value, item):
                by_item[name].update(value)
    return {**merged, **by_item, str(named): list(items)}


def _is_of_item(value: Any, item: str | None) -> bool:
    return isinstance(value, Mapping) and set(value) == {item}


def without_none(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments without those that are not known."""
    return {name: value for name, value in arguments.items() if value is not None}


def left_out(
    shown: Mapping[str, Any], known: Mapping[str, Any], own: Container[str], above: str = ""
) -> Iterator[str]:
    """Name the fields of a row that cannot be written, without those that say nothing.

    known: properties of a schema; own: fields that whatever is new has of its own.
    """
    for name, value in shown.items():
        if name not in known:
            silent = value is False or value in (None, "", [], {})
            if not silent and (above or name not in own):
                yield above + name
        elif isinstance(value, Mapping):
            yield from left_out(value, known[name].get("properties", {}), own, f"{above}{name}.")
