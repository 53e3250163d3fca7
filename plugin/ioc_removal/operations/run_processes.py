"""Runs that a worker goes on with, each in a process of its own, as `resume` does."""

import json
import subprocess
import sys
from collections.abc import Container
from contextlib import ExitStack
from os import environ
from threading import Thread

from ..events import DETAIL, NOTED, WRONG, tell
from ..store.database import Database
from ..store.location import VARIABLE, Server
from ..store.runs import Run

OWN = ("at", "level", "event")  # of a line of a log, beside the facts
LEVELS = {"debug": DETAIL, "info": NOTED}


class RunProcesses:
    """The processes of runs; settings_path: of each, None for the usual ones."""

    def __init__(self, database: Database, settings_path: str | None) -> None:
        self._database, self._settings_path = database, settings_path
        self._going: dict[str, tuple[subprocess.Popen[str], Thread, ExitStack]] = {}

    def __len__(self) -> int:
        return len(self._going)

    @property
    def runs(self) -> Container[str]:
        """The runs that go on."""
        return self._going.keys()

    def start(self, run: Run) -> None:
        """Go on with a run; what its process tells is told here.

        Raises Held when another worker does.
        """
        chosen = ExitStack()
        chosen.enter_context(self._database.lease(f"choice of {run.run}", vital=False))
        tell(NOTED, "going on", run=run.run, playbook=run.name)
        words = [sys.executable, "-m", "ioc_removal", "resume", run.run]
        words += ["--quiet", "--json", "--log", "-"]
        if self._settings_path:
            words += ["--settings", self._settings_path]
        location = self._database.location
        url = location.url.reveal() if isinstance(location, Server) else str(location)
        process = subprocess.Popen(  # noqa: S603  # this program; a URL may hold a password
            words, env={**environ, VARIABLE: url}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        teller = Thread(target=_tell, args=(run.run, process), name=run.run, daemon=True)
        teller.start()
        self._going[run.run] = process, teller, chosen

    def ended(self) -> list[str]:
        """Forget the runs whose processes ended, and return them."""
        ended = [run for run, (process, *_) in self._going.items() if process.poll() is not None]
        for run in ended:
            self._end(run)
        return ended

    def wait(self) -> None:
        """Wait until all processes ended."""
        for run in list(self._going):
            self._end(run)

    def _end(self, run: str) -> None:
        process, teller, chosen = self._going.pop(run)
        teller.join()
        chosen.close()
        tell(NOTED, "run ended here", run=run, status=process.wait())


def _tell(run: str, process: "subprocess.Popen[str]") -> None:
    """Tell the events that a process writes, and what else it says."""
    assert process.stderr is not None  # noqa: S101  # it is a pipe
    with process.stderr as lines:
        for line in lines:
            try:
                row = json.loads(line)
                facts = {name: value for name, value in row.items() if name not in OWN}
                tell(LEVELS.get(row["level"], WRONG), row["event"], **{"run": run, **facts})
            except (ValueError, TypeError, KeyError, AttributeError):
                tell(WRONG, "said", run=run, text=line.rstrip("\n"))
