"""Verify the chain of a run: its links, their rows, and the heads that tell how far it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .batch_verification import verify_batch, verify_index
from .chain import START, Hashing, Head
from .database import Database
from .decisions import APPROVAL, TABLE, differences, told_by
from .entries import Linked, StoredBatch, batch_of, links_of
from .fact_verification import verify_facts
from .journal import BATCH, BEGIN, CALLED, END, WITHOUT_HEAD
from .verdict import Problem

LIKE = "it was changed, or the link before it together with its hash"


@dataclass
class RunVerification:
    """The verification of one run.

    heads: of this run, in their order; hashings: by the name of their key; told: how many
    links are verified, after each; links, rows: how many
    were verified; unknown_keys: names of keys that hashings does not have; unsealed: links without
    a key, after one with a key or after the last head; backwards: how often the clock went back.
    """

    database: Database
    run: str
    heads: Sequence[Head]
    hashings: Mapping[str | None, Hashing]
    told: Callable[[int], None]
    links: int = 0
    rows: int = 0
    unknown_keys: set[str] = field(default_factory=set)
    unsealed: int = 0
    backwards: int = 0
    _reached: dict[int, tuple[int, str]] = field(default_factory=dict)
    _calls: set[str] = field(default_factory=set)
    _approvals: list[tuple[str, str]] = field(default_factory=list)

    def problems(self) -> Iterator[Problem]:
        """Verify the run, and yield what is wrong with it."""
        indexed = self.database.rows("SELECT 1 FROM indexed WHERE run = ?", (self.run,))
        wanted = {head.links for head in self.heads}
        covered = max((links for links in wanted if isinstance(links, int)), default=0)
        before, time, sealed = START, "", False
        begun, end = False, None
        bare: Linked | None = None  # the first event that should have made a head, and did not
        for linked in links_of(self.database, self.run):
            link = linked.link
            if not linked.readable:
                yield Problem(f"a link ({link.number!r}) was changed", self.run)
                continue
            if link.number != self.links:
                missing = f"links {self.links} to {link.number - 1}"
                yield Problem(f"{missing} are missing before it", self.run, link.number)
                self.links, before = link.number, ""
            yield from self._linked(linked, before, indexed=bool(indexed))
            begun |= link.kind == BEGIN
            end = linked if link.kind == END else end
            if bare is None and link.number >= covered and link.kind not in WITHOUT_HEAD:
                bare = linked
            sealed |= link.key is not None
            if link.key is None and (sealed or link.number >= covered):
                self.unsealed += 1
            self.backwards += link.at < time
            before, time = linked.hash, link.at
            self.links += 1
            self.rows += link.rows
            self.told(self.links)
            if self.links in wanted:
                self._reached[self.links] = self.rows, linked.hash
        yield from self._ended(end, begun=begun)
        if bare is not None and self.heads:
            what = f"its {bare.link.kind} is in no head of the global chain, whose end was cut off"
            yield Problem(what, self.run, bare.link.number)
        yield from self._against_heads()
        yield from self._outside()
        yield from self._decisions()

    def _linked(self, linked: Linked, before: str, *, indexed: bool) -> Iterator[Problem]:
        """Yield what is wrong with a link, and with what it stands for."""
        link = linked.link
        hashing = self.hashings.get(link.key)
        if hashing is None:
            self.unknown_keys.add(str(link.key))
        found: list[Problem] = []
        batch = batch_of(self.database, link) if link.kind == BATCH else StoredBatch([], odd=False)
        if link.kind == BATCH:
            found += verify_batch(self.database, hashing, linked, batch)
            if indexed and not found:
                yield from verify_index(self.database, linked)
        elif link.kind != END:
            found += verify_facts(self.database, linked)
            if link.kind == CALLED:
                self._calls.add(str(link.call))
            elif link.kind == APPROVAL:
                self._approvals.append((link.facts, link.at))
        yield from found
        if hashing and not found and before:
            hashes = [str(row.hash) for row in batch.rows]
            if hashing.link(before, link, hashes) != linked.hash:
                place = (link.run, link.number, link.call, link.batch)
                yield Problem(f"the link ({link.kind}) is not as it was: {LIKE}", *place)

    def _ended(self, end: Linked | None, *, begun: bool) -> Iterator[Problem]:
        """Yield what is wrong with how the run is said to have ended."""
        if end is not None:
            yield from verify_facts(self.database, end)
        elif begun:
            query = "SELECT 1 FROM runs WHERE run = ? AND (status = 'ended' OR result IS NOT NULL)"
            if self.database.rows(query, (self.run,)):
                yield Problem("it is said to have ended, its chain does not say so", self.run)

    def _against_heads(self) -> Iterator[Problem]:
        """Yield where the chain is not what the global chain says of it."""
        for head in self.heads:
            here = Problem("", self.run, head=head.number)
            if head.links not in self._reached:
                what = f"the end of its chain is missing: {head.links} links were there"
                yield replace(here, what=f"{what}, {self.links} are left")
            elif self._reached[head.links] != (head.rows, head.last):
                yield replace(here, what="its chain was changed: it is not the one of this head")
        if self.links and not self.heads:
            yield Problem("no head of the global chain knows the run: it was added", self.run)

    def _outside(self) -> Iterator[Problem]:
        """Yield rows and calls that no link covers."""
        query = (
            "SELECT call, batch, sum(rows) FROM alike o WHERE run = ? AND hashes IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM links l WHERE l.run = o.run AND l.call = o.call"
            " AND l.batch = o.batch AND l.kind = 'batch') GROUP BY call, batch"
        )
        for call, batch, count in self.database.rows(query, (self.run,)):
            what = f"{count:,} rows that no link covers: they were added, or their link is gone"
            yield Problem(what, self.run, call=call, batch=batch)
        if self._calls:
            for (call,) in self.database.rows("SELECT call FROM calls WHERE run = ?", (self.run,)):
                if call not in self._calls:
                    yield Problem("the call was added", self.run, call=call)

    def _decisions(self) -> Iterator[Problem]:
        """Yield where the table of approvals says another thing than the chain."""
        try:
            told = told_by(self._approvals)
        except (ValueError, TypeError, KeyError):
            yield Problem("what its chain tells of approvals cannot be read: changed", self.run)
            return
        for ask, what in differences(told, self.database.rows(TABLE, (self.run,))):
            yield Problem(f"the approval that {ask} asked for: {what}", self.run)
