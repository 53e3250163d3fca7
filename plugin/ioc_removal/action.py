"""An action: check the arguments, cut them into batches, let the handler send each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from .batches import Batch, Prepared, batch_of, cut_items, distinct_texts, many, numbered
from .call import Call, LookUp
from .checking import MOST_PROBLEMS, check_arguments
from .definition import Definition
from .errors import (
    ApiError,
    ArgumentError,
    ClosedError,
    ResponseError,
    TransportError,
    one_line,
)
from .heard import Heard
from .outcome import Outcome
from .sending import Sender, outcomes_of
from .spool import LongTexts


class Action:
    """A definition bound to a connection.

    calls: one a node of the connection, none for a local action; snapshots, lookups: the read of
    that name in the definition, on each node.
    """

    def __init__(
        self,
        definition: Definition,
        calls: tuple[Call, ...] = (),
        snapshots: tuple["Action", ...] = (),
        lookups: tuple["Action", ...] = (),
    ) -> None:
        self.definition, self.calls = definition, calls
        self.snapshots, self.lookups = snapshots, lookups

    @property
    def call(self) -> Call | None:
        """What all nodes have in common, as the first has it; None for a local action."""
        return self.calls[0] if self.calls else None

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at a time, over all nodes."""
        return sum(call.connection.in_flight for call in self.calls) or 1

    @property
    def copies(self) -> int:
        """How often each item is sent: what acts goes to each node."""
        return max(1, len(self.calls)) if self.definition.acts else 1

    @property
    def limits(self) -> Mapping[str, int]:
        """The limits of the connection."""
        return self.call.connection.limits if self.call else {}

    def prepare(self, arguments: Mapping[str, Any]) -> Prepared:
        """Check the arguments, whole, before anything is sent.

        arguments: by the vendor's names; the batch argument may be a list or any other sized
        collection of texts that can be walked again. Missing ones come from the connection's
        defaults; None counts as missing, as hosts pass it. Raises ArgumentError, and what IAM
        says when a project has to be asked for.
        """
        definition = self.definition
        arguments = {name: value for name, value in arguments.items() if value is not None}
        properties = definition.schema.part["properties"]
        missing = [name for name in properties if name not in arguments]
        filling = self.call.connection.filling(missing) if self.call else {}
        given = {**filling, **arguments}
        limits, duplicates = definition.limits, 0
        if limits and many(given.get(limits.argument)):
            items = given[limits.argument]
            if isinstance(items, list | tuple):
                texts = [item.strip() if isinstance(item, str) else item for item in items]
                items = list(dict.fromkeys(texts)) if _texts(texts) else texts
                duplicates = len(texts) - len(items)
            elif isinstance(items, LongTexts):
                items = distinct_texts(items)
                duplicates = len(given[limits.argument]) - len(items)
            alone = {**given, limits.argument: []}
            for settings in self._settings():
                check_arguments(definition, alone, settings, items, limits.argument)
            given[limits.argument] = items
        else:
            for settings in self._settings():
                check_arguments(definition, given, settings)
            named = given[limits.argument] if limits else definition.item_of(given)
            items = [] if named is None else [named]
        if limits and limits.along:
            _check_along(given, limits.along, items)
        if definition.endpoint:
            definition.endpoint.check_path(given)
        target = {
            name: str(definition.fixed.get(name, given.get(name))) for name in definition.target
        }
        if self.call:
            target.update(self.call.tenant)
        return Prepared(given, target, duplicates, tuple(filling), items, self.cut, len(items))

    def before(self, batch: Batch, items: Sequence[str] | None = None) -> dict[str, Any]:
        """Return what is there before an addition, so that it can be told what it added.

        By item, each a JSON object; empty where nothing tells it; items: names of others at the
        same place, else those of the batch. Raises what reading raises.
        """
        sender = self._sender(batch, {}) if self.calls and batch.items else None
        return sender.before(batch.items if items is None else items) if sender else {}

    def send(
        self,
        batch: Batch,
        target: Mapping[str, str],
        *,
        repeated: bool = False,
        before: Mapping[str, Any] | None = None,
    ) -> Sequence[Outcome]:
        """Let the handler send a batch of what acts; whatever happens becomes outcomes.

        target: of the call; repeated: whether an earlier process may have sent the batch; before:
        what was there before, of an addition. Raises HungUpError.
        """
        if not batch.items:
            return []
        return self._sender(batch, target).send(batch.items, repeated=repeated, before=before)

    def read(self, batch: Batch) -> Iterable[dict[str, Any]]:
        """Let the handler of a read, or of a local action, return its rows, to be walked once.

        The first node that answers is asked. Walking them may raise what a request raises.
        """
        for call in self.calls[:-1]:
            try:
                return list(self._rows(batch, call))
            except (TransportError, ClosedError):
                continue
        return self._rows(batch, *self.calls[-1:])

    def outcomes(
        self,
        batch: Batch,
        items: Sequence[str],
        target: Mapping[str, str],
        outcome: str,
        reason: str,
        attempts: int,
    ) -> Sequence[Outcome]:
        """Return one and the same outcome for some items of a batch; target: of the call."""
        place = self.target_of(batch, target)
        return outcomes_of(self.definition, items, place, outcome, reason, attempts)

    def target_of(self, batch: Batch, target: Mapping[str, str]) -> Mapping[str, str]:
        """Return the target of a batch's outcomes: that of the call, at the batch's node."""
        node = self._call_of(batch).connection.node if self.calls else None
        return {**target, "node": node} if node else target

    def check(self, batch: Batch) -> None:
        """Raise HungUpError when the run was ended: the batch is not to be begun."""
        if self.calls:
            self._call_of(batch).connection.check()

    def look_up(self, batch: Batch) -> LookUp | None:
        """Return what tells which ids are there, at the batch's node; None where nothing can."""
        return self._call_of(batch).look_up if self.calls else None

    def waited_for_a_look(self, batch: Batch) -> bool:
        """Wait before another look at a batch's node; False when nothing more is to be asked."""
        from .settling import waited_for_a_look  # most calls are answered

        return bool(self.calls) and waited_for_a_look(self._call_of(batch).connection.wire)

    def node_of(self, batch: Batch) -> int:
        """Return the place of a batch's node among those of the connection."""
        return batch.number % max(1, len(self.calls))

    def part(self, batch: Batch, items: Sequence[str]) -> Batch:
        """Return a batch with only some of its items."""
        return batch_of(self.definition, batch.number, batch.arguments, items)

    def _rows(self, batch: Batch, *calls: Call) -> Iterable[dict[str, Any]]:
        """Let the handler return its rows, without the secrets that a system may have put there."""
        heard = [Heard() for _ in calls]
        asked = [call._replace(heard=one) for call, one in zip(calls, heard, strict=True)]
        rows: Iterable[dict[str, Any]] = self.definition.handler(*asked, **self._asked(batch))
        for call, one in zip(calls, heard, strict=True):
            rows = one.cleaned(rows, call.connection.wire.quotes.cleaned)
        return rows

    def _sender(self, batch: Batch, target: Mapping[str, str]) -> Sender:
        return Sender(
            self.definition,
            self._call_of(batch),
            self.target_of(batch, target),
            lambda items: self._asked(self.part(batch, items)),
        )

    def _asked(self, batch: Batch) -> dict[str, Any]:
        """Return the arguments of a batch's request, without those for the guards."""
        own = self.definition.schema.for_guards
        return {name: value for name, value in batch.arguments.items() if name not in own}

    def _call_of(self, batch: Batch) -> Call:
        """Return the call of a batch: the nodes take turns."""
        return self.calls[self.node_of(batch)]

    def cut(self, prepared: Prepared) -> Iterator[Batch]:
        """Cut a call into its batches; what acts is sent to each node."""
        parts = cut_items(prepared.items, self.definition, self.limits, prepared.arguments)
        for number, items in numbered(parts, self.copies):
            yield batch_of(self.definition, number, prepared.arguments, items)

    def _settings(self) -> list[dict[str, Any]]:
        """Return the settings that the schema asks for, those of each node that differ.

        A server that does not say its version is asked again, and its error told, when it is sent
        something.
        """
        names = self.definition.schema.of_connection
        found: list[dict[str, Any]] = []
        for call in self.calls if names else ():
            settings = {}
            with suppress(TransportError, ApiError, ResponseError, ClosedError):
                settings = {name: getattr(call.connection, name) for name in names}
            if settings not in found:
                found.append(settings)
        return found or [{}]


def _check_along(given: Mapping[str, Any], along: Iterable[str], items: Iterable[str]) -> None:
    """Refuse what goes along with an item that is not among the items."""
    keys = {name: set(given[name]) for name in along if given.get(name)}
    there = set(items) if keys else set()
    strangers = [
        f"{name}: {one_line(str(key), 80)!r} is not among the indicators of this call"
        for name, named in keys.items()
        for key in sorted(named - there)[:MOST_PROBLEMS]
    ]
    if strangers:
        raise ArgumentError(*strangers)


def _texts(items: Iterable[object]) -> bool:
    return {*map(type, items)} <= {str} or all(isinstance(item, str) for item in items)
