"""The removals of a task's items, performed together, so that their requests are side by side.

Each stays a call of its own, with its outcomes; what is kept of many at once is one transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain, islice
from time import sleep
from typing import Any, TypeVar

from ..action import Action
from ..batches import Batch, Prepared
from ..errors import PluginError
from ..store.chunks import lease_name
from ..store.sets import by_value
from ..store.statements import Held
from ..trust.perform import together
from ..trust.steps import Steps
from .chunking import chunk_of
from .performing import Performing, error_of
from .sharing import PAUSE, Errors, perform_chunks

AT_ONCE = 100  # calls that are kept in one transaction
Some = TypeVar("Some")
Size = Mapping[str, int]  # of a call: batches, and how many make a chunk


@dataclass
class _Part:
    """What is left of one call. lease: held until the last of its batches has ended."""

    call: str
    batches: int
    size: int
    lease: ExitStack


def prepare_items(
    performing: Performing, name: str, given: Sequence[tuple[str, Mapping[str, Any], bool]]
) -> list[dict[str, Any]]:
    """Check removals, each by its call, and keep how they are cut.

    given: call, arguments, and whether it depends on what is assumed. Returns for each what
    Performing.prepare does.
    """
    sizes: list[dict[str, Any]] = []
    for portion in _portions(given):
        checked = [_checked(performing, name, call, values) for call, values, _ in portion]
        with performing.database.transaction():
            for (call, _, assumed), found in zip(portion, checked, strict=True):
                sizes.append(
                    found if isinstance(found, dict) else _kept(performing, call, found, assumed)
                )
    return sizes


def perform_items(
    performing: Performing, task: str, name: str, sizes: Mapping[str, Size]
) -> dict[str, Errors]:
    """Perform prepared removals; return the errors of those that were stopped by one.

    sizes: by call. One of several chunks is performed together with workers.
    """
    short = {call: size["batches"] for call, size in sizes.items() if not _is_long(size)}
    errors: dict[str, Errors] = {}
    while short:
        try:
            with performing.database.lease(lease_name(performing.run, task, 0)):
                errors = _performed(performing, name, short)
            break
        except Held:
            sleep(PAUSE)  # the server has not yet noticed that an earlier process died
    for call, size in sizes.items():
        if _is_long(size):
            said = perform_chunks(performing, call, name, size["batches"], size["chunk"])
            errors[call] = said["errors"]
    return {call: rows for call, rows in errors.items() if rows}


def outcome_items(performing: Performing, name: str, calls: Sequence[str]) -> list[dict[str, Any]]:
    """Sum up removals that were performed; return for each what Performing.outcome does."""
    results: list[dict[str, Any]] = []
    for portion in _portions(calls):
        with performing.database.transaction():
            results += [performing.outcome(call, name) for call in portion]
    return results


def _checked(
    performing: Performing, name: str, call: str, given: Mapping[str, Any]
) -> tuple[Action, Prepared] | dict[str, Any]:
    try:
        action = performing.bind(name)
        return action, action.prepare(by_value(performing.database, given))
    except PluginError as error:
        return {"errors": [error_of(call, error)]}


def _kept(
    performing: Performing, call: str, checked: tuple[Action, Prepared], assumed: bool
) -> dict[str, Any]:
    action, prepared = checked
    try:
        recorder = performing.calling.recorder(call, action)
        recorder.begin(prepared, assumed=assumed)
        batches, size = performing.calling.plan(recorder, call, action, prepared)
        performing.approval.add(call, action.definition.effect_on(prepared.arguments), size)
    except PluginError as error:
        return {"errors": [error_of(call, error)]}
    chunk = chunk_of(action, batches, shared=performing.database.is_shared)
    return {"batches": batches, "chunk": chunk}


def _is_long(size: Size) -> bool:
    return size["batches"] > size["chunk"]


def _performed(performing: Performing, name: str, batches: Mapping[str, int]) -> dict[str, Errors]:
    """Perform calls of one chunk each; an error that stops one stops those after it, too."""
    parts, beginning = dict[Steps, _Part](), list[str]()
    with ExitStack() as leases:
        try:
            action = performing.bind(name)
            pairs = _pairs(performing, action, batches, parts, beginning, leases)
            with closing(together(action, pairs)) as performed:
                for steps, finished in performed:
                    part = parts[steps]
                    part.batches -= 1
                    performing.tell(part.call, len(finished.batch.items), part.size)
                    if not part.batches:
                        part.lease.close()
                        del parts[steps]
        except PluginError as error:
            going = (part.call for part in parts.values())  # their batches end in this order
            call = next(chain(beginning, going, batches))
            return {call: [error_of(call, error)]}
    return {}


def _pairs(
    performing: Performing,
    action: Action,
    batches: Mapping[str, int],
    parts: dict[Steps, _Part],
    beginning: list[str],
    leases: ExitStack,
) -> Iterator[tuple[Steps, Batch]]:
    """Yield each batch with the steps of its call, of which parts is told.

    beginning: has the call that is about to begin; leases: where those of the calls are put, by
    which a plan tells what still goes on.
    """
    for portion in _portions(batches):
        begun: list[tuple[Steps, list[Batch]]] = []
        with performing.database.transaction():  # each call reserves its size
            for call in portion:
                beginning[:] = [call]
                recorder = performing.calling.recorder(call, action)
                prepared = recorder.prepared()
                planned = recorder.planned(prepared, 0, batches[call], own=True)
                left = list(performing.calling.batches(recorder, planned))
                terms = performing.terms_of(call, action)
                if left:
                    begun.append((Steps(action, prepared, recorder, terms), left))
                    size, lease = prepared.size * action.copies, leases.enter_context(ExitStack())
                    parts[begun[-1][0]] = _Part(call, len(left), size, lease)
                    if performing.plan is not None:
                        name = lease_name(performing.run, call, 0)
                        lease.enter_context(performing.database.lease(name))
        beginning.clear()
        for steps, left in begun:
            yield from ((steps, batch) for batch in left)


def _portions(some: Iterable[Some]) -> Iterator[list[Some]]:
    walk = iter(some)
    while portion := list(islice(walk, AT_ONCE)):
        yield portion
