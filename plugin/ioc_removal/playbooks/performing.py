"""What the steps of a playbook's run do: prepare a call, perform a part of it, sum it up.

Each function may run again after a crash: what it wrote is found again, not written twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event, Lock
from typing import Any

from ..action import Action
from ..errors import HungUpError, PluginError, StoreError
from ..integration import Integration
from ..outcome import FAILED, PLANNED, SUCCEEDED, ordered
from ..settings import Settings
from ..store.approvals import put_ask, settled
from ..store.asks import EXPIRED
from ..store.cancelling import Cancellation
from ..store.database import Database
from ..store.let_through import LetThrough
from ..store.outcome_sets import set_of_outcomes
from ..store.planned_only import PlannedOnly
from ..store.plans import get_plan
from ..store.results import run_summary
from ..store.runs import OVERRIDES, Run, get_run
from ..store.sets import by_reference, by_value
from ..store.steps import kept
from ..store.turns import ANY, OwnPlaces
from ..trust.approval import approving_of
from ..trust.guards import Guards
from ..trust.perform import perform
from ..trust.record import error_row
from ..trust.removal_key import connection_facts, digest
from ..trust.terms import Terms
from .approving import RunApproval
from .asking import assumed_yes, question_of, result_of
from .calling import calling_of
from .chunking import chunk_of
from .connections import Connections
from .rounds import TIMEOUT

ASSUMED = "assumed: a dry run sends nothing"


@dataclass(frozen=True)
class Progress:
    """How far a task is: indicators, of all that it has to remove."""

    task: str
    done: int
    total: int


class Performing:
    """The calls of one run, in this process.

    choose: the connection of a system, by name, where there are several; plan: the id of the only
    one that may be done; progress: told of each finished batch, from several threads; own: how many
    requests this process may have in flight.
    """

    def __init__(
        self,
        database: Database,
        known: Run,
        integration: Integration,
        settings: Settings,
        choose: Mapping[str, str],
        *,
        terms: Terms,
        plan: str | None = None,
        progress: Callable[[Progress], None],
        own: OwnPlaces = ANY,
    ) -> None:
        run = known.run
        self.database, self.run, self.integration = database, run, integration
        self.settings = settings
        self.connections = Connections(database, run, integration, settings, choose, own)
        overrides = known.details.get(OVERRIDES, {})
        guards = terms.guards or Guards(settings.guards, settings.source, overrides)
        self._progress = progress
        self.plan = applied = get_plan(database, plan) if plan else None
        self._hash = applied.hash if applied else None
        self._approving = approving_of(settings.approval, settings.source)
        self.approval = RunApproval(database, run, integration, self._approving.most, applied)
        self._terms = terms._replace(guards=guards, approval=self.approval)
        self._lock = Lock()
        self._bound: dict[str, Action] = {}
        self._done: dict[str, int] = {}
        self._let_through = LetThrough(database, run)
        self.calling = calling_of(
            database, run, integration.definitions, self.connections.fingerprint
        )
        self.over = Event()  # the run was cancelled

    def stop(self, cancelled: Cancellation) -> None:
        """Send nothing more: what is in flight ends with the try that it is at."""
        self.connections.stop(cancelled.reason, at_once=self.dry_run)  # which sends only reads
        self.over.set()

    @property
    def dry_run(self) -> bool:
        """Whether nothing is sent that does something."""
        return self._terms.dry_run

    @property
    def warnings(self) -> list[str]:
        """What the guards warned of in this process."""
        return self._terms.guards.warnings if self._terms.guards else []

    def bind(self, name: str) -> Action:
        """Return an action on its connection, the same each time: a task may have many calls."""
        if name not in self._bound:
            system = self.integration.definition(name).system
            self._bound[name] = self.integration.bind(name, self.connections.of(system))
        return self._bound[name]

    def step(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        """Do a step of a playbook that asks, unless an earlier turn of the run did it."""
        return kept(self.database, self.run, name, lambda: function(*given))

    def ask(self, call: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a person, or tell what was decided: {status, result}, or {waiting} for the name."""
        try:
            usual = int(self._approving.wait.total_seconds() // 60)
            question = question_of(by_value(self.database, given), usual)
            if self._terms.dry_run:
                answer = assumed_yes(question["schema"])
                return {"status": SUCCEEDED, "result": result_of(question, answer)}
            requester = get_run(self.database, self.run)
            names = (requester.requester, requester.details["requester"]["user"])
            question["approvers"] = self._approving.may(question["users"], names)
            wait = timedelta(minutes=question["ttl"])
            asked = put_ask(self.database, self.run, call, question, plan=self._hash, wait=wait)
            known = settled(self.database, asked)
        except PluginError as error:
            return {"status": FAILED, "result": {}, "errors": [error_of(call, error)]}
        if known is None:
            return {"waiting": call}
        late = known.decision == EXPIRED
        result = result_of(question, None if late else known.response)
        return {"status": TIMEOUT if late else SUCCEEDED, "result": result}

    def read(self, call: str, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Perform a read or a local action; return its result, its rows by reference."""
        try:
            outputs = self.calling.read(call, self.bind(name), by_value(self.database, given))
        except PluginError as error:
            return {"result": FAILED, "errors": [error_of(call, error)]}
        return {"result": SUCCEEDED, "outputs": by_reference(outputs)}

    def prepare(
        self, call: str, name: str, given: Mapping[str, Any], assumed: bool
    ) -> dict[str, Any]:
        """Check a removal and keep how it is cut; return the sizes that its chunks need."""
        try:
            action = self.bind(name)
            prepared = action.prepare(by_value(self.database, given))
            recorder = self.calling.recorder(call, action)
            recorder.begin(prepared, assumed=assumed)
            batches, size = self.calling.plan(recorder, call, action, prepared)
            effect = action.definition.effect_on(prepared.arguments)
            self.approval.add(call, effect, size)
        except PluginError as error:
            return {"errors": [error_of(call, error)]}
        shared = self.database.is_shared  # else nobody takes a part of it
        chunk = chunk_of(action, batches, shared=shared) if shared else max(1, batches)
        return {"batches": batches, "chunk": chunk}

    def perform(self, call: str, name: str, first: int, stop: int) -> dict[str, Any]:
        """Perform some batches of a prepared removal; return the errors that stopped it."""
        action = self.bind(name)
        recorder = self.calling.recorder(call, action)
        try:
            prepared = recorder.prepared()
            total = prepared.size * action.copies
            planned = recorder.planned(prepared, first, stop, own=True)
            batches = self.calling.batches(recorder, planned)
            with closing(
                perform(
                    action, prepared, recorder, terms=self.terms_of(call, action), batches=batches
                )
            ) as performed:
                for finished in performed:
                    self.tell(call, len(finished.batch.items), total)
        except PluginError as error:
            return {"errors": [error_of(call, error)]}
        return {"errors": []}

    def outcome(self, call: str, name: str) -> dict[str, Any]:
        """Sum up a removal that was performed; return its result, its outcomes by reference."""
        try:
            recorder = self.calling.recorder(call, self.bind(name))
            if not self._terms.dry_run and recorder.is_left():
                unfinished = recorder.planned(recorder.prepared(), 0, recorder.count(), left=True)
                recorder.give_up(unfinished, "the run could not go on")
            summary = run_summary(self.database, self.run, call)
            counts, assumed = summary.counts, None
            if self._terms.dry_run:
                done = self.integration.definition(name).done
                assumed = partial(_assumed, done=done)
                counts = {done if key == PLANNED else key: n for key, n in counts.items()}
            before = self.calling.before(call)
            counts = Counter(counts) + Counter(row["outcome"] for row in before)
            outcomes = set_of_outcomes(self.database, self.run, call, before, assumed)
        except PluginError as error:
            return {"result": FAILED, "errors": [error_of(call, error)]}
        return {
            "result": summary.result,
            "counts": ordered(counts),
            "outcomes": by_reference(outcomes),
        }

    def terms_of(self, call: str, action: Action) -> Terms:
        """Return the terms of a call: in a run that applies a plan, only what is in it."""
        if self.plan is None or action.call is None:
            return self._terms
        fingerprint = digest(connection_facts(action.call.connection, self.settings))
        only = PlannedOnly(self.database, self.plan, self.run, call, fingerprint, self._let_through)
        return self._terms._replace(plan=only)

    def tell(self, call: str, done: int, total: int) -> None:
        """Tell how far a call is, which has so many items."""
        with self._lock:
            self._done[call] = self._done.get(call, 0) + done
        self._progress(Progress(call, self._done[call], total))


def error_of(call: str, error: PluginError) -> dict[str, Any]:
    """Return an error with the task whose call it ended, safe from being taken for a reference.

    A store that fails, or who ends this process, ends no call: raises that error again, and the run
    goes on from there later.
    """
    if isinstance(error, StoreError | HungUpError):
        raise error
    row: dict[str, Any] = by_reference({"call": call, **error_row(error)})
    return row


def _assumed(row: dict[str, Any], done: str) -> dict[str, Any]:
    """Return an outcome of a dry run as a playbook sees it: what is planned is done."""
    return {**row, "outcome": done, "reason": ASSUMED} if row["outcome"] == PLANNED else row
