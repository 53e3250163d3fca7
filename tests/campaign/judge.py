"""Compare outcomes with what the sandboxes truly hold and were asked."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, log2
from typing import Any

from ioc_removal.integration import Integration
from ioc_removal.outcome import ABSENT, FAILED, REFUSED, REMOVED, UNKNOWN, Outcome

from .drive import Node, Ran
from .guarding import guard_of, must_stay, unexplained
from .schedule import Schedule
from .world import beside, held

Row = Mapping[str, Any]

# Faults after which the caller has the system's own answer, whole, in some words.
HARMLESS = {"headers", "expire_tokens"}
READABLE = {"other-spelling", "other-values", "illegal-escape"}
CHOOSING = {"system", "method", "path", "carries", "times", "skip", "chance", "random"}
MOST_FAILURES = 5
MOST_LOST = 4
LOOKS = 2


@dataclass
class Verdict:
    """What came of a schedule.

    wrong: against the truth, or against what may be asked; doubted: what can be so as well when
    this machine was too busy to answer in time; counts: of outcomes and of what was met.
    """

    wrong: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judged(schedule: Schedule, ran: Ran, integration: Integration) -> Verdict:
    """Judge a schedule that was carried out."""
    verdict = Verdict()
    counts = verdict.counts
    verdict.wrong += _complete(schedule, ran)
    for node in ran.nodes:
        if node.before:
            verdict.wrong += _asked(schedule, node, integration)
            verdict.doubted += _rejected(schedule, node)
            verdict.wrong += _kept(schedule, node)
            counts["requests"] += len(node.requests)
            counts["faults"] += sum(row["fault"] is not None for row in node.requests)
            own = [o for o in ran.outcomes if o.target.get("node", node.name) == node.name]
            for outcome in own:
                case = _Case(schedule, node, outcome, ran.outcomes)
                where = f"{outcome.indicator} at {node.name}:"
                verdict.wrong += [f"{where} {line}" for line in case.wrong()]
                verdict.doubted += [f"{where} {line}" for line in case.doubted()]
                counts["late"] += case.late
            verdict.wrong += _bounded(node, ran)
        else:
            own = [o for o in ran.outcomes if o.target.get("node") == node.name]
            possible = {FAILED, UNKNOWN} if schedule.crashed else {FAILED}
            verdict.wrong += [
                f"{outcome.indicator}: {outcome.outcome} at a node that is down"
                for outcome in own
                if outcome.outcome not in possible and not guard_of(outcome)
            ]
    counts.update(outcome.outcome for outcome in ran.outcomes)
    counts["maybe ours"] = sum(outcome.maybe_ours for outcome in ran.outcomes)
    counts["guarded"] = sum(bool(guard_of(outcome)) for outcome in ran.outcomes)
    counts["settled"] = sum(outcome.settled for outcome in ran.outcomes)
    counts["not prepared"] += ran.error is not None
    return verdict


def _complete(schedule: Schedule, ran: Ran) -> Iterator[str]:
    """One outcome an item, target and node, in the order of the call."""
    if ran.error is not None:
        for node in ran.nodes:
            sent = {item for row in node.requests[node.earlier :] for item in _carried(row)}
            if sent & ran.unprepared:
                yield f"raised after a deletion was sent: {ran.error!r}"
    prepared = [item for item in schedule.items if item not in ran.unprepared]
    for node in ran.nodes:
        named = [o.indicator for o in ran.outcomes if o.target.get("node", node.name) == node.name]
        if named != prepared:
            yield f"outcomes at {node.name} are of {named}, not of {prepared}"
    if len(ran.outcomes) != len(prepared) * len(ran.nodes):
        yield f"{len(ran.outcomes)} outcomes of {len(prepared)} items at {len(ran.nodes)}"


def _asked(schedule: Schedule, node: Node, integration: Integration) -> Iterator[str]:
    """No request outside of the documented templates, none to another host, no account locked."""
    templates = [*_templates(schedule, integration)]
    for row in node.requests:
        path = row["target"].partition("?")[0]
        if not any(m == row["method"] and t.fullmatch(path) for m, t in templates):
            yield f"{row['method']} {row['target']} is no documented request"
        if row["headers"].get("Host") != node.name:
            yield f"{row['method']} {row['target']} went to {row['headers'].get('Host')}"
        if row["method"] != "GET" and row["system"] == "cybertrace" and row["body"] in (None, []):
            yield f"{row['method']} {row['target']} had no body"
    state = node.after["huawei"]
    if state["locked"] and not _hidden(node):
        yield f"locked: {state['locked']}"
    if state["failures"]["password"] > MOST_FAILURES:
        yield f"{state['failures']['password']} wrong passwords"


def _rejected(schedule: Schedule, node: Node) -> Iterator[str]:
    """Wrong credentials are sent once; a caller that did not wait for the answer is not told."""
    told = [
        row
        for row in node.requests[node.earlier :]
        if (row["status"], row["system_status"]) == (401, 401) and _own(node, row) <= HARMLESS
    ]
    if len(told) > 1 and schedule.auth.startswith("wrong") and not _hidden(node):
        yield f"{len(told)} requests were answered that the credentials are wrong"


def _hidden(node: Node) -> bool:
    """Whether a gateway hid a 401 behind another status, which Huawei's does not."""
    return any(
        row["system_status"] == 401 and row["status"] not in (None, 401) for row in node.requests
    )


def _templates(
    schedule: Schedule, integration: Integration
) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield what this action may ask: its deletion, its look-up, the version test, the login."""
    definition = integration.definition(schedule.action)
    names = [schedule.action, *([definition.settle] if definition.settle else [])]
    base = r"/api/1\.[0-3](/Branch)?/" if schedule.system == "cybertrace" else "/"
    endpoints = [integration.definition(name).endpoint for name in names]
    pairs = [(endpoint.method, endpoint.path) for endpoint in endpoints if endpoint]
    if schedule.system == "cybertrace":
        pairs.append(("GET", "suppliers"))
    for method, path in pairs:
        yield method, re.compile(base + re.sub(r"\{\w+\}", "[^/?]+", path))
    yield "POST", re.compile("/v3/auth/tokens")


def _kept(schedule: Schedule, node: Node) -> Iterator[str]:
    """Nothing is gone that was not named."""
    before, after = beside(schedule, node.before), beside(schedule, node.after)
    for system, places in before.items():
        for place, rows in places.items():
            if after[system].get(place) != rows:
                yield f"{system} {place}: changed beside the items that were named"


def _bounded(node: Node, ran: Ran) -> Iterator[str]:
    """Count the requests of each batch that was taken apart."""
    for finished in ran.batches:
        batch = finished.outcomes
        if len(batch) < 2 or batch[0].target.get("node", node.name) != node.name:
            continue
        first = batch[0].indicator
        rows = [
            row
            for row in node.requests[node.earlier :]
            if row["method"] == "DELETE"
            and set(_carried(row)) <= {outcome.indicator for outcome in batch}
        ]
        most = 2 * ceil(log2(len(batch))) + 8
        if len(rows) > most:
            yield f"{len(rows)} requests, not {most}, for the batch of {first}"


def _form(item: str) -> str:
    return item.casefold().rpartition("://")[2].rstrip("/")


def _own(node: Node, row: Row) -> set[str]:
    """Return what the fault that struck a request does to it."""
    rule = node.rules[row["fault"]] if row["fault"] is not None else {}
    return rule.keys() - CHOOSING


def _carried(row: Row) -> Sequence[str]:
    """Return the items of a deletion, none of another request."""
    if row["method"] != "DELETE":
        return []
    if row["system"] == "waf":
        return [row["target"].partition("?")[0].rpartition("/")[2]]
    body = row["body"]
    if isinstance(body, dict):
        return list(body.get("batch_ids", ()))
    return [one["indicator"] for one in body or ()]


class _Case:
    """One outcome, and the requests that carried its indicator."""

    def __init__(
        self, schedule: Schedule, node: Node, outcome: Outcome, others: Sequence[Outcome]
    ) -> None:
        self.schedule, self.node, self.outcome, self.others = schedule, node, outcome, others
        item = outcome.indicator
        self.was = item in held(schedule, node.before)
        self.is_ = item in held(schedule, node.after)
        self.carried = [row for row in node.requests if item in _carried(row)]
        last = self.carried[-1]["number"] if self.carried else 0
        wanted = "POST" if schedule.system == "secmaster" else "GET"
        self.looks = [
            row
            for row in node.requests
            if row["method"] == wanted and row["number"] > last and row["system"] == schedule.system
        ]
        self.late = self._late()

    def wrong(self) -> Iterator[str]:
        """Yield what the state of the system belies."""
        outcome, name = self.outcome, self.outcome.outcome
        if name == REMOVED:
            yield from self._removed()
        elif name == ABSENT:
            yield from self._absent()
        elif name in (FAILED, REFUSED):
            if self.was and not self.is_ and not self.late:
                yield f"{name}, and it is gone: {outcome.reason}"
            if outcome.settled and not self.was:
                yield f"{name} as still there, and it never was: {outcome.reason}"
        elif name != UNKNOWN:
            yield f"an outcome {name}"
        if must_stay(self.schedule, outcome.indicator) and self.carried:
            yield f"{name}, it is protected, and it was sent"
        if guard_of(outcome):
            yield from unexplained(self.schedule, outcome, self.others, self.node.requests)
            if any(row["number"] > self.node.earlier for row in self.carried):
                yield f"{name} by a guard, and it was sent: {outcome.reason}"

    def doubted(self) -> Iterator[str]:
        """Yield what the requests that were made do not explain."""
        outcome, name = self.outcome, self.outcome.outcome
        sent = sum(row["number"] > self.node.earlier for row in self.carried)
        if outcome.attempts != sent:
            yield f"{name} with {outcome.attempts} attempts, and {sent} requests carried it"
        if self.schedule.system != "cybertrace" and any(
            row["status"] is None for row in self.carried[:-1] if row["number"] > self.node.earlier
        ):
            yield "sent again after a lost answer, which a look could have told"
        if guard_of(outcome):  # which the requests need not explain
            return
        if name == REFUSED and not self._closed():
            yield f"refused, and nothing closed the connection: {outcome.reason}"
        if name == UNKNOWN:
            yield from self._unknown()
        listed = self.schedule.system == "secmaster" and outcome.settled  # error_ids says no reason
        listed |= bool(self.schedule.crashed)
        if outcome.maybe_ours and not listed and not any(map(self._unclear, self.carried)):
            yield "maybe ours, and every answer was clear"
        if name != REMOVED and name != ABSENT and self._untroubled():
            yield f"{name} although nothing went wrong: {outcome.reason}"

    def _removed(self) -> Iterator[str]:
        if self.is_:
            yield f"removed, and it is still there: {self.outcome.reason}"
        if not self.was:
            yield "removed, and it was never there"
        if not any(row["acted"] and row["system_status"] < 300 for row in self.carried):
            yield "removed, and no request of ours did it"

    def _absent(self) -> Iterator[str]:
        if self.is_:
            yield f"absent, and it is still there: {self.outcome.reason}"
        if self.was and not self.outcome.maybe_ours:
            yield f"absent, not said to be ours, and it was there: {self.outcome.reason}"

    def _unknown(self) -> Iterator[str]:
        """An outcome may stay unknown when nobody could be asked, or no answer came."""
        if self.schedule.system == "cybertrace":
            clear = not any(map(self._unclear, self.carried))
            if clear and not self.schedule.crashed and not self._twins():
                yield f"unknown after clear answers: {self.outcome.reason}"
            elif self.carried and self._told(self.carried[-1]) and self._valid():
                yield f"unknown although the last answer told it: {self.outcome.reason}"
            return
        if self._closed():
            return
        vain = [row for row in self.looks if row["fault"] is not None or row["status"] != 200]
        if len(vain) < LOOKS:
            yield f"unknown after {len(vain)} vain looks: {self.outcome.reason}"

    def _late(self) -> bool:
        """Whether a system acted on a deletion after the last look at it, or after its answer."""
        if any("acts_after" in self._rule(row) for row in self.carried):
            return not self.outcome.settled or len(self.looks) > 1
        acted = [row["number"] for row in self.carried if row["acted"]]
        looked = [row["number"] for row in self.node.requests if row["method"] in ("GET", "POST")]
        return bool(acted) and self.outcome.settled and max(acted) > max(looked, default=0)

    def _closed(self) -> bool:
        """Whether a refusal, some time, closed the connection or the action."""
        for row in self.node.requests:
            status = row["status"]
            token = status == 400 and row["system"] == "waf"
            if status in (401, 403, 407) or token:
                return True
            if status is not None and status >= 400 and row["system"] == "iam":
                return True
            test = row["method"] == "GET" and row["system"] == "cybertrace"
            if status is not None and status >= 400 and test:
                return True
        lost = sum(self._unclear(row) for row in self.node.requests)
        if (
            self.schedule.auth in ("aksk", "temporary", "wrong aksk", "reader")
            and lost >= MOST_LOST
        ):
            return True
        return any(row["system"] == "iam" and row["fault"] for row in self.node.requests)

    def _untroubled(self) -> bool:
        """Whether the item must have been removed, or found absent."""
        schedule = self.schedule
        return (
            not any(row["fault"] for row in self.node.requests)
            and schedule.auth in ("basic", "aksk", "temporary", "iam_token", "iam_password")
            and not {"nowhere", "f" * 32, "Broken", "Nobody"} & set(schedule.arguments.values())
            and not (self.outcome.http_status == 404 and schedule.api_version is None)
            and not (schedule.system == "secmaster" and any(len(i) < 32 for i in schedule.items))
            and self._valid()
        )

    def _valid(self) -> bool:
        item = self.outcome.indicator
        return " " not in item and "\\" not in item and not self._twins()

    def _twins(self) -> bool:
        """Whether a row in other words may speak of this item or of another one."""
        own = _form(self.outcome.indicator)
        return sum(_form(item) == own for item in self.schedule.items) > 1

    def _rule(self, row: Row) -> Row:
        return self.node.rules[row["fault"]] if row["fault"] is not None else {}

    def _told(self, row: Row) -> bool:
        """Whether the caller had the system's own answer to a deletion that was carried out."""
        done = row["acted"] and row["system_status"] < 300
        return done and not self._unclear(row) and row["status"] == row["system_status"]

    def _unclear(self, row: Row) -> bool:
        """Whether a request may have been carried out, for all that its answer says."""
        rule = self._rule(row)
        if row["number"] <= self.node.earlier:
            return True
        own = rule.keys() - CHOOSING
        if row["fault"] is None or own <= HARMLESS:
            return bool(row["system_status"] == 500 and self.schedule.system != "cybertrace")
        if rule.get("answer") in READABLE:  # and told by the system itself
            return False
        status = row["status"]
        flawed = own & {"cut", "content_length", "drip_body", "drip_headers", "delay"}
        if status is not None and 400 <= status < 500 and not flawed:
            return False
        documented = status == 500 and self.schedule.system == "cybertrace" and own == {"status"}
        return not documented
