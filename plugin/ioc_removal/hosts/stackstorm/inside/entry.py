"""The one entry point of the pack's actions; StackStorm runs it in the pack's virtual environment.

It stands beside the plugin, not in it, and says so where the plugin could not be read at all.
"""

import os
import sys

from st2common.runners.base_action import Action

OLDEST = (3, 10)


class Perform(Action):  # type: ignore[misc]  # StackStorm is not here when this is checked
    """An action of the catalogue."""

    def run(self, perform, **parameters):  # type: ignore[no-untyped-def]  # read by older Pythons
        """Return whether all is done, and the record; perform: the name of the action."""
        if sys.version_info < OLDEST:
            line = "the pack needs Python 3.10 or newer; StackStorm runs on {}.{}"
            message = line.format(*sys.version_info[:2])
            return False, {"result": "failed", "errors": [{"message": message}]}
        from ioc_removal.hosts.stackstorm.inside.performed import performed

        wrapper = getattr(
            self.action_service, "_action_wrapper", None
        )  # as StackStorm's Action does
        user = getattr(wrapper, "_user", None)
        execution = os.environ.get("ST2_ACTION_EXECUTION_ID")
        return performed(perform, parameters, self.config, user, execution)
