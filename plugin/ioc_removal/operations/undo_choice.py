"""Choose what an undo has to do: the rows that are meant, and that no other undo has."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..definition import ADDS
from ..integration import Integration
from ..outcome import FAILED, REFUSED, UNKNOWN, Outcome
from ..restoring import can_be_undone
from ..store.database import Database
from ..store.earlier import Earlier, earlier_undos
from ..store.lease import is_held
from ..store.lineage import Key, Place
from ..store.undone import Done, done_rows
from ..trust.restoring import Undoing
from .undo_rows import Row, how_of


@dataclass
class Choice:
    """What an undo has to do.

    rows: to be put back, with how, None where nothing can; earlier: what came of them at earlier
    undos, repeated: those of them that one may have put back; unclear: rows that an earlier undo
    may have put back, which nothing tells; others: rows that another undo has, by what it says;
    again: rows that were put back and taken away again since, by the two undos.
    """

    rows: list[tuple[Done, Undoing | None]] = field(default_factory=list)
    earlier: dict[Place, Earlier] = field(default_factory=dict)
    repeated: dict[Place, Earlier] = field(default_factory=dict)
    unclear: list[tuple[Done, Earlier]] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    again: Counter[tuple[str, str]] = field(default_factory=Counter)

    def notes(self) -> Iterator[str]:
        """Say in a line each what other undos have."""
        for said, count in self.others.items():
            yield f"{_are(count)} {said}"

    def returns(self) -> Iterator[str]:
        """Say in a line each what was put back before, and is not there any more."""
        for (undo, since), count in self.again.items():
            were = "was" if count == 1 else "were"
            yield (
                f"{count:,} {were} put back by the undo {undo}, which the undo {since} undid: "
                "once more now"
            )


class Choosing:
    """Chooses which rows an undo may have.

    send_again: whether to send once more what cannot be looked up, where that updates what is
    there.
    """

    def __init__(self, database: Database, integration: Integration, *, send_again: bool) -> None:
        self._database, self._integration = database, integration
        self._send_again = send_again
        self._earlier: dict[str, Mapping[Key, Earlier]] = {}  # by run
        self._rows: dict[str, dict[Key, Done]] = {}  # by run
        self._alive: dict[str, bool] = {}  # by undo
        self._seen: set[Place] = set()

    def of(self, rows: Iterable[Row]) -> Choice:
        """Choose among the rows of a run."""
        choice = Choice()
        for row in rows:
            self._choose(choice, row)
        return choice

    def _choose(self, choice: Choice, row: Row) -> None:
        done, how = row
        if done.place in self._seen:
            return  # what undid an undo has one row for several of a run that named it twice
        self._seen.add(done.place)
        before = self._before(done.place)
        since = self._before(before.made) if before and before.made else None
        if before and since and not _not_done(since.outcome):
            self._since(choice, before, since)
        else:
            self._once(choice, done, how if isinstance(how, Undoing) else None, before)

    def _before(self, place: Place) -> Earlier | None:
        """Return what came of a row at an earlier undo."""
        run, key = place
        if run not in self._earlier:
            self._earlier[run] = earlier_undos(self._database, run)
        return self._earlier[run].get(key)

    def _since(self, choice: Choice, before: Earlier, since: Earlier) -> None:
        """Choose of a row that was put back what undid that, if that is known."""
        back = f"put back by the undo {before.undo}"
        if since.outcome is None:
            choice.others[self._open(since.undo, "being undone again")] += 1
        elif since.outcome.outcome == UNKNOWN:
            choice.others[
                f"{back}, and whether the undo {since.undo} undid that is not known: "
                f"`ioc-removal undo {before.undo}` first"
            ] += 1
        elif since.made and can_be_undone(since.outcome.row()):
            done = self._row(since.made)
            if done is None:
                choice.others[f"{back}, which the undo {since.undo} undid"] += 1
                return
            choice.again[before.undo, since.undo] += 1
            self._choose(choice, (done, how_of(self._integration, done)))
        else:
            choice.others[f"{back}, and gone since, as the undo {since.undo} found"] += 1

    def _once(
        self, choice: Choice, done: Done, undoing: Undoing | None, before: Earlier | None
    ) -> None:
        """Choose a row unless another undo has put it back, or may have."""
        half = bool(undoing and undoing.then and before and before.half)
        if before:
            choice.earlier[done.place] = before
        if before is None or (_not_done(before.outcome) and not half):
            choice.rows.append((done, undoing))
        elif self._held(before.undo) or before.outcome is None:
            choice.others[self._open(before.undo, "being put back")] += 1
        elif half:
            choice.rows.append((done, undoing))
            choice.repeated[done.place] = before
        elif before.outcome.outcome != UNKNOWN:
            choice.others[f"put back already, by the undo {before.undo}"] += 1
        elif undoing and self._can_repeat(undoing):
            choice.rows.append((done, undoing))
            choice.repeated[done.place] = before
        else:
            choice.unclear.append((done, before))

    def _can_repeat(self, undoing: Undoing) -> bool:
        """Tell whether what may have been done can be done once more, without doing it twice."""
        action = undoing.action
        return bool(action.settle or action.does != ADDS or (self._send_again and action.again))

    def _row(self, place: Place) -> Done | None:
        """Return a row of another undo; None when it is given again and stands for no row."""
        run, key = place
        if run not in self._rows:
            self._rows[run] = {done.key: done for done in done_rows(self._database, run)}
        return self._rows[run].get(key)

    def _held(self, undo: str) -> bool:
        if undo not in self._alive:
            self._alive[undo] = is_held(self._database, undo)
        return self._alive[undo]

    def _open(self, undo: str, doing: str) -> str:
        """Say of a row that an undo has which is alive, or has stopped."""
        if self._held(undo):
            return f"{doing} by the undo {undo}, which is alive"
        return f"with the undo {undo}, which stopped: `ioc-removal resume {undo}` goes on"


def _not_done(outcome: Outcome | None) -> bool:
    """Tell whether what should be done surely was not."""
    return outcome is not None and outcome.outcome in {FAILED, REFUSED}


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"
