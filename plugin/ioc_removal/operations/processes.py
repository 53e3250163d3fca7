"""Processes of this program that a worker starts: for runs that go on, and ticks of schedules.

What each of them tells is told here, as what the worker does itself.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from os import environ
from threading import Thread
from typing import Any

from ..events import DETAIL, NOTED, WRONG, tell
from ..store.chunks import choice_name
from ..store.database import Database
from ..store.location import VARIABLE, Server

OWN = ("at", "level", "event")  # of a line of a log, beside the facts
LEVELS = {"debug": DETAIL, "info": NOTED}
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class _Process:
    process: "subprocess.Popen[str]"
    teller: Thread
    about: Facts
    choice: ExitStack


class Processes:
    """Some processes, each known by a name, of which one worker at a time has one.

    settings_path: of each, None for the usual ones; ended: the event of one that ended.
    """

    def __init__(self, database: Database, settings_path: str | None, ended: str) -> None:
        self._database, self._settings_path, self._ended = database, settings_path, ended
        self._going: dict[str, _Process] = {}

    def __len__(self) -> int:
        return len(self._going)

    def __contains__(self, name: str) -> bool:
        return name in self._going

    def start(self, name: str, *words: str, begun: str, about: Facts, more: Facts) -> None:
        """Start a command.

        name: no other worker starts one of it meanwhile; begun: the event of it; about: facts of
        all that it tells; more: of its beginning. Raises Held when another worker has it.
        """
        choice = ExitStack()
        choice.enter_context(self._database.lease(choice_name(name), vital=False))
        tell(NOTED, begun, **about, **more)
        command = [sys.executable, "-m", "ioc_removal", *words, "--quiet", "--json", "--log", "-"]
        if self._settings_path:
            command += ["--settings", self._settings_path]
        location = self._database.location
        url = location.url.reveal() if isinstance(location, Server) else str(location)
        process = subprocess.Popen(  # noqa: S603  # this program; a URL may hold a password
            command, env={**environ, VARIABLE: url}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        teller = Thread(target=_tell, args=(about, process), name=name, daemon=True)
        teller.start()
        self._going[name] = _Process(process, teller, about, choice)

    def ended(self) -> list[str]:
        """Forget the processes that ended, and return their names."""
        ended = [name for name, one in self._going.items() if one.process.poll() is not None]
        for name in ended:
            self._end(name)
        return ended

    def wait(self) -> None:
        """Wait until all ended."""
        for name in list(self._going):
            self._end(name)

    def interrupt(self) -> None:
        """Let all end at once, as by Ctrl-C: others can go on with what they are at."""
        for one in list(self._going.values()):
            one.process.terminate()

    def _end(self, name: str) -> None:
        one = self._going[name]
        one.teller.join()
        status = one.process.wait()
        del self._going[name]
        one.choice.close()
        tell(NOTED, self._ended, **one.about, status=status)


def _tell(about: Facts, process: "subprocess.Popen[str]") -> None:
    """Tell the events that a process writes, and what else it says."""
    assert process.stderr is not None  # noqa: S101  # it is a pipe
    with process.stderr as lines:
        for line in lines:
            try:
                row = json.loads(line)
                facts = {name: value for name, value in row.items() if name not in OWN}
                tell(LEVELS.get(row["level"], WRONG), row["event"], **{**about, **facts})
            except (ValueError, TypeError, KeyError, AttributeError):
                tell(WRONG, "said", **about, text=line.rstrip("\n"))
