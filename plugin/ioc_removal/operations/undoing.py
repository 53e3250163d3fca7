"""Perform an undo: its calls, several at a time, each recorded as any other call."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..connection import Connection
from ..definition import ADDS
from ..errors import ArgumentError, HungUpError, PluginError, SettingsError
from ..indicators.normal import normalised
from ..integration import Integration
from ..outcome import DONE, FAILED, PLANNED, REFUSED, UNKNOWN, Outcome
from ..sending import LOST
from ..settings import Settings
from ..store.database import Database
from ..store.recorder import StoreRecorder
from ..store.runs import UNDO, Run
from ..store.undone import (
    THEN,
    Claim,
    Done,
    Earlier,
    Key,
    added_ids,
    made_by,
    split,
    told_before,
)
from ..trust.approval import Counted, approving_of
from ..trust.perform import LEAVE, perform
from ..trust.recorder import Finished, Known
from ..trust.restoring import Undoing, undoing_of
from ..trust.terms import Terms
from .standing import Standing, Together

MOST_AT_ONCE = 64
TRIED = frozenset({*DONE, PLANNED, UNKNOWN})
SENT = "the undo {} sent it, and its answer was lost"
ONCE = f"{SENT}; nothing there can be read, so it is not sent twice"


def calls_of(
    rows: Iterable[tuple[Done, Undoing | None]], repeated: Mapping[Key, Earlier]
) -> list[Claim]:
    """Divide rows among calls: together what one request can carry, else a call a row.

    repeated: rows that an earlier undo may have put back.
    """
    numbers: dict[str, int] = {}
    single: dict[str, str] = {}
    claims = []
    for done, undoing in rows:
        earlier = repeated.get(done.key)
        before = (earlier.undo, earlier.call) if earlier else None
        if undoing and undoing.then and earlier and earlier.half:
            claims.append(Claim(done, _alone(done) + THEN, None, before))
        elif undoing and undoing.item is not None:
            # Not over calls: what a guard let a call remove, it lets a call put back.
            group = [*_place(done), *_shared(undoing), before, done.key[0]]
            number = numbers.setdefault(json.dumps(group, sort_keys=True), len(numbers))
            key = json.dumps([*_place(done), undoing.item, before], sort_keys=True)
            call = single.setdefault(key, f"{undoing.action.name} {number}")
            claims.append(Claim(done, call, undoing.item, before))
        else:  # of one indicator that the run named twice, one call puts it back
            item = done.outcome.id or done.outcome.value
            key = json.dumps([*_place(done), item], sort_keys=True)
            call = single.setdefault(key, _alone(done))
            claims.append(Claim(done, call, None, before))
    return claims


class UndoRecorder(StoreRecorder):
    """Records a call of an undo: with the value of each id, and what cannot be put back.

    claims: by item, of one row by None; texts: what cannot be put back, likewise; earlier: of rows
    that an earlier undo may have put back; name: of what a call follows on; advice: for what does
    not follow.
    """

    claims: Mapping[str | None, Claim]
    texts: Mapping[str | None, tuple[str, ...]]
    earlier: Known
    name: str | None = None
    advice: str | None = None

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch, also from an earlier undo."""
        known = super().known(batch)
        known = self.earlier if known == Known() else known
        if not known.repeated or self._action.definition.does != ADDS:
            return known
        others = added_ids(self._database)  # whatever has an outcome of its own is not this one
        snapshots = {
            item: {**told, "ids": [*told.get("ids", ()), *others]}
            for item, told in known.snapshots.items()
        }
        return replace(known, snapshots=snapshots)

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch."""
        super().finish(replace(finished, outcomes=tuple(map(self._told, finished.outcomes))))

    def _told(self, outcome: Outcome) -> Outcome:
        item = next((one for one in (outcome.value, outcome.id) if one in self.claims), None)
        if item not in self.claims:
            return outcome
        claim = self.claims[item]
        done, before = claim.done, claim.before
        reason, old, advice = outcome.reason, done.outcome.id, outcome.advice
        if before and reason and reason.startswith(LOST):
            reason = SENT.format(before[0]) + reason.removeprefix(LOST)
        if self.advice and outcome.outcome not in {*DONE, PLANNED}:
            advice = "; ".join(filter(None, (advice, self.advice)))
        if reason is None and old and outcome.id and outcome.id != old:
            reason = f"in place of {old}"
        return replace(
            outcome,
            value=next((v for v in (outcome.value, self.name, done.value) if v is not None), None),
            reason=reason,
            advice=advice,
            not_restored=self.texts.get(item, ()) if outcome.outcome in TRIED else (),
        )


@dataclass(frozen=True)
class _Call:
    """A call of an undo: its name, its rows, and how each is undone."""

    name: str
    claims: Sequence[Claim]
    undoings: Sequence[Undoing]


class Performer:
    """Performs the calls of an undo.

    original: the run that is undone; progress: told of a step, what is done of it, and of how many.
    """

    def __init__(
        self,
        database: Database,
        integration: Integration,
        settings: Settings,
        original: Run,
        choose: Mapping[str, str],
        terms: Terms,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self.database, self.integration = database, integration
        self._settings, self._original, self._choose = settings, original, choose
        self._terms, self._progress = terms, progress
        self._connections: dict[str | None, Connection] = {}
        self._lock, self._done, self._total = Lock(), 0, 0
        self._standing: dict[str, Standing] = {}  # by call
        self.addresses: dict[str, str] = {}

    def connect(self, rows: Iterable[Done]) -> None:
        """Make the connections that rows need, to where the run was; raises SettingsError."""
        before = self._original.details.get("addresses", {})
        for done in rows:
            if done.connection in self._connections:
                continue
            system = self.integration.definition(done.action).system
            name = self._choose.get(system, done.connection)
            if name not in self._settings.connections:
                raise SettingsError(
                    f"the run {self._original.run} used the connection {name}, which "
                    f"{self._settings.source} does not have; name another that leads to the same "
                    f"place with --connection {system}=NAME"
                )
            made = Connection(str(name), self._settings, self.integration.systems[system])
            self._connections[done.connection] = made
            if system in before and before[system] != made.place:
                raise SettingsError(
                    f"the run {self._original.run} was on {before[system]}, the settings now name "
                    f"{made.place} for {system}: undo it with the settings that it had"
                )
            self.addresses[system] = made.place

    def warnings(self) -> Iterator[str]:
        """Yield what is to be said of the connections."""
        for connection in self._connections.values():
            yield from connection.warnings

    def hang_up(self) -> None:
        """End what is in flight, and let go of the sockets."""
        for connection in self._connections.values():
            connection.hang_up()

    def leave(self, undo: str, rows: Sequence[tuple[Done, Earlier]]) -> None:
        """Record of rows that an earlier undo may have put back that nothing tells."""
        for done, before in rows:
            self._give(undo, _alone(done), done, UNKNOWN, ONCE.format(before.undo))

    def perform(self, undo: str, claims: Sequence[Claim]) -> list[PluginError]:
        """Perform the calls of an undo; return what ended one of them early."""
        calls = defaultdict(list)
        for one in claims:
            calls[one.call].append(one)
        self._total = len(claims)
        self._terms = replace(self._terms, approval=self._approval(claims))
        self._progress("undo", 0, self._total)
        at_once = sum(one.in_flight for one in self._connections.values()) or 1
        pool = ThreadPoolExecutor(min(at_once, MOST_AT_ONCE), thread_name_prefix="undo")
        running: set[Future[None]] = set()
        errors: list[PluginError] = []
        jobs = defaultdict(list)
        for name, rows in calls.items():
            jobs[self._alike(name, rows[0])].append((name, rows))
        self._ask_together(job[0] for job in jobs.values() if len(job) == 1)
        try:
            for job in jobs.values():
                running.add(pool.submit(self._calls, undo, job))
                if len(running) >= 2 * at_once:
                    running = _waited(running, errors)
            while running:
                running = _waited(running, errors)
        except KeyboardInterrupt:
            self.hang_up()
            pool.shutdown(wait=False, cancel_futures=True)
            wait(running, LEAVE)  # what was answered is recorded
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return errors

    def _approval(self, claims: Iterable[Claim]) -> Counted:
        """Return the approval of an undo: it has no plan, so only a few indicators need none."""
        most = approving_of(self._settings.approval, self._settings.source).most
        sizes = Counter[str]()
        for one in claims if most else ():
            if one.call.endswith(THEN):
                continue  # it belongs to what was put back
            with suppress(ArgumentError):  # it is refused by itself
                done = one.done
                how = undoing_of(self.integration, done.action, done.row, done.arguments)
                sizes[how.action.effect_on(how.restoring.arguments)] += 1
        return Counted(UNDO, most, sizes)

    def _ask_together(self, calls: Iterable[tuple[str, Sequence[Claim]]]) -> None:
        """Let additions at one place ask together what is there; calls: of different names."""
        names = defaultdict[str, dict[str, str]](dict)  # what each call adds, by place
        for call, rows in calls:
            done = rows[0].done
            try:
                how = undoing_of(self.integration, done.action, done.row, done.arguments)
            except ArgumentError:
                continue
            if how.name is not None and how.action.does == ADDS and how.action.settle:
                known = self.integration.definition(how.action.settle).schema.part["properties"]
                where = {n: v for n, v in how.restoring.arguments.items() if n in known}
                place = json.dumps([*_place(done), how.action.name, where], sort_keys=True)
                names[place][call] = how.name
        for added in names.values():
            standing = Standing(added.values())
            self._standing.update(dict.fromkeys(added, standing))

    def _alike(self, name: str, first: Claim) -> str:
        """Return what calls have in common that go one after the other.

        Of two additions of one name at a time, none could tell after a lost answer which it made.
        """
        if first.item is not None:
            return name
        try:
            known = undoing_of(
                self.integration, first.done.action, first.done.row, first.done.arguments
            ).name
        except ArgumentError:
            return name
        alike = name if known is None else normalised(known)
        return json.dumps([*_place(first.done), alike], sort_keys=True)

    def _calls(self, undo: str, calls: Iterable[tuple[str, Sequence[Claim]]]) -> None:
        for name, claims in calls:
            self._call(undo, name, claims)

    def _call(self, undo: str, name: str, claims: Sequence[Claim]) -> None:
        """Perform one call of an undo, and what follows on it."""
        ready, undoings = [], []
        for one in claims:
            try:
                how = undoing_of(
                    self.integration, one.done.action, one.done.row, one.done.arguments
                )
            except ArgumentError as error:
                refused = str(error)
                continue
            ready.append(one)
            undoings.append(how)
        if not ready:
            self._give(undo, name, claims[0].done, REFUSED, refused)
        elif name.endswith(THEN):
            self._rest(undo, _Call(name.removesuffix(THEN), ready, undoings))
        else:
            self._prepared(undo, _Call(name, ready, undoings))
        with self._lock:
            self._done += len(claims)
        self._progress("undo", self._done, self._total)

    def _prepared(self, undo: str, call: _Call) -> None:
        first, how = call.claims[0].done, call.undoings[0]
        action = self._bound(first, how.action.name)
        try:
            prepared = action.prepare(_merged(call.undoings))
        except ArgumentError as error:
            if len(call.claims) == 1 or call.claims[0].item is None:
                self._give(undo, call.name, first, REFUSED, f"it cannot be put back: {error}")
                return
            alone = [replace(c, call=_alone(c.done), item=None) for c in call.claims]
            if not self._terms.dry_run:
                split(self.database, self._original.run, undo, alone)
            for one, undoing in zip(alone, call.undoings, strict=True):
                self._prepared(undo, _Call(one.call, [one], [undoing]))
            return
        except PluginError as error:
            self._give(undo, call.name, first, FAILED, f"nothing was sent: {error}")
            return
        if standing := self._standing.get(call.name):
            action = Together(**vars(action), standing=standing)
        texts = {
            c.item: u.restoring.not_restored
            for c, u in zip(call.claims, call.undoings, strict=True)
        }
        done = self._perform(undo, call, call.name, action, prepared, texts)
        made = next((row for row in done if row.outcome in TRIED - {UNKNOWN}), None)
        if how.then and how.restoring.then and made:
            self._follow(undo, call, how, made)

    def _rest(self, undo: str, call: _Call) -> None:
        """Perform only what follows on a row that an earlier undo put back."""
        before = call.claims[0].before
        made = made_by(self.database, *before) if before else None
        assert made  # noqa: S101  # a row is chosen for this by its outcome
        self._follow(undo, call, call.undoings[0], made)

    def _follow(self, undo: str, call: _Call, how: Undoing, made: Outcome) -> None:
        """Perform what follows on a row that was put back, or would be."""
        then, given = how.then, how.restoring.then
        assert then and given and then.limits  # noqa: S101, PT018  # nobody calls it without
        name, first = call.name + THEN, call.claims[0].done
        if made.outcome == PLANNED:
            reason = f"would be {then.done}; {then.effect_on(given)}"
            self._give(undo, name, first, PLANNED, reason, (then.name, made))
            return
        arguments = {**given, then.limits.argument: made.id}
        advice = self._advice(how, arguments)
        try:
            if made.id is None:
                raise ArgumentError("its new id is not known")  # as any other
            action = self._bound(first, then.name)
            prepared = action.prepare(arguments)
        except PluginError as error:
            reason = f"nothing was sent: {error}"
            self._give(undo, name, first, REFUSED, reason, (then.name, made), advice)
            return
        self._perform(undo, call, name, action, prepared, {}, (made.value, advice))

    def _advice(self, how: Undoing, arguments: Mapping[str, Any]) -> str | None:
        """Say how a row is until what follows on it is done, and how that can be done."""
        if how.then is None or not how.restoring.meanwhile:
            return None
        given = " ".join(f"--arg {n}={'ID' if v is None else v}" for n, v in arguments.items())
        return (
            f"{how.restoring.meanwhile}: `ioc-removal undo {self._original.run}` tries that again, "
            f"or `ioc-removal call {how.then.name} {given}`"
        )

    def _perform(
        self,
        undo: str,
        call: _Call,
        name: str,
        action: Action,
        prepared: Prepared,
        texts: Mapping[str | None, tuple[str, ...]],
        follows: tuple[str | None, str | None] = (None, None),
    ) -> list[Outcome]:
        """Perform a call; follows: the name of what it follows on, and advice when it fails."""
        recorder = UndoRecorder(self.database, undo, name, action)
        recorder.claims = {one.item: one for one in call.claims}
        recorder.texts, recorder.earlier = texts, self._earlier(call, name)
        recorder.name, recorder.advice = follows
        recorder.begin(prepared)
        recorder.plan(prepared)
        batches = list(recorder.planned(prepared, 0, recorder.count()))
        terms = replace(self._terms, snapshot=self._terms.snapshot and not self._terms.dry_run)
        outcomes: list[Outcome] = []
        try:
            with closing(
                perform(action, prepared, recorder, terms=terms, batches=batches)
            ) as performed:
                for finished in performed:
                    outcomes += finished.outcomes
        except HungUpError:
            raise  # it can go on where it is
        except PluginError:
            recorder.give_up(batches, "the undo could not go on")
            raise
        return outcomes

    def _earlier(self, call: _Call, name: str) -> Known:
        """Return what an earlier undo left of a call, when it may have put the rows back."""
        before = call.claims[0].before
        if name.endswith(THEN) or before is None:
            return Known()
        return Known(repeated=True, snapshots=told_before(self.database, *before))

    def _bound(self, done: Done, name: str) -> Action:
        """Return an action on the server that a row was on."""
        connection = self._connections[done.connection]
        node = done.outcome.target.get("node")
        place = next((one for one in connection.nodes if one.node == node), connection)
        return self.integration.bind(name, place, alone=True)

    def _give(
        self,
        undo: str,
        name: str,
        done: Done,
        outcome: str,
        reason: str,
        follows: tuple[str, Outcome] | None = None,
        advice: str | None = None,
    ) -> None:
        """Record an outcome of a row for which nothing is sent.

        follows: the action that should follow on what was made, and that.
        """
        by, made = follows or (self.integration.definition(done.action).undo, None)
        by = by or done.action
        there = done.connection in self._connections
        action = self._bound(done, by) if there else self.integration.bind(by, None)
        recorder = StoreRecorder(self.database, undo, name, action)
        batch = Batch(0, {}, (done.outcome.indicator,))
        if recorder.known(batch).finished is None:
            recorder.begin(Prepared({}, done.outcome.target, 0, ()))
            value, id_ = (made.value, made.id) if made else (done.value, done.outcome.id)
            row = Outcome(outcome, done.outcome.target, value, id_, reason, advice=advice)
            recorder.finish(Finished(batch, outcomes=(row,)))


def _waited(running: set[Future[None]], errors: list[PluginError]) -> set[Future[None]]:
    ended, left = wait(running, return_when=FIRST_COMPLETED)
    for future in ended:
        error = future.exception()
        if isinstance(error, PluginError):
            errors.append(error)
        elif error is not None:
            raise error
    return left


def _alone(done: Done) -> str:
    """Return the name of a call that puts back one row."""
    call, batch, position = done.key
    return f"{call}/{batch}/{position}"


def _place(done: Done) -> Iterator[Any]:
    yield done.connection
    yield dict(done.outcome.target)
    yield done.action


def _shared(undoing: Undoing) -> Iterator[Any]:
    """Yield what the rows of one call have in common: all but the item, and what is told of it."""
    yield undoing.action.name
    yield {
        name: value
        for name, value in undoing.restoring.arguments.items()
        if name != undoing.named and not _of_item(value, undoing.item)
    }


def _of_item(value: Any, item: str | None) -> bool:
    return isinstance(value, Mapping) and set(value) == {item}


def _merged(undoings: Sequence[Undoing]) -> dict[str, Any]:
    """Return the arguments of rows that go together."""
    merged = dict(undoings[0].restoring.arguments)
    if undoings[0].item is None:
        return merged
    items: dict[str, None] = {}
    by_item: dict[str, dict[str, Any]] = defaultdict(dict)
    for undoing in undoings:
        items[str(undoing.item)] = None
        for name, value in undoing.restoring.arguments.items():
            if _of_item(value, undoing.item):
                by_item[name].update(value)
    return {**merged, **by_item, str(undoings[0].named): list(items)}
