"""What depends, while a plan is made, on what it assumes: removals done, questions answered yes.

Each value of a playbook says which functions it calls and which variables it takes, so what it may
depend on is known without evaluating it, also where an expression would stop half-way. In doubt
something counts as assumed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .values import Value

OF_RESULT = frozenset({"result", "succeeded", "failed"})  # completed() tells nothing of it


@dataclass
class Assumptions:
    """What is assumed so far.

    everything: whether the way to here was; variables, tasks: by name, those that depend on it.
    """

    everything: bool = False
    variables: set[str] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)

    def touch(self, values: Iterable[Value | None], task: str | None = None) -> bool:
        """Tell whether values depend on something assumed; task: whose result they see."""
        return self.everything or any(self._touches(v, task) for v in values if v is not None)

    def _touches(self, value: Value, task: str | None) -> bool:
        return bool(
            value.variables & self.variables
            or (value.whole and self.variables)
            or ("task_status" in value.names and self.tasks)
            or (task in self.tasks and value.names & OF_RESULT)
        )
