"""The SHA-256 of a set, which the journal's chains hold."""

from functools import cache
from hashlib import sha256

from .database import Database
from .pieces import read_pieces, texts_in
from .sets import SIZE, write_late_set


def set_digest(database: Database, run: str, name: str) -> str:
    """Return the SHA-256 of a set: its size, and each item with its place."""
    size = database.rows(SIZE, (run, name))
    if size and size[0][0] < 0:
        size = [(write_late_set(database, run, name),)]
    whole = sha256(repr(size).encode())
    for position, piece in read_pieces(database, run, name):
        told = _told(texts_in(piece), position if isinstance(position, int) else -1)
        whole.update(told.encode(errors="surrogatepass"))
    return whole.hexdigest()


def _told(texts: list[str], position: int) -> str:
    """Return the items of a piece, each after its place and its length."""
    lengths = [*map(len, texts)]
    shown = {length: f" {length} " for length in set(lengths)}
    parts = [""] * (3 * len(texts))
    parts[0::3] = _numbers(position, position + len(texts))
    parts[1::3] = map(shown.__getitem__, lengths)
    parts[2::3] = texts
    return "".join(parts)


def _numbers(start: int, stop: int) -> list[str]:
    """Return numbers as texts; to write three digits of each takes longer than to look them up."""
    found: list[str] = []
    while start < stop:
        thousands, rest = divmod(start, 1_000)
        end = min(stop, start - rest + 1_000)
        if thousands > 0:
            before, last = str(thousands), _last_digits()
            found += [before + digits for digits in last[rest : rest + end - start]]
        else:
            found += map(str, range(start, end))
        start = end
    return found


@cache
def _last_digits() -> list[str]:
    return [f"{number:03}" for number in range(1_000)]
