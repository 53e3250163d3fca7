"""The workflows of a run: a playbook, a task beside others, an item of one."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dbos import DBOS

from ..store.sets import by_reference, by_value
from .calls import CallResult, Due, Results
from .conducted import FAILED, Conducted
from .conducting import Conducting
from .conductor import Cancelled, Waiting


class Workflows:
    """The workflows, registered with DBOS under constant names.

    inputs: of the run, which are kept with it: DBOS need not keep them, too.
    """

    def __init__(self, shared: Conducting, inputs: Mapping[str, Any]) -> None:
        database = shared.database

        @DBOS.workflow(name="playbook")
        def playbook(name: str) -> dict[str, Any]:
            conducted = Conducted(shared, self, "")
            with shared.halting.whole():
                try:
                    return conducted.run(name, inputs)
                except Waiting as waiting:
                    return {"waiting": waiting.ask}
                except Cancelled:
                    return {"cancelled": True}

        @DBOS.workflow(name="task")
        def task(key: str, given: dict[str, Any], acted: list[str]) -> dict[str, Any]:
            conducted = Conducted(shared, self, "", acted=set(acted))
            results: Results = []
            with shared.halting.part(), suppress(Cancelled):  # the playbook's finds it out, too
                results = conducted.perform_task(key, Due.from_json(by_value(database, given)))
            rows = [result and [*vars(result).values()] for result in results]
            return {"results": by_reference(rows), "errors": conducted.errors}

        @DBOS.workflow(name="item")
        def item(
            key: str, action: str, given: dict[str, Any], assumed: bool, acted: list[str]
        ) -> dict[str, Any]:
            conducted = Conducted(shared, self, "", acted=set(acted))
            result = CallResult(FAILED, {}, assumed)
            with shared.halting.part(), suppress(Cancelled):
                result = conducted.one(key, action, given, assumed=assumed)
            return {
                "status": result.status,
                "result": by_reference(result.result),
                "assumed": result.assumed,
                "errors": conducted.errors,
            }

        self.playbook, self.task, self.item = playbook, task, item
