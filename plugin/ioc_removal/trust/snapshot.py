"""What a system tells of indicators before something is done to them, kept as it came."""

from collections.abc import Container, Iterable, Mapping, Sequence
from json import dumps
from types import MappingProxyType
from typing import Any, NamedTuple

from ..action import Action
from ..batches import Batch, cut_items
from ..errors import HungUpError, PluginError
from ..outcome import REMOVED, Outcome, Rows
from ..same_outcome import kinds_of
from .lists import ById, Lists

# The arguments by which a read takes items, by what names these.
TAKES: Mapping[str, tuple[str, ...]] = {"id": ("ids",), "value": ("values", "indicators")}
IDENTITY = ("value", "node", "tenant")  # of a row without a raw one, not of what it tells


class Snapshot(NamedTuple):
    """What was there before a batch was sent.

    rows: what the system told, raw, by item; unread: why that is not known, by item. An item in
    neither is not there, or nothing of it can be asked. listed: every row of the target by its id,
    where the system tells nothing less.
    """

    rows: Mapping[str, Any] = MappingProxyType({})
    unread: Mapping[str, str] = MappingProxyType({})
    listed: ById | None = None

    def without(self, items: Container[str]) -> "Snapshot":
        """Return the snapshot without what it tells of some items."""
        rows = {item: row for item, row in self.rows.items() if item not in items}
        return Snapshot(rows, {k: v for k, v in self.unread.items() if k not in items}, self.listed)


class Snapshots:
    """Takes the snapshots of one call; a list that holds all of a target is asked for once.

    lookup: whether reads that leave traces are asked for, too; lists: those of the run.
    """

    def __init__(self, action: Action, *, lookup: bool, lists: Lists | None = None) -> None:
        self._action, self._lookup = action, lookup
        self._lists = Lists() if lists is None else lists

    def of(self, batch: Batch, kept: Mapping[str, Any]) -> Snapshot:
        """Return the snapshot of a batch; kept: what was told before an earlier try, by item.

        What cannot be read is said, not raised. Raises HungUpError.
        """
        reads = self._action.snapshots or (self._action.lookups if self._lookup else ())
        asked = [item for item in batch.items if item not in kept] if reads else []
        if not asked and not kept:
            return Snapshot()
        if not asked:
            return Snapshot({item: kept[item] for item in batch.items if item in kept})
        read = reads[self._action.node_of(batch)]
        try:
            rows, listed = self._rows(read, batch.arguments, asked)
        except HungUpError:
            raise
        except PluginError as error:
            return Snapshot(kept, dict.fromkeys(asked, str(error)))
        except Exception as error:  # noqa: BLE001  # whatever came, the removal does not hang on it
            why = f"internal error, please report it: {type(error).__name__}: {error}"
            return Snapshot(kept, dict.fromkeys(asked, why))
        told, unread = self._by_item(rows, asked)
        return Snapshot({**kept, **told}, unread, listed)

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """Let the lists know what was done since they were read."""
        if any(outcome.attempts and outcome.outcome != REMOVED for outcome in kinds_of(outcomes)):
            self._lists.forget()
        elif self._lists:
            self._lists.without({o.id for o in outcomes if o.attempts and o.id})

    def _rows(
        self, read: Action, arguments: Mapping[str, Any], items: Sequence[str]
    ) -> tuple[Rows, ById | None]:
        """Read what a batch is about; return the whole list, too, where that is what is read."""
        known = read.definition.schema.part["properties"]
        given = {name: value for name, value in arguments.items() if name in known}
        taking = TAKES[self._action.definition.named_by]
        name = next((name for name in taking if name in known), None)
        if name is None:
            url = read.call.connection.url if read.call else ""
            key = dumps([url, given], sort_keys=True)
            listed = self._lists.rows(key, lambda: read.read(Batch(0, given)))
            by_id = self._action.definition.named_by == "id"
            some = map(listed.get, items) if by_id else list(listed.values())
            return [dict(row) for row in some if row is not None], listed
        limits = read.call.connection.limits if read.call else {}
        parts = list(cut_items(items, read.definition, limits)) or [list(items)]
        rows = [row for part in parts for row in read.read(Batch(0, {**given, name: part}))]
        return rows, None

    def _by_item(
        self, rows: Iterable[Mapping[str, Any]], asked: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Divide rows that were read into what tells of an item, and why nothing does."""
        named, wanted = self._action.definition.named_by, set(asked)
        told: dict[str, Any] = {}
        unread: dict[str, str] = {}
        for row in rows:
            item = row.get(named)
            if item not in wanted:
                continue
            if row.get("reason") and "outcome" in row:
                unread[item] = str(row["reason"])
            elif "outcome" not in row:
                told[item] = row.get("raw") or {k: v for k, v in row.items() if k not in IDENTITY}
        return told, unread
