"""An outcome as a row of the store."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii as encoded
from typing import Any, NamedTuple

from ..outcome import FAILED, OUTCOMES, REFUSED, TARGETS, Outcome
from ..same_outcome import SameOutcome
from .chain import ROW, Hashing, array
from .columns import parsed, sorted_json, target_json, unreadable
from .plain_json import BETWEEN
from .snapshot_texts import NO_TEXTS, SnapshotTexts
from .statements import Transaction

OUTCOME_COLUMNS = ", ".join(ROW[4:])
OWN = ("position", "value", "id", "snapshot")  # what outcomes of a batch differ in
SHARED = tuple(name for name in ROW[3:] if name not in OWN)
SHARED_COLUMNS = ", ".join(SHARED)
TOGETHER = 1_000  # outcomes of one row, at most
_INSERT = f"INSERT INTO alike VALUES ({', '.join('?' * (7 + len(SHARED)))})"  # noqa: S608
_OUTCOME, _ATTEMPTS = SHARED.index("outcome"), SHARED.index("attempts")
NAMES = 2  # of the columns of an outcome, those that name its indicator
SNAPSHOT = ROW.index("snapshot") - 4


def outcome_of(row: tuple[Any, ...], run: str) -> Outcome:
    """Return the outcome of a row of OUTCOME_COLUMNS; raises StoreError."""
    value, id_, target, outcome, reason, status, request_id, attempts, maybe, *rest = row
    response, settled, advice, verified, snapshot, not_restored = rest
    if outcome not in OUTCOMES:
        raise unreadable("outcomes.outcome", run)
    return Outcome(
        outcome, parsed(target, "outcomes.target", run, dict), value, id_, reason, status,
        request_id, attempts,
        bool(maybe), bool(settled), advice, bool(verified),
        parsed(snapshot, "outcomes.snapshot", run, dict) if snapshot else None,
        tuple(parsed(not_restored, "outcomes.not_restored", run, list)) if not_restored else (),
        parsed(response, "outcomes.response", run),
    )  # fmt: skip


def flat_parts(shared: Sequence[Any], run: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what flat rows of outcomes have alike, before and after the snapshot of each.

    shared: the columns SHARED. Raises StoreError.
    """
    target, outcome, reason, status, request_id, attempts, maybe, response, *rest = shared
    settled, advice, verified, not_restored = rest
    if outcome not in OUTCOMES:
        raise unreadable("outcomes.outcome", run)
    before = {
        **_shared(target, "outcomes.target", run, dict),
        "outcome": outcome,
        "reason": reason,
        "advice": advice,
        "http_status": status,
        "request_id": request_id,
        "attempts": attempts,
        "maybe_ours": bool(maybe) or None,
        "settled": bool(settled) or None,
        "verified": bool(verified) or None,
    }
    after = {
        "not_restored": (not_restored and parsed(not_restored, "outcomes.not_restored", run, list))
        or None
    }
    taken = {"action", *OWN, *before, *after, *TARGETS}
    said = _shared(response, "outcomes.response", run, object).items()
    return _known(before), _known(after | {name: part for name, part in said if name not in taken})


def flat_row(
    action: str,
    names: Sequence[str | None],
    snapshot: str | None,
    parts: tuple[dict[str, Any], dict[str, Any]],
    run: str,
) -> dict[str, Any]:
    """Return an outcome as Outcome.row() would, with its action before it.

    names: value and id; snapshot: JSON; parts: flat_parts() of the outcome. Raises StoreError.
    """
    value, id_ = names
    row: dict[str, Any] = {"action": action}
    if value is not None:
        row["value"] = value
    if id_ is not None:
        row["id"] = id_
    before, after = parts
    row.update(before)
    if snapshot:
        row["snapshot"] = parsed(snapshot, "outcomes.snapshot", run, dict)
    row.update(after)
    return row


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in row.items() if part is not None}


@lru_cache(maxsize=256)
def _shared(text: str, column: str, run: str, form: type) -> Any:
    """Parse what many rows have alike."""
    return parsed(text, column, run, form)


def columns_of(outcome: Outcome) -> tuple[Any, ...]:
    """Return the columns as SQLite keeps them, as the journal's hash is made of them."""
    return (
        outcome.value,
        outcome.id,
        target_json(outcome.target),
        outcome.outcome,
        outcome.reason,
        outcome.http_status,
        outcome.request_id,
        outcome.attempts,
        int(outcome.maybe_ours),
        json.dumps(outcome.response),
        int(outcome.settled),
        outcome.advice,
        int(outcome.verified),
        None if outcome.snapshot is None else sorted_json(outcome.snapshot),
        json.dumps(outcome.not_restored) if outcome.not_restored else None,
    )


class Alike(NamedTuple):
    """Outcomes of a batch that differ in what they are of alone, as a row of the store.

    shared: the columns SHARED; own, hashes: of each outcome, its JSON of OWN and its hash;
    as_batch: one of AS_BATCH where they are those of the items of the batch, and own is left out.
    """

    shared: tuple[Any, ...]
    own: list[str]
    hashes: list[str]
    as_batch: str | None = None

    @property
    def text(self) -> str:
        """The column `own`."""
        return self.as_batch or f"[{BETWEEN.join(self.own)}]"

    @property
    def is_unsent(self) -> bool:
        """Whether they are of items that were never sent."""
        return self.shared[_OUTCOME] in {REFUSED, FAILED} and not self.shared[_ATTEMPTS]


def rows_of_batch(
    batch: tuple[str, str, int],
    outcomes: Iterable[Outcome],
    hashing: Hashing,
    start: int = 0,
    written: SnapshotTexts = NO_TEXTS,
    items: Sequence[str] = (),
) -> tuple[list[Alike], list[str]]:
    """Return the rows of a batch, and the hashes of its outcomes in order.

    batch: run, call, number; start: position of the first; written: snapshots that were written
    before; items: of the batch, where the store keeps them.

    Most outcomes of a batch differ in indicator and snapshot alone: the rest is encoded once.
    """
    head = array(batch)[:-1]
    if isinstance(outcomes, SameOutcome) and _are_as_batch(outcomes, items):
        whole = _as_batch(head, outcomes, hashing)
        return [whole], whole.hashes
    rows: list[Alike] = []
    known: dict[tuple[Any, ...], Alike] = {}
    every: list[str] = []
    for one, own in _alike(outcomes, start, written):
        shared, front, end = _encoded(one)
        hashes = hashing.texts([f"{head},{names},{front},{told},{end}" for names, told in own])
        texts = [f"[{names},{told}]" for names, told in own]
        every += hashes
        while texts:
            alike = known.get(shared)
            if alike is None or len(alike.own) == TOGETHER:
                alike = known[shared] = Alike(shared, [], [])
                rows.append(alike)
            room = TOGETHER - len(alike.own)
            alike.own.extend(texts[:room])
            alike.hashes.extend(hashes[:room])
            texts, hashes = texts[room:], hashes[room:]
    return rows, every


def _are_as_batch(outcomes: SameOutcome, items: Sequence[str]) -> bool:
    """Tell whether outcomes are those of the items of their batch, in one row."""
    names = outcomes.names
    return (
        0 < len(names) == len(items) <= TOGETHER
        and outcomes.one.snapshot is None
        and (names is items or [*names] == [*items])
    )


def _as_batch(head: str, outcomes: SameOutcome, hashing: Hashing) -> Alike:
    """Return the row of outcomes that are those of the items of their batch."""
    shared, front, end = _encoded(outcomes.one)
    before, after = _beside(outcomes.named_by)
    rest = f"{after},{front},null,{end}"
    names = enumerate(map(encoded, outcomes.names))
    hashes = hashing.texts([f"{head},{at},{before}{name}{rest}" for at, name in names])
    return Alike(shared, [], hashes, outcomes.named_by)


def _encoded(outcome: Outcome) -> tuple[tuple[Any, ...], str, str]:
    """Return SHARED of an outcome, and the JSON of what is before and after its snapshot."""
    columns = columns_of(outcome)
    before, after = columns[NAMES:SNAPSHOT], columns[SNAPSHOT + 1 :]
    return before + after, array(before)[1:-1], array(after)[1:]


def _alike(
    outcomes: Iterable[Outcome], start: int, written: SnapshotTexts
) -> Iterator[tuple[Outcome, list[tuple[str, str]]]]:
    """Yield one of outcomes that are alike, and of each its place and names, and its snapshot.

    These are JSON: what is made of them is made for each indicator, where a call less is seen.
    """
    if isinstance(outcomes, SameOutcome):
        before, after = _beside(outcomes.named_by)
        told = _told(outcomes.one, written)
        names = enumerate(map(encoded, outcomes.names), start)
        yield outcomes.one, [(f"{at},{before}{name}{after}", told) for at, name in names]
        return
    one = Outcome("", {})
    own: list[tuple[str, str]] = []
    for at, outcome in enumerate(outcomes, start):
        if own and (outcome.likeness is None or outcome.likeness is not one.likeness):
            yield one, own
            own = []
        one, value, id_ = outcome, outcome.value, outcome.id
        value_text = "null" if value is None else encoded(value)
        id_text = "null" if id_ is None else encoded(id_)
        own.append((f"{at},{value_text},{id_text}", _told(outcome, written)))
    if own:
        yield one, own


def _beside(named_by: str) -> tuple[str, str]:
    """Return what is before and after the name of an indicator, in the JSON of value and id."""
    return ("", ",null") if named_by == "value" else ("null,", "")


def _told(outcome: Outcome, written: SnapshotTexts) -> str:
    return "null" if outcome.snapshot is None else encoded(written.of(outcome.snapshot))


def insert_rows(
    connection: Transaction, batch: tuple[str, str, int], rows: Iterable[Alike], part: int = 0
) -> int:
    """Write rows that rows_of_batch() made; return how many.

    batch: run, call, number; part: of the batch, where these begin.
    """
    values = [
        (*batch, part + at, *one.shared, len(one.hashes), one.text, "".join(one.hashes))
        for at, one in enumerate(rows)
    ]
    connection.executemany(_INSERT, values)
    return len(values)
