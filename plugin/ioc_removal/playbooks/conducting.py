"""What the workflows of one run share: its calls, its playbooks, and how a step is done."""

from collections.abc import Callable, Mapping
from time import time
from typing import Any

from dbos import DBOS

from ..store.cancelling import cancellation
from ..store.pauses import note_pause
from .conductor import Cancelled
from .halting import Halting
from .model import ASK, Playbook
from .performing import Performing

POLLING = 0.05  # seconds


class Conducting:
    """What the workflows of one run share.

    playbooks: the run's own, under its name, and those that it runs; performing: its calls.
    """

    def __init__(self, performing: Performing, playbooks: Mapping[str, Playbook]) -> None:
        self.performing, self.playbooks = performing, playbooks
        self.run, self.database = performing.run, performing.database
        tasks = [task for playbook in playbooks.values() for task in playbook.tasks.values()]
        self.asks = any(task.action == ASK for task in tasks)
        self.halting = Halting(self.database)

    def step(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        """Do a step, in a run that asks once for all its workflows.

        It may run again after a crash, so it may when the store was away in the middle of it.
        """

        def done() -> Any:
            with self.halting.part():
                return self.database.outliving(lambda: function(*given))

        if self.asks:
            return DBOS.run_step({"name": name}, self.performing.step, name, done)
        return DBOS.run_step({"name": name}, done)

    def pause(self, name: str, seconds: float) -> None:
        """Wait, not again for what an earlier process waited for; raises Cancelled soon."""
        until = self.step(name, lambda: time() + seconds)
        if (left := until - time()) > 0:
            note_pause(self.database, self.run, name, left, "a task is tried again after it")
            self.performing.over.wait(left)
        self.check()

    def check(self) -> None:
        """Raise Cancelled when the run was cancelled."""
        if cancellation(self.database, self.run):
            raise Cancelled

    def acts_on(self, action: str) -> frozenset[str]:
        """Return the systems that an action, or a playbook with all that it runs, may change."""
        if action in self.playbooks:
            tasks = self.playbooks[action].tasks.values()
            return frozenset().union(*(self.acts_on(task.action) for task in tasks))
        definition = self.performing.integration.definitions.get(action)
        return frozenset({definition.system} if definition and definition.acts else ())

    def may_ask(self, action: str) -> bool:
        """Tell whether an action, or a playbook with all that it runs, may ask a person."""
        tasks = self.playbooks[action].tasks.values() if action in self.playbooks else ()
        return action == ASK or any(self.may_ask(task.action) for task in tasks)
