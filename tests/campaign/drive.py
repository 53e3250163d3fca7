"""Carry out a schedule: sandboxes, settings, one call through perform()."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from socket import socket
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from ioc_removal.batches import Batch
from ioc_removal.connection import Connection
from ioc_removal.errors import PluginError
from ioc_removal.integration import Integration
from ioc_removal.outcome import Outcome
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.perform import EARNEST, perform
from ioc_removal.trust.recorder import Finished, Known, NoRecord
from ioc_removal.trust.terms import Terms

from .schedule import Schedule
from .world import arguments_of, seed_of, settings_of

QUIET = 3.0  # seconds after which nothing acts late any more


@dataclass
class Node:
    """One server. name: host and port; earlier: requests that an earlier process had made."""

    name: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    requests: Sequence[Mapping[str, Any]] = ()
    rules: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    earlier: int = 0


@dataclass
class Ran:
    """What came of a schedule.

    error: what was raised before anything was sent of the items in unprepared.
    """

    nodes: list[Node]
    outcomes: list[Outcome] = field(default_factory=list)
    batches: list[Finished] = field(default_factory=list)
    error: PluginError | None = None
    unprepared: set[str] = field(default_factory=set)


class AfterACrash(NoRecord):
    """Knows that an earlier process may have sent the first batches."""

    def __init__(self, crashed: int) -> None:
        self._crashed = crashed

    def known(self, batch: Batch) -> Known:
        return Known(repeated=batch.number < self._crashed)


def run(schedule: Schedule, integration: Integration) -> Ran:
    """Carry out a schedule and return what came of it, once nothing acts late any more."""
    with ExitStack() as stack:
        sandboxes = [
            stack.enter_context(Sandbox(seed_of(schedule, node), tls=schedule.tls))
            for node in range(schedule.nodes - schedule.down)
        ]
        urls = [sandbox.url for sandbox in sandboxes]
        if schedule.down:
            kept = stack.enter_context(socket())  # bound, so that nobody else listens there
            kept.bind(("127.0.0.1", 0))
            urls.append(f"http://127.0.0.1:{kept.getsockname()[1]}")
        ran = Ran([Node(urlsplit(url).netloc) for url in urls])
        for node, sandbox in zip(ran.nodes, sandboxes, strict=False):
            node.before = sandbox.state()
        document = settings_of(schedule, sandboxes[0], urls)
        if schedule.crashed:
            _call(schedule, integration, document, Ran([]), sent_only=True)
            for node, sandbox in zip(ran.nodes, sandboxes, strict=False):
                _quieten(sandbox)
                node.earlier = len(sandbox.requests)
        _call(schedule, integration, document, ran, sent_only=False)
        for node, sandbox in zip(ran.nodes, sandboxes, strict=False):
            _quieten(sandbox)
            node.requests, node.after = sandbox.requests, sandbox.state()
            node.rules = {row["number"]: row["fault"] for row in sandbox.faults}
    return ran


def _call(
    schedule: Schedule, integration: Integration, document: Any, ran: Ran, *, sent_only: bool
) -> None:
    """Make the call; sent_only: only the batches of which nothing is kept."""
    system = schedule.system
    settings = settings_from(document, "campaign")
    connection = Connection(system, settings, integration.systems[system])
    terms = EARNEST
    if schedule.guards is not None:
        terms = Terms(guards=Guards(settings.guards, settings.source))
    action = integration.bind(schedule.action, connection)

    def call(items: Sequence[str], place: int = 0) -> list[Finished]:
        try:
            prepared = action.prepare(arguments_of(schedule, items))
        except PluginError as error:
            ran.error = error
            ran.unprepared |= set(items)
            return []
        crashed = schedule.crashed - place
        batches = list(prepared)[:crashed] if sent_only else None
        recorder = AfterACrash(0 if sent_only else crashed)
        return list(perform(action, prepared, recorder, terms=terms, batches=batches))

    try:
        if schedule.system == "waf":  # a call a rule, several at a time, as a playbook makes them
            with ThreadPoolExecutor(schedule.limits["in_flight"]) as pool:
                rules = schedule.items[: schedule.crashed if sent_only else None]
                for finished in pool.map(call, [(rule,) for rule in rules], range(len(rules))):
                    ran.batches += finished
        else:
            ran.batches += call(schedule.items)
    finally:
        ran.outcomes += [outcome for one in ran.batches for outcome in one.outcomes]
        connection.hang_up()


def _quieten(sandbox: Sandbox) -> None:
    """Wait until every system has acted that is to act later, and every request is noted."""
    late = {row["number"] for row in sandbox.faults if "acts_after" in row["fault"]}
    end = monotonic() + QUIET
    while monotonic() < end:
        if not any(row["fault"] in late and not row["acted"] for row in sandbox.requests):
            return
        sleep(0.01)
