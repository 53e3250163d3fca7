"""Perform an undo: its calls, several at a time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Lock

from ..errors import ArgumentError, PluginError
from ..integration import Integration
from ..settings import Settings
from ..store.called import THEN
from ..store.claims import Claim
from ..store.runs import UNDO
from ..trust.approval import Counted, approving_of
from ..trust.interrupting import LEAVE
from .undo_call import Calls
from .undo_calls import undoing_of_done
from .undo_order import alike, standings

MOST_AT_ONCE = 64
Told = Callable[[str, int, int], None]


class Performing:
    """Performs the calls of an undo.

    progress: told of a step, what is done of it, and of how many.
    """

    def __init__(self, calls: Calls, progress: Told) -> None:
        self._calls, self._progress = calls, progress
        self._lock, self._done, self._total = Lock(), 0, 0

    def perform(self, undo: str, claims: Sequence[Claim]) -> list[PluginError]:
        """Perform the calls that put rows back; return what ended one of them early."""
        by_name = defaultdict(list)
        for one in claims:
            by_name[one.call].append(one)
        self._total = len(claims)
        self._progress("undo", 0, self._total)
        integration, places = self._calls.integration, self._calls.places
        jobs = defaultdict(list)
        for name, rows in by_name.items():
            jobs[alike(integration, name, rows[0])].append((name, rows))
        single = (job[0] for job in jobs.values() if len(job) == 1)
        self._calls.standing.update(standings(integration, single))
        at_once = places.in_flight or 1
        pool = ThreadPoolExecutor(min(at_once, MOST_AT_ONCE), thread_name_prefix="undo")
        running: set[Future[None]] = set()
        errors: list[PluginError] = []
        try:
            for job in jobs.values():
                running.add(pool.submit(self._one_after_another, undo, job))
                if len(running) >= 2 * at_once:
                    running = _waited(running, errors)
            while running:
                running = _waited(running, errors)
        except KeyboardInterrupt:
            places.hang_up()
            pool.shutdown(wait=False, cancel_futures=True)
            wait(running, LEAVE)  # what was answered is recorded
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return errors

    def _one_after_another(self, undo: str, calls: Iterable[tuple[str, Sequence[Claim]]]) -> None:
        for name, claims in calls:
            if self._calls.over.is_set():
                return
            self._calls.perform(undo, name, claims)
            with self._lock:
                self._done += len(claims)
            self._progress("undo", self._done, self._total)


def approval_of(integration: Integration, settings: Settings, claims: Iterable[Claim]) -> Counted:
    """Return the approval of an undo: it has no plan, so only a few indicators need none."""
    most = approving_of(settings.approval, settings.source).most
    sizes = Counter[str]()
    for one in claims if most else ():
        if one.call.endswith(THEN):
            continue  # it belongs to what was put back
        with suppress(ArgumentError):  # it is refused by itself
            how = undoing_of_done(integration, one.done)
            sizes[how.action.effect_on(how.restoring.arguments)] += 1
    return Counted(UNDO, most, sizes)


def _waited(running: set[Future[None]], errors: list[PluginError]) -> set[Future[None]]:
    ended, left = wait(running, return_when=FIRST_COMPLETED)
    for future in ended:
        error = future.exception()
        if isinstance(error, PluginError):
            errors.append(error)
        elif error is not None:
            raise error
    return left
