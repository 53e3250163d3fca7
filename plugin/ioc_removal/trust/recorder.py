"""What perform() tells a recorder, and asks it: the store's, or that of a host without one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from ..batches import Batch
from ..definition import Definition
from ..outcome import Outcome


class Finished(NamedTuple):
    """A batch and what became of it: outcomes of a removal, or rows that a read returned.

    outputs: a tuple when they are few.
    """

    batch: Batch
    outcomes: Sequence[Outcome] = ()
    outputs: Collection[dict[str, Any]] = ()


class Known(NamedTuple):
    """What a recorder knows of a batch.

    finished: what became of it, when it was finished before; repeated: it may have been sent
    before, by a process that did not live to see the answer; snapshots: what the system told then,
    before it was sent, raw, by item.
    """

    finished: Finished | None = None
    repeated: bool = False
    snapshots: Mapping[str, Any] = MappingProxyType({})


class Recorder(Protocol):
    """Keeps what is about to be sent and what became of it; called from several threads."""

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch."""

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        """Keep, before anything is sent, that a batch will be, and what was there, by item."""

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch, before it counts as finished."""


class NoRecord:
    """A recorder for a host whose own record is the journal."""

    def known(self, batch: Batch) -> Known:  # noqa: ARG002
        """Know nothing of any batch."""
        return Known()

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def finish(self, finished: Finished) -> None:
        """Keep nothing."""


def unresolved(
    definition: Definition, outputs: Iterable[Mapping[str, Any]], target: Mapping[str, str]
) -> Iterator[Outcome]:
    """Yield the outcomes of values for which a search found no id."""
    like = Outcome("", target)
    for row in outputs if definition.resolves else ():
        if "outcome" in row:
            outcome, reason = row["outcome"], row.get("reason")
            if (outcome, reason) != (like.outcome, like.reason):
                like = Outcome(outcome, target, reason=reason)
            yield like.same_of(row.get("value"), row.get("id"))
