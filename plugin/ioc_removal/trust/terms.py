"""On what terms an action is performed: dry or in earnest, and what may be done at all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from ..batches import Batch
from ..definition import Definition
from ..outcome import Outcome
from .guards import Guards
from .snapshot import Snapshot

Target = Mapping[str, str]  # of the outcomes, with tenant and node


class Planned(NamedTuple):
    """What a plan says of a batch.

    refused: why, by item; done: what became of items that an earlier call of the run did.
    """

    refused: Mapping[str, str] = MappingProxyType({})
    done: Mapping[str, Outcome] = MappingProxyType({})


class Plan(Protocol):
    """An approved plan."""

    def judged(self, definition: Definition, target: Target, batch: Batch) -> Planned:
        """Say what of a batch is not planned, and what was done already; nothing is used up.

        definition: of the action.
        """

    def claimed(
        self, definition: Definition, target: Target, batch: Batch, before: Snapshot
    ) -> Planned:
        """Say of each item that is not what was planned why; the others are used up.

        What another call of the run does meanwhile is told once it is done. before: what is there.
        Asked again for the same batch of the same call, it says the same.
        """


class Approval(Protocol):
    """A person's approval, where one is needed."""

    @property
    def bounds(self) -> bool:
        """Whether beyond() may say anything: whether it matters how many have an effect."""

    def refusal(self, effect: str) -> str | None:
        """Say why nothing with this effect may be done now; None when it may."""

    def beyond(self, told: str, shown: Mapping[str, str]) -> Mapping[str, str]:
        """Say of items that have another effect than the call tells why they may not be done.

        told: the effect by the arguments of the call; shown: that of each item as the system
        shows it. What may be done is counted.
        """


class Terms(NamedTuple):
    """On what terms an action is performed.

    plan: what may be done, None for everything; dry_run: send nothing that does something, every
    outcome is planned; approval: asked of each batch, but not in a dry run; snapshot: try to keep
    what the system tells of an indicator before, lookup: also by a read that leaves traces; verify:
    read back what the system says that it did; guards: what is refused, or warned about, whatever
    the plan; None for none.
    """

    plan: Plan | None = None
    dry_run: bool = False
    snapshot: bool = True
    lookup: bool = False
    verify: bool = False
    guards: Guards | None = None
    approval: Approval | None = None
