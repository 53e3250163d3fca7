"""A journal that was written anew is told by the hash that was kept, or by the key of its owner."""

import sqlite3
from pathlib import Path

import pytest

from ioc_removal.secret import Secret
from ioc_removal.store.chain import ROW, START, Hashing, Head, Link, marks_of
from tampering import KEY, first_run, plain, said, sealed, tampered, verified, written

__all__ = ["plain", "sealed"]


def test_a_global_chain_cut_at_its_end_is_told_by_the_hash_that_was_kept(plain: Path) -> None:
    kept = verified(plain).head

    def cut(connection: sqlite3.Connection) -> None:
        [(run,)] = connection.execute("SELECT run FROM heads ORDER BY head DESC LIMIT 1")
        for table in ("outcomes", "links", "calls", "runs", "heads"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    copy = tampered(plain, cut)
    assert verified(copy).intact  # nothing in the file can tell it
    assert "no head has the expected hash" in said(verified(copy, expect=kept))
    assert verified(plain, expect=verified(copy).head).intact  # it only grew since


def forge(connection: sqlite3.Connection, hashing: Hashing) -> None:
    """Make all hashes anew, as somebody can who knows this program and not the key."""
    query = f"SELECT {', '.join(ROW)} FROM outcomes"
    for row in connection.execute(query).fetchall():
        where = "WHERE run = ? AND call = ? AND batch = ? AND position = ?"
        connection.execute(f"UPDATE outcomes SET hash = ? {where}", (hashing.row(row), *row[:4]))
    last: dict[str, tuple[int, dict[int, str]]] = {}
    columns = "run, link, kind, call, batch, rows, marks, facts, at, key"
    before, known = START, ""
    for columns_of in connection.execute(f"SELECT {columns} FROM links ORDER BY run, link"):
        link = Link(*columns_of)
        before = START if link.run != known else before
        known = link.run
        query = "SELECT hash FROM outcomes WHERE run = ? AND call = ? AND batch = ?"
        query += " ORDER BY position"
        place = (link.run, link.call, link.batch)
        hashes = [h for (h,) in connection.execute(query, place)] if link.kind == "batch" else []
        link = link._replace(marks=marks_of(hashes), rows=len(hashes), key=hashing.name)
        before = hashing.link(before, link, hashes)
        query = "UPDATE links SET marks = ?, key = ?, hash = ? WHERE run = ? AND link = ?"
        connection.execute(query, (link.marks, link.key, before, link.run, link.number))
        last.setdefault(link.run, (0, {}))[1][link.number + 1] = before
    before = START
    for columns_of in connection.execute("SELECT * FROM heads ORDER BY head").fetchall():
        head = Head(*columns_of[:-1])
        head = head._replace(last=last[head.run][1][head.links], key=hashing.name)
        before = hashing.head(before, head)
        query = "UPDATE heads SET last = ?, key = ?, hash = ? WHERE head = ?"
        connection.execute(query, (head.last, head.key, before, head.number))


def test_a_journal_written_anew_is_told_by_the_hash_that_was_kept(plain: Path) -> None:
    kept = verified(plain).head

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE outcomes SET outcome = 'absent'")
        forge(connection, Hashing())

    copy = tampered(plain, change)
    assert verified(copy).intact
    assert "no head has the expected hash" in said(verified(copy, expect=kept))


@pytest.mark.parametrize("hashing", [Hashing(), Hashing(Secret("another key"))])
def test_nobody_without_the_key_can_write_a_sealed_journal_anew(
    sealed: Path, hashing: Hashing
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE outcomes SET outcome = 'absent'")
        forge(connection, hashing)

    verdict = verified(tampered(sealed, change), KEY)
    assert not verdict.intact
    assert "key" in said(verdict)


def test_nobody_without_the_key_can_write_one_run_of_a_sealed_journal_anew(sealed: Path) -> None:
    run = first_run(sealed)

    def change(connection: sqlite3.Connection) -> None:
        kept = connection.execute("SELECT * FROM links WHERE run != ?", (run,)).fetchall()
        heads = connection.execute("SELECT * FROM heads WHERE run != ?", (run,)).fetchall()
        rows = connection.execute("SELECT * FROM outcomes WHERE run != ?", (run,)).fetchall()
        forge(connection, Hashing())
        for table, own in (("links", kept), ("heads", heads), ("outcomes", rows)):
            places = ",".join("?" * len(own[0]))
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", own)

    verdict = verified(tampered(sealed, change), KEY)
    assert "the head is not as it was" in said(verdict)


@pytest.mark.parametrize(
    ("key", "told"),
    [(None, "made with a key"), ("other", "made with another key than that of the settings")],
)
def test_without_its_key_a_sealed_journal_is_not_called_intact(
    sealed: Path, key: str | None, told: str
) -> None:
    verdict = verified(sealed, key)
    assert not verdict.intact
    assert told in said(verdict)
    assert "set journal.key, or journal.former_keys" in said(verdict)


def test_a_key_that_is_new_seals_what_was_there(tmp_path: Path) -> None:
    store = written(tmp_path, None)
    assert "nothing is sealed with the key of the settings" in said(verified(store, KEY))
    written(tmp_path, KEY)
    verdict = verified(store, KEY)
    assert verdict.intact, said(verdict)
    assert verdict.runs == 8
    change = "UPDATE outcomes SET outcome = 'absent' WHERE run = ? AND batch = 0 AND position = 0"
    run = first_run(store)

    def forged(connection: sqlite3.Connection) -> None:
        kept = connection.execute("SELECT * FROM links WHERE key IS NOT NULL").fetchall()
        heads = connection.execute("SELECT * FROM heads WHERE key IS NOT NULL").fetchall()
        rows = "SELECT * FROM outcomes WHERE run IN (SELECT run FROM links WHERE key IS NOT NULL)"
        rows_kept = connection.execute(rows).fetchall()
        connection.execute(change, (run,))
        forge(connection, Hashing())
        for table, own in (("links", kept), ("heads", heads), ("outcomes", rows_kept)):
            places = ",".join("?" * len(own[0]))
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", own)

    assert not verified(tampered(store, forged), KEY).intact


def test_a_key_that_is_replaced_still_verifies_what_it_sealed(tmp_path: Path) -> None:
    store, new = written(tmp_path, KEY), "a newer key of the same owner"
    written(tmp_path, new)
    assert "made with another key" in said(verified(store, new))
    verdict = verified(store, new, [KEY])
    assert verdict.intact, said(verdict)


def test_who_records_without_the_key_is_told(tmp_path: Path) -> None:
    store = written(tmp_path, KEY)
    written(tmp_path, None)
    assert "it was made without the key, after others with it" in said(verified(store, KEY))
