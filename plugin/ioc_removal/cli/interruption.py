"""Ctrl-C: say what is recorded, and how to look at it."""

from datetime import datetime, timezone
from types import TracebackType

from ..store.database import Database
from ..store.results import run_summary
from ..store.runs import ENDED, list_runs
from .output import Output
from .sums import counts_line

NEWEST = 20  # runs among which the interrupted one is looked for


class Interruption:
    """While something runs: if it is interrupted, prepare the line that says so.

    name: of the action or playbook; run: when it is known, else the newest one of that name.
    """

    def __init__(
        self, database: Database, name: str, output: Output, *, run: str | None = None
    ) -> None:
        self._database, self._name, self._output, self._run = database, name, output, run
        self._since = datetime.now(timezone.utc).isoformat(timespec="seconds")[:19]

    def __enter__(self) -> None:
        """Begin to watch."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, KeyboardInterrupt):
            return
        for run in list_runs(self._database, NEWEST):
            ours = run.name == self._name and run.started >= self._since and run.status != ENDED
            if run.run == self._run or (self._run is None and ours):
                counts = counts_line(run_summary(self._database, run.run).counts)
                go_on = f"; `ioc-removal resume {run.run}` goes on" * (run.kind == "playbook")
                self._output.on_interrupt = (
                    f"interrupted: {counts or 'no answer'} so far; a request in flight may have "
                    f"been carried out; `ioc-removal show {run.run}` tells what is recorded{go_on}"
                )
                return
