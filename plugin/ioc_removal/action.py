"""An action: check the arguments, cut them into batches, let the handler send each."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, cast

from .call import Call
from .definition import Definition
from .errors import ApiError, ArgumentError, ClosedError, ResponseError, TransportError
from .outcome import FAILED, REFUSED, UNKNOWN, Outcome, Rows

CHECKED_AT_ONCE = 10_000  # items; a list is checked whole before anything is sent
BYTES_AROUND_ITEM = 64  # of the JSON object that carries an item
MOST_PROBLEMS = 5  # that a message lists


@dataclass(frozen=True)
class Batch:
    """What one request carries.

    number: its place in the call, from 0; arguments: the handler's; items: the values or ids that
    it removes or looks up, distinct, empty for what is not cut.
    """

    number: int
    arguments: Mapping[str, Any]
    items: Sequence[str] = ()


@dataclass(frozen=True)
class Prepared:
    """Checked arguments, ready to be cut; iterating yields the batches, lazily and repeatably.

    target: of every outcome; duplicates: items given more than once; filled: names of arguments
    that came from the connection's defaults.
    """

    arguments: Mapping[str, Any]
    target: Mapping[str, str]
    duplicates: int
    filled: tuple[str, ...]
    items: Iterable[str] = ()
    cut: Callable[["Prepared"], Iterator[Batch]] = field(repr=False, default=lambda _: iter(()))

    def __iter__(self) -> Iterator[Batch]:
        return self.cut(self)


@dataclass(frozen=True)
class Action:
    """A definition bound to a connection; a local action has no call."""

    definition: Definition
    call: Call | None

    def prepare(self, arguments: Mapping[str, Any]) -> Prepared:
        """Check the arguments, whole, before anything is sent.

        arguments: by the vendor's names; the batch argument may be a list or any other sized
        collection of texts that can be walked again. Missing ones come from the connection's
        defaults; None counts as missing, as hosts pass it. Raises ArgumentError.
        """
        definition = self.definition
        arguments = {name: value for name, value in arguments.items() if value is not None}
        properties = definition.schema.part["properties"]
        defaults = self.call.connection.defaults if self.call else {}
        filled = tuple(n for n in defaults if n in properties and n not in arguments)
        given = {**{name: defaults[name] for name in filled}, **arguments}
        limits, duplicates = definition.limits, 0
        if limits and _many(given.get(limits.argument)):
            items = given[limits.argument]
            if isinstance(items, list | tuple):
                texts = [item.strip() if isinstance(item, str) else item for item in items]
                items = list(dict.fromkeys(texts)) if _texts(texts) else texts
                duplicates = len(texts) - len(items)
            self._check({**given, limits.argument: []}, items, limits.argument)
            given[limits.argument] = items
        else:
            self._check(given)
            items = [given[limits.argument]] if limits else []
        if definition.endpoint:
            definition.endpoint.check_path(given)
        target = {
            name: str(definition.fixed.get(name, given.get(name))) for name in definition.target
        }
        if self.call:
            target.update(self.call.tenant)
        return Prepared(given, target, duplicates, filled, items, self._cut)

    def send(self, batch: Batch, target: Mapping[str, str]) -> list[Outcome]:
        """Let the handler send a batch of a removal; whatever happens becomes outcomes."""
        if not batch.items:
            return []
        try:
            outcomes: list[Outcome] = self.definition.handler(self.call, **batch.arguments)
        except ClosedError as error:
            return self.outcomes(batch.items, target, REFUSED, str(error), attempts=0)
        except TransportError as error:
            outcome = UNKNOWN if error.sent else FAILED
            return self.outcomes(batch.items, target, outcome, str(error), error.attempts)
        except ResponseError as error:
            return self.outcomes(batch.items, target, UNKNOWN, str(error), error.attempts, error)
        except ApiError as error:
            outcome = UNKNOWN if error.unclear else FAILED
            meaning = self.definition.refusals.get(error.status)
            reason = f"{error} ({meaning})" if meaning else str(error)
            return self.outcomes(batch.items, target, outcome, reason, error.attempts, error)
        return outcomes

    def read(self, batch: Batch) -> Rows:
        """Let the handler of a read, or of a local action, return its rows."""
        first = (self.call,) if self.call else ()
        rows: Rows = self.definition.handler(*first, **batch.arguments)
        return rows

    def outcomes(
        self,
        items: Iterable[str],
        target: Mapping[str, str],
        outcome: str,
        reason: str,
        attempts: int,
        answer: ApiError | ResponseError | None = None,
    ) -> list[Outcome]:
        """Return one and the same outcome for some items."""
        named = self.definition.named_by
        return [
            Outcome(
                outcome,
                target,
                value=item if named == "value" else None,
                id=item if named == "id" else None,
                reason=reason,
                http_status=answer.status if answer else None,
                request_id=answer.request_id if answer else None,
                attempts=attempts,
                response=answer.fields if isinstance(answer, ApiError) else {},
            )
            for item in items
        ]

    def _check(
        self, given: Mapping[str, Any], items: Iterable[Any] = (), argument: str | None = None
    ) -> None:
        """Refuse arguments that do not satisfy the schema; items are checked in portions."""
        definition, fixed = self.definition, {}
        for name, rule in definition.schema.part["properties"].items():
            if rule.get("x-connection"):
                if name in given:
                    raise ArgumentError(f"{name}: belongs to the connection's settings")
                fixed[name] = getattr(self.call.connection, name) if self.call else None
        walk, start = iter(items), 0
        while True:
            portion = list(islice(walk, CHECKED_AT_ONCE))
            if start and not portion:
                return
            whole = {**given, **fixed, **({argument: portion} if argument else {})}
            found = chain(_halves("", whole), definition.schema.problems(whole))
            said = dict.fromkeys(found)  # two rules, one message
            if problems := list(islice(said, MOST_PROBLEMS + 1)):
                if start and argument:
                    problems = [_counted_from(start, argument, line) for line in problems]
                if len(problems) > MOST_PROBLEMS:
                    problems[MOST_PROBLEMS:] = ["and more"]
                raise ArgumentError(*problems)
            start += len(portion)
            if len(portion) < CHECKED_AT_ONCE:
                return

    def _cut(self, prepared: Prepared) -> Iterator[Batch]:
        """Cut by items and by the bytes that they take in JSON."""
        limits = self.definition.limits
        if limits is None:
            yield Batch(0, prepared.arguments)
            return
        own: Mapping[str, int] = self.call.connection.limits if self.call else {}
        most = min(own.get("items", limits.items), limits.most or own.get("items", limits.items))
        room = own.get("bytes", limits.bytes) if limits.bytes else None
        batch: list[str] = []
        number = size = 0
        for item in prepared.items:
            taken = len(json.dumps(item)) + BYTES_AROUND_ITEM if room else 0
            if batch and (len(batch) == most or (room and size + taken > room)):
                yield self._batch(number, prepared.arguments, batch)
                batch, size, number = [], 0, number + 1
            batch.append(item)
            size += taken
        if batch:
            yield self._batch(number, prepared.arguments, batch)

    def part(self, batch: Batch, items: Sequence[str]) -> Batch:
        """Return a batch with only some of its items; without any, it has nothing to send."""
        if self.definition.limits and not items:
            return Batch(batch.number, {})
        return self._batch(batch.number, batch.arguments, items)

    def _batch(self, number: int, arguments: Mapping[str, Any], items: Sequence[str]) -> Batch:
        limits = self.definition.limits
        if limits is None:
            return Batch(number, arguments)
        rule = self.definition.schema.part["properties"][limits.argument]
        part = list(items) if rule["type"] == "array" else items[0]
        return Batch(number, {**arguments, limits.argument: part}, tuple(items))


def _many(value: object) -> bool:
    return isinstance(value, Sized) and not isinstance(value, str | bytes | Mapping)


def _counted_from(start: int, argument: str, problem: str) -> str:
    """Name an item by its place in the whole list, not in the portion that was checked."""
    name, bracket, rest = problem.partition("[")
    place, end, text = rest.partition("]")
    inside = name == argument and bracket and place.isdigit()
    return f"{name}[{start + int(place)}]{text}" if inside and end else problem


def _halves(field: str, value: object) -> Iterator[str]:
    """Name each text that UTF-8 cannot carry: with one half of a pair that makes a character."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            yield f"{field}: holds half of a surrogate pair, which cannot be sent"
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _halves(f"{field}.{name}" if field else str(name), entry)
    elif _many(value):
        for place, entry in enumerate(cast("Iterable[object]", value)):
            if not (isinstance(entry, str) and entry.isascii()):
                yield from _halves(f"{field}[{place}]", entry)


def _texts(items: Iterable[object]) -> bool:
    return all(isinstance(item, str) for item in items)
