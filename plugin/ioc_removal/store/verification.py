"""Verify the journal: every run's chain, the global chain, and what is sealed with a key."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import StoreError
from ..secret import Secret
from .chain import START, Hashing
from .claim_verification import verify_claims
from .database import Database
from .entries import heads_of, runs_in_order
from .journal import BEFORE
from .pruned import PrunedRun, pruned_runs
from .pruned_verification import rows_left, verify_pruned
from .run_verification import RunVerification
from .verdict import Problem, Verdict

Told = Callable[[int, int], None]
LIKE = "it was changed, or the one before it together with its hash"
NO_KEY = "only who has it can verify them: set journal.key, or journal.former_keys"


class Verification:
    """The verification of a journal as it is now.

    told: how many links are verified, of how many; former: keys that were in the settings before
    the one that is.
    """

    def __init__(
        self,
        database: Database,
        told: Told = lambda _done, _total: None,
        former: Iterable[Secret] = (),
    ) -> None:
        self._database, self._told = database, told
        self._key = database.hashing.name
        known = [Hashing(), *map(Hashing, former), database.hashing]
        self._hashings: Mapping[str | None, Hashing] = {one.name: one for one in known}
        self._verdict = Verdict()
        self._unknown_keys: set[str] = set()
        self._pruned: dict[str, PrunedRun] = {}
        self._rows_left = 0

    def verify(self, run: str | None = None, expect: str | None = None) -> Verdict:
        """Verify the journal, with the key of the settings if there is one.

        run: only this one's chain, beside the global one; expect: the hash of a head that was kept
        elsewhere. Raises StoreError.
        """
        verdict = self._verdict
        with self._database.snapshot():
            for problem in self._heads(expect):
                verdict.add(problem)
            [(total,)] = self._database.rows("SELECT count(*) FROM links")
            self._pruned = {one.run: one for one in pruned_runs(self._database)}
            for one in [run] if run else self._runs():
                for problem in self._run(one, total):
                    verdict.add(problem)
            if run is None:
                for problem in (*self._uncovered(), *verify_claims(self._database)):
                    verdict.add(problem)
        if self._rows_left:
            verdict.notes.append(
                f"{self._rows_left:,} rows of pruned runs are left, as a prune was cut short: the "
                "next one takes them away"
            )
        if self._unknown_keys:
            names = ", ".join(sorted(self._unknown_keys))
            which = f"another key than that of the settings ({self._key})" if self._key else "a key"
            verdict.add(Problem(f"hashes are made with {which}, {names}: {NO_KEY}"))
        return verdict

    def _heads(self, expect: str | None) -> Iterator[Problem]:
        """Verify the global chain."""
        before, number, sealed, expected = START, 0, False, expect is None
        for head, hash_ in heads_of(self._database):
            here = Problem("", head.run, head=head.number)
            if head.number != number:
                missing = f"heads {number} to {head.number - 1} of the global chain are missing"
                yield replace(here, what=f"{missing} before it")
            hashing = self._hashings.get(head.key)
            if hashing is None:
                self._unknown_keys.add(str(head.key))
            elif head.number == number and hashing.head(before, head) != hash_:
                what = f"the head is not as it was: {LIKE}"
                yield replace(here, what=what)
            if sealed and head.key is None:
                yield replace(here, what="it was made without the key, after others with it")
            sealed |= head.key is not None
            expected |= hash_ == expect
            before, number = hash_, head.number + 1
            self._verdict.heads += 1
        self._verdict.head = before
        if self._key and not sealed and self._verdict.heads:
            yield Problem(
                "nothing is sealed with the key of the settings: either it is new, then the next "
                "run seals all that is there, or all was written anew without it"
            )
        if not expected:
            yield Problem(
                f"no head has the expected hash {expect}: the journal was cut, or written anew"
            )

    def _runs(self) -> Iterable[str]:
        """Return the runs in their order, those too that were pruned."""
        runs = runs_in_order(self._database)
        known = set(runs)
        return [*(run for run in self._pruned if run not in known), *runs]

    def _run(self, run: str, total: int) -> Iterator[Problem]:
        """Verify the chain of a run."""
        heads = [head for head, _ in heads_of(self._database, run)]
        verdict = self._verdict
        if pruned := self._pruned.get(run):
            verdict.pruned += 1
            yield from verify_pruned(self._database, pruned, heads)
            self._rows_left += rows_left(self._database, pruned)
            return
        before = verdict.links

        def told(links: int) -> None:
            self._told(before + links, total)

        one = RunVerification(self._database, run, heads, self._hashings, told)
        try:
            yield from one.problems()
        except StoreError as error:
            yield Problem(f"it cannot be read to its end: {error}", run)
        if not one.links and heads:
            return  # the heads told
        if not one.links:
            verdict.uncovered_runs += 1
            return
        verdict.runs += 1
        verdict.links += one.links
        verdict.rows += one.rows
        self._unknown_keys |= one.unknown_keys
        if self._key and one.unsealed:
            yield Problem(f"{one.unsealed:,} links were made without the key of the settings", run)
        if one.backwards:
            verdict.notes.append(
                f"run {run}: the clock went back ({one.backwards}×); the order is that of the links"
            )

    def _uncovered(self) -> Iterator[Problem]:
        """Verify how much is from before the journal, and that no approval is of no run."""
        query = (
            "SELECT DISTINCT run FROM approvals WHERE run NOT IN"
            " (SELECT run FROM runs UNION SELECT run FROM links) ORDER BY run"
        )
        for (run,) in self._database.rows(query):
            yield Problem("an approval was added, of a run that is not there", str(run))
        known = self._before()
        verdict = self._verdict
        query = (
            "SELECT count(*) FROM runs r WHERE NOT EXISTS"
            " (SELECT 1 FROM links l WHERE l.run = r.run AND l.kind = 'begin')"
        )
        [(runs,)] = self._database.rows(query)
        query = (
            "SELECT coalesce(sum(rows), 0) FROM alike WHERE hashes IS NULL AND run NOT IN"
            " (SELECT call FROM links WHERE kind = 'pruned')"
        )
        [(rows,)] = self._database.rows(query)
        verdict.uncovered_rows = rows
        if verdict.heads and {"runs": runs, "rows": rows} != known:
            yield Problem(
                f"{runs:,} runs with {rows:,} rows have no hashes, when the journal began they were"
                f" {known['runs']:,} with {known['rows']:,}: runs were added or taken away, or "
                "hashes removed"
            )

    def _before(self) -> dict[str, int]:
        """Return how many runs and rows from before the journal there must be still."""
        query = (
            "SELECT facts FROM links WHERE link = 0"
            " AND run = (SELECT run FROM heads ORDER BY head LIMIT 1)"
        )
        texts = [text for (text,) in self._database.rows(query)]
        known = {"runs": 0, "rows": 0}
        gone = [one.facts for one in self._pruned.values()]
        for facts in [*map(_facts, texts), *gone]:
            known |= facts.get(BEFORE, {})
        return {
            "runs": known["runs"] - sum(not facts.get("covered", True) for facts in gone),
            "rows": known["rows"] - sum(facts.get("uncovered", 0) for facts in gone),
        }


def _facts(text: str) -> Mapping[str, Any]:
    """Return the facts of a link; what cannot be read is told elsewhere."""
    try:
        facts = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return facts if isinstance(facts, dict) else {}
