"""Compare what undos say with what the sandbox truly holds after each, and was asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ioc_removal.definition import CHANGES
from ioc_removal.integration import Integration
from ioc_removal.outcome import ADDED, CHANGED, DONE, FAILED, PLANNED, REFUSED, REMOVED, UNKNOWN

from .judge import Verdict
from .undo_drive import Stage, Undone
from .undo_schedule import CLOSING, UndoSchedule
from .undo_world import alike, held, switched

Row = Mapping[str, Any]

# Why an addition stays unknown for good, although the system can be looked at.
NEVER_KNOWN = ("what was there before is not known", "several are new since")
# Why it does so far, whatever a look shows.
EARLIER = (
    *("may still be carried out", "an earlier try may have been", "nothing new is there after two"),
    "nothing there can be read, so it is not sent twice",
    "no snapshot tells what it was",  # as the undo that changed it could not look
)
TWICE = "it is there twice"


def judged(schedule: UndoSchedule, undone: Undone, integration: Integration) -> Verdict:
    """Judge a schedule that was carried out."""
    verdict = Verdict()
    judge = _Judge(schedule, undone, integration)
    for number, stage in enumerate(undone.stages):
        where = f"stage {number}, undo of {'run' if stage.of == undone.removed else stage.of}:"
        verdict.wrong += [f"{where} {line}" for line in judge.wrong(stage)]
        verdict.doubted += [f"{where} {line}" for line in judge.doubted(stage)]
        rows = stage.record["outcomes"] if stage.record else ()
        verdict.counts.update(row["outcome"] for row in rows)
        verdict.counts["maybe ours"] += sum(bool(row.get("maybe_ours")) for row in rows)
        verdict.counts["settled"] += sum(bool(row.get("settled")) for row in rows)
        verdict.counts["died"] += stage.died
        verdict.counts["sent again"] += sum("once more" in str(row.get("reason")) for row in rows)
        verdict.counts["requests"] += len(stage.requests)
        verdict.counts["faults"] += sum(row["fault"] is not None for row in stage.requests)
    (verdict.doubted if judge.late else verdict.wrong).extend(judge.at_the_end())
    if not undone.intact:
        verdict.wrong.append("the journal does not verify")
    return verdict


class _Judge:
    def __init__(self, schedule: UndoSchedule, undone: Undone, integration: Integration) -> None:
        self._schedule, self._undone, self._integration = schedule, undone, integration
        self._rows: dict[str, Sequence[Row]] = {}  # of the undos that came to an end, by their id
        self._open: set[str] = set()  # undos that died
        self._acted: set[str] = (
            set()
        )  # values of which an addition was, or may have been, carried out
        self._troubled: set[str] = set()  # undos during which something went wrong
        self.late = False  # whether a system acted late, or may have, as nobody waited longer
        self._vain: set[str] = set()  # undos of which a look was in vain
        self._again: set[str] = set()  # undos that send once more
        self._change = {undone.removed: -1}  # what each run does to the number of a value
        self._of: dict[str, str] = {}  # what each undo undoes

    def wrong(self, stage: Stage) -> Iterator[str]:
        """Yield what the state of the system belies."""
        if stage.undo:
            self._change.setdefault(stage.undo, -self._change[stage.of])
            self._of.setdefault(stage.undo, stage.of)
            if stage.step.send_again:
                self._again.add(stage.undo)
            (self._open.add if stage.died else self._open.discard)(stage.undo)
            if _went_wrong(stage):
                self._troubled.add(stage.undo)
            self.late |= _acts_late(stage, self._undone) or _timed_out(stage)
            if _looks_fail(stage):
                self._vain.add(stage.undo)
        if stage.step.dry_run:
            yield from self._dry(stage)
            return
        if stage.record:
            self._rows[str(stage.undo)] = stage.record["outcomes"]
        yield from self._twice(stage)
        if not self._open and not self.late:
            yield from self._counted(stage.state)
            yield from self._switched(stage)

    def doubted(self, stage: Stage) -> Iterator[str]:
        """Yield what nothing that went wrong explains, and what a busy machine could."""
        if not self._open and self.late:
            yield from self._counted(stage.state)
            yield from self._switched(stage)
        looked = self._schedule.system != "cybertrace"
        for row in stage.record["outcomes"] if stage.record else ():
            name, reason = row["outcome"], str(row.get("reason"))
            if name in {*DONE, PLANNED}:
                continue
            known = any(text in reason for text in (*NEVER_KNOWN, *EARLIER))
            if stage.undo not in self._troubled and not known:
                yield f"{row.get('value')} {name} although nothing went wrong: {reason}"
            elif name == UNKNOWN and looked and not known and stage.undo not in self._vain:
                yield f"{row.get('value')} unknown, and no look was in vain: {reason}"

    def at_the_end(self) -> Iterator[str]:
        """Yield what is not as before, once nothing more can be put back."""
        last = self._undone.stages[-1]
        left = last.record["outcomes"] if last.record else ()
        if any(text in str(row.get("reason")) for row in left for text in NEVER_KNOWN):
            return
        if "put back already" not in str(last.error):
            yield f"at the end: {last.error or [(r['outcome'], r.get('reason')) for r in left]}"
        if alike(last.state) != alike(self._undone.before):
            yield f"at the end it is not as before: {held(self._schedule, last.state)}"

    def _dry(self, stage: Stage) -> Iterator[str]:
        rows = stage.record["outcomes"] if stage.record else ()
        for row in rows:
            if row["outcome"] not in {PLANNED, REFUSED, UNKNOWN, "absent"}:
                yield f"{row.get('value')} is {row['outcome']} in a dry run"
        if any(row["acted"] and not _is_look(row) for row in stage.requests):
            yield "a dry run changed something"

    def _twice(self, stage: Stage) -> Iterator[str]:
        """Nothing that cannot be looked up is sent twice, unless a person asked for it."""
        if self._schedule.system != "cybertrace":
            return
        for row in stage.requests:
            for one in row["body"] if isinstance(row["body"], list) else ():
                value = one.get("indicator")
                if row["method"] == "DELETE" and (row["acted"] or row["status"] is None):
                    self._acted.discard(value)
                if row["method"] != "PUT":
                    continue
                if value in self._acted and stage.undo not in self._again:
                    yield f"{value} was sent again after it had been sent"
                if row["acted"] or row["status"] is None:
                    self._acted.add(value)

    def _counted(self, state: Mapping[str, Any]) -> Iterator[str]:
        """As much is there of each value as was said to be."""
        least = held(self._schedule, self._undone.gone)
        most = Counter(least)
        for undo, row in self._done():
            value, change = row["value"], self._change[undo]
            if row["outcome"] in {ADDED, CHANGED, REMOVED} or row.get("maybe_ours"):
                least[value] += change
                most[value] += change + (TWICE in str(row.get("advice")))
            elif row["outcome"] == UNKNOWN and self._is_last(undo, value):
                (most if change > 0 else least)[value] += change
        truth = held(self._schedule, state)
        for value in {*least, *most, *truth}:
            if not least[value] <= truth[value] <= most[value]:
                said = " to ".join(map(str, sorted({least[value], most[value]})))
                yield f"{value} is there {truth[value]} times, and {said} were said"

    def _done(self) -> Iterator[tuple[str, Row]]:
        """Yield what undos did, with their ids, without what follows on that."""
        for undo, rows in self._rows.items():
            for row in rows:
                if not self._follows(row) and row.get("value") is not None:
                    yield undo, row

    def _is_last(self, undo: str, value: str) -> bool:
        """Whether no later undo looked again at what stayed unknown.

        One of the same run does, or of one that this undoes over others; any other puts back a twin
        of the same value.
        """
        alike = [
            one
            for one, row in self._done()
            if row["value"] == value
            and self._change[one] == self._change[undo]
            and self._of[one] in {*self._undone_by(undo)}
        ]
        return alike[-1] == undo

    def _undone_by(self, undo: str) -> Iterator[str]:
        """Yield what an undo undoes: a run, and what that undoes, to the removal."""
        run: str | None = undo
        while run := self._of.get(run or ""):
            yield run

    def _follows(self, row: Row) -> bool:
        return self._schedule.action != CLOSING and self._does(row) == CHANGES

    def _does(self, row: Row) -> str:
        return str(self._integration.definition(row["action"]).does)

    def _switched(self, stage: Stage) -> Iterator[str]:
        """A rule that was off is off again, or it is said that it is not."""
        if self._schedule.system != "waf" or not stage.record:
            return
        now, others = switched(stage.state), self._switched_by_others(stage)
        for row in stage.record["outcomes"]:
            if self._follows(row) and row.get("id") in now:
                if row["outcome"] == CHANGED and now[row["id"]] == 1:
                    yield f"{row['value']} is said to be off, and it is on"
                failed = row["outcome"] in {FAILED, REFUSED} and row["id"] not in others
                if failed and now[row["id"]] == 0:
                    yield f"{row['value']} is {row['outcome']}, and it is off"

    def _switched_by_others(self, stage: Stage) -> set[str]:
        """Return the ids of rules that other undos switched off.

        An undo that goes on tells what failed before its process died, also when another one did
        that meanwhile.
        """
        return {
            row["id"]
            for undo, rows in self._rows.items()
            for row in rows
            if undo != stage.undo and self._follows(row) and row["outcome"] == CHANGED
        }


def _went_wrong(stage: Stage) -> bool:
    return stage.died or any(
        row["fault"] is not None or row["status"] is None for row in stage.requests
    )


def _is_look(row: Row) -> bool:
    path = str(row["target"]).partition("?")[0]
    return row["method"] == "GET" or path.endswith("/search")


def _looks_fail(stage: Stage) -> bool:
    """Whether a look was in vain, or an answer may have closed the connection before."""
    closed = any(row["status"] in (400, 401, 403, 407) for row in stage.requests)
    looks = [row for row in stage.requests if _is_look(row)]
    return closed or any(row["fault"] is not None or row["status"] != 200 for row in looks)


def _acts_late(stage: Stage, undone: Undone) -> bool:
    return any("acts_after" in undone.rules.get(row["fault"] or 0, {}) for row in stage.requests)


def _timed_out(stage: Stage) -> bool:
    """Tell whether a request had no answer in time: of a busy machine it may act much later."""
    rows = stage.record["outcomes"] if stage.record else ()
    said = (f"{row.get('reason')} {row.get('advice')}" for row in rows)
    return any("no answer in time" in text or "total_timeout" in text for text in said)
