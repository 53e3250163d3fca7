"""An action as a run had it, so that what became of the rest can be recorded without settings."""

from collections.abc import Mapping

from ..action import Action
from ..batches import Batch
from ..connection_settings import node_name
from ..definition import Definition
from ..store.runs import Run


class KeptAction(Action):
    """An action that sends nothing; nodes: those that its connection had, if there were several."""

    def __init__(self, definition: Definition, nodes: tuple[str, ...] = ()) -> None:
        super().__init__(definition)
        self.nodes = nodes

    @property
    def copies(self) -> int:
        """How often each item was to be sent."""
        return max(1, len(self.nodes)) if self.definition.acts else 1

    def target_of(self, batch: Batch, target: Mapping[str, str]) -> Mapping[str, str]:
        """Return the target of a batch's outcomes: that of the call, at the batch's node."""
        if not self.nodes:
            return target
        return {**target, "node": self.nodes[batch.number % len(self.nodes)]}


def kept_action(run: Run, definition: Definition) -> KeptAction:
    """Return an action as a run had it."""
    address = run.details.get("addresses", {}).get(definition.system, "")
    servers = [part for part in address.split(", ") if "://" in part]  # a tenant may follow them
    nodes = tuple(map(node_name, servers)) if len(servers) > 1 else ()
    return KeptAction(definition, nodes=nodes)
