"""Carry out many schedules at a time, and sum up what was found."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import islice

from ioc_removal.integration import Integration, load_integration
from ioc_removal.outcome import OUTCOMES

from . import undo_drive, undo_judge
from .drive import run
from .judge import Verdict, judged
from .schedule import Schedule, random_schedule
from .undo_schedule import UndoSchedule, random_undos

Each = Schedule | UndoSchedule

AT_ONCE = 24
TIMES = 3
REMOVALS, UNDOS = "removals", "undos"
MAKES: Mapping[str, Callable[[int], Each]] = {REMOVALS: random_schedule, UNDOS: random_undos}
HANGS = 120.0  # seconds without any schedule coming to its end


@dataclass
class Found:
    """What a campaign found. wrong: schedules with what is wrong; hung: seeds without an end."""

    schedules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Each, list[str]]] = field(default_factory=list)
    hung: list[int] = field(default_factory=list)

    def __add__(self, other: "Found") -> "Found":
        return Found(
            self.schedules + other.schedules,
            self.counts + other.counts,
            self.wrong + other.wrong,
            self.hung + other.hung,
        )

    def line(self) -> str:
        """Return the counts as one line."""
        named = ("requests", "faults", "settled", "maybe ours", "late", "guarded", "not prepared",
                 "died", "sent again", "repeated")  # fmt: skip
        outcomes = ", ".join(f"{self.counts[name]:,} {name}" for name in OUTCOMES[::-1]
                             if self.counts[name])  # fmt: skip
        rest = ", ".join(f"{self.counts[name]:,} {name}" for name in named if name in self.counts)
        wrong = f"{len(self.wrong)} wrong, {len(self.hung)} hung"
        return f"{self.schedules:,} schedules: {outcomes}; {rest}; {wrong}"


def verdict_of(schedule: Each, integration: Integration) -> Verdict:
    """Carry out a schedule and judge it; whatever is raised is wrong."""
    try:
        if isinstance(schedule, UndoSchedule):
            undone = undo_drive.carried_out(schedule, integration)
            return undo_judge.judged(schedule, undone, integration)
        return judged(schedule, run(schedule, integration), integration)
    except Exception as error:  # noqa: BLE001  # a defect of ours must name its seed
        return Verdict([f"raised {type(error).__name__}: {error}"])


def wrong_with(schedule: Each, integration: Integration) -> list[str]:
    """Carry out a schedule alone; what a busy machine can bring about has to come each time."""
    verdict = Verdict()
    for _ in range(TIMES):
        verdict = verdict_of(schedule, integration)
        if verdict.wrong or not verdict.doubted:
            return verdict.wrong
    return verdict.doubted


def campaign(seeds: Iterable[int], of: str = REMOVALS, at_once: int = AT_ONCE) -> Found:
    """Carry out the schedules of some seeds, so many at a time; the doubtful ones again, alone.

    of: removals, or undos.
    """
    integration, found = load_integration(), Found()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="campaign")
    running: dict[Future[Verdict], Each] = {}
    left, doubtful = map(MAKES[of], seeds), list[Each]()
    try:
        while True:
            for schedule in islice(left, at_once - len(running)):
                running[pool.submit(verdict_of, schedule, integration)] = schedule
            if not running:
                break
            ended, _ = wait(running, timeout=HANGS, return_when=FIRST_COMPLETED)
            if not ended:
                found.hung = [schedule.seed for schedule in running.values()]
                return found
            for future in ended:
                schedule, verdict = running.pop(future), future.result()
                found.schedules += 1
                found.counts += verdict.counts
                if verdict.wrong:
                    found.wrong.append((schedule, verdict.wrong))
                elif verdict.doubted:
                    doubtful.append(schedule)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    found.counts["repeated"] = len(doubtful)
    for schedule in doubtful:
        if wrong := wrong_with(schedule, integration):
            found.wrong.append((schedule, wrong))
    return found


def shrunk(schedule: Each) -> tuple[Each, list[str]]:
    """Return a smaller schedule that is still judged wrong, and what is wrong with it."""
    integration = load_integration()
    wrong = wrong_with(schedule, integration)
    if not wrong:
        return schedule, ["only once: it was right when it was repeated"]
    smaller = True
    while smaller:
        smaller = False
        for candidate in _less(schedule):
            if found := wrong_with(candidate, integration):
                schedule, wrong, smaller = candidate, found, True
                break
    return schedule, wrong


def _less(schedule: Each) -> Iterable[Each]:
    return schedule.smaller() if isinstance(schedule, UndoSchedule) else _smaller(schedule)


def _smaller(schedule: Schedule) -> Iterable[Schedule]:
    """Yield what a schedule becomes with something left out."""
    for node, rules in enumerate(schedule.faults):
        for place in range(len(rules)):
            faults = list(schedule.faults)
            faults[node] = rules[:place] + rules[place + 1 :]
            yield replace(schedule, faults=tuple(faults))
    yield from _fewer(schedule)
    if schedule.crashed:
        yield replace(schedule, crashed=0)
    if schedule.tls:
        yield replace(schedule, tls=False)
    if schedule.limits["in_flight"] > 1:
        yield replace(schedule, limits={**schedule.limits, "in_flight": 1})
    if schedule.nodes > 1 and not schedule.down:
        for rules in schedule.faults:
            yield replace(schedule, nodes=1, faults=(rules,))


def _fewer(schedule: Schedule) -> Iterable[Schedule]:
    """Yield the schedule with fewer items."""
    half = len(schedule.items) // 2
    parts = [schedule.items[:half], schedule.items[half:]] if half else []
    if len(schedule.items) <= 6:
        parts += [tuple(one for one in schedule.items if one != item) for item in schedule.items]
    for items in parts:
        if items:
            there = tuple(item for item in schedule.there if item in items)
            yield replace(schedule, items=items, there=there)
