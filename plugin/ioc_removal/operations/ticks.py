"""The schedules of a worker: whatever is due is begun once, in a process of its own.

A tick is a request, so that it has one run, however many workers begin it. The clock is that of
the store's server.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

from ..errors import ArgumentError
from ..events import WRONG, tell
from ..store.database import Database
from ..store.requests import run_of_request
from ..store.runs import ENDED, known_run
from ..store.schedules import Schedule, list_schedules, note_begun, note_skipped
from ..store.statements import Held
from ..trust.removal_key import digest
from .cron import Cron
from .processes import Processes
from .schedule import lease_of, tick_text

PAUSE = 1.0  # seconds between two looks at the schedules
REST = 60.0  # seconds before a run is tried again that could not be begun
LATEST = timedelta(hours=1)  # that a tick may be begun late


class Ticks:
    """What a worker does for schedules.

    settings_path: for the processes of runs; queues: fingerprints of the connections that it holds;
    most: runs at once.
    """

    def __init__(
        self,
        database: Database,
        settings_path: str | None,
        queues: Collection[str],
        most: int,
    ) -> None:
        self._database, self._queues, self._most = database, queues, most
        self._going = Processes(database, settings_path, "schedule ended here")
        self._rests: dict[tuple[str, str], float] = {}
        self._crons: dict[tuple[str, str], Cron] = {}
        self._look = 0.0

    def take(self) -> None:
        """Begin what is due, and note what ended."""
        self._going.ended()
        if monotonic() < self._look:
            return
        self._look = monotonic() + PAUSE
        now = self._database.moment()
        for schedule in list_schedules(self._database):
            if schedule.paused is None and self._serves(schedule):
                self._begin(schedule, now)

    def finish(self) -> None:
        """Wait for the runs that were begun here."""
        self._going.wait()

    def interrupt(self) -> None:
        """Interrupt the runs that were begun here."""
        self._going.interrupt()

    def _begin(self, schedule: Schedule, now: datetime) -> None:
        """Begin the newest tick of a schedule, unless that was decided."""
        try:
            cron = self._cron(schedule)
        except ArgumentError:
            return  # changed by hand; `schedule list` tells
        newest = cron.newest(now)
        tick = tick_text(newest)
        if tick <= schedule.decided:
            return
        if run := run_of_request(self._database, schedule.request(tick)):
            note_begun(self._database, schedule.name, tick, run)
        elif now - newest > LATEST:
            hours = LATEST / timedelta(hours=1)
            self._skip(schedule, tick, f"no worker could begin it within {hours:g} h")
        elif alive := self._alive(schedule):
            self._skip(schedule, tick, f"run {alive} of an earlier tick has not ended")
        elif self._may(schedule.name, tick):
            missed = cron.between(datetime.fromisoformat(_readable(schedule.decided)), newest)
            if missed:
                first, last = tick_text(missed[0]), tick_text(missed[-1])
                which = {"ticks": len(missed), "first": first, "last": last}
                tell(WRONG, "ticks missed", schedule=schedule.name, **which)
            self._rests[schedule.name, tick] = monotonic() + REST
            words = ("schedule", "begin", schedule.name, "--tick", tick)
            about = {"schedule": schedule.name}
            with suppress(Held):  # another worker begins it
                self._going.start(
                    lease_of(schedule.name), *words,
                    begun="schedule due", about=about, more={"tick": tick},
                )  # fmt: skip

    def _may(self, name: str, tick: str) -> bool:
        """Tell whether this process may begin a tick now."""
        if lease_of(name) in self._going or len(self._going) >= self._most:
            return False
        rests = self._rests.get((name, tick), 0.0) > monotonic()
        return not rests and not self._database.is_held(lease_of(name))

    def _skip(self, schedule: Schedule, tick: str, why: str) -> None:
        if note_skipped(self._database, schedule.name, tick, why):
            tell(WRONG, "tick skipped", schedule=schedule.name, tick=tick, why=why)

    def _alive(self, schedule: Schedule) -> str | None:
        """Return the run of an earlier tick that has not ended."""
        run = known_run(self._database, schedule.run) if schedule.run else None
        return run.run if run and run.status != ENDED else None

    def _serves(self, schedule: Schedule) -> bool:
        """Tell whether all connections of a schedule are held here."""
        facts = schedule.what.get("connections", {})
        return all(digest(one) in self._queues for one in facts.values())

    def _cron(self, schedule: Schedule) -> Cron:
        key = (schedule.cron, schedule.timezone)
        if key not in self._crons:
            self._crons[key] = Cron(*key)
        return self._crons[key]


def _readable(moment: str) -> str:
    return moment.replace("Z", "+00:00")
