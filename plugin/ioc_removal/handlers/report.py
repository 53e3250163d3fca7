"""A line an indicator and target, of however many rows: the worst of what they tell.

Of few rows all lines are in memory. Of many, marks tell which keys come more than once; only their
rows are put together, part by part, and their lines take the places of their first rows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice
from typing import Any

from ..outcome import TARGETS, worst
from ..spool import Spool

LINES_IN_MEMORY = 20_000  # rows whose lines are made in memory
KEY_MARKS = 1 << 25  # bits, of which each key marks one
KEY_PARTS = 64  # in which rows with the same key are put together

ReportLine = dict[str, Any]
# value, target, outcome, reason, id; the value None when only the id is known.
Told = Sequence[Any]


def target_of(row: Mapping[str, Any]) -> str:
    """Return the target of an outcome's row as one text, such as "supplier InternalTI"."""
    return ", ".join(f"{n.removesuffix('_id')} {row[n]}" for n in TARGETS if row.get(n))


def report_lines(
    outcomes: Iterable[Mapping[str, Any]], resolved: Iterable[Mapping[str, Any]]
) -> Iterable[ReportLine]:
    """Return the lines in the order in which the first row of each comes.

    outcomes: rows of removals; resolved: rows of a search, to be walked again; of those with an
    outcome there are lines too.
    """
    walk = _told(chain(outcomes, (row for row in resolved if "outcome" in row)))
    few = list(islice(walk, LINES_IN_MEMORY))
    if len(few) < LINES_IN_MEMORY:
        values = _values({row[4] for row in few if row[0] is None}, resolved)
        return [line for _, line in _lines(enumerate(_named(few, values)))]
    return _many(chain(few, walk), resolved)


def _told(rows: Iterable[Mapping[str, Any]]) -> Iterator[Told]:
    targets: dict[tuple[Any, ...], str] = {}
    for row in rows:
        named = tuple(map(str, map(row.get, TARGETS)))
        target = targets.get(named)
        if target is None:
            target = targets[named] = target_of(row)
        yield row.get("value") or None, target, row["outcome"], row.get("reason"), row.get("id")


def _values(ids: set[Any], resolved: Iterable[Mapping[str, Any]]) -> Mapping[Any, Any]:
    """Return the values of some ids, as a search told them."""
    if not ids:
        return {}
    return {
        row["id"]: row["value"]
        for row in resolved
        if "id" in row and "value" in row and row["id"] in ids
    }


def _named(told: Iterable[Told], values: Mapping[Any, Any]) -> Iterator[Told]:
    """Yield rows with the value by which a person knows them, or else the id."""
    for value, *rest in told:
        id_ = rest[-1]
        yield str(value or values.get(id_) or ("" if id_ is None else id_)), *rest


def _lines(told: Iterable[tuple[int, Told]]) -> Iterator[tuple[int, ReportLine]]:
    """Yield the line of each key with the place of its first row."""
    lines: dict[tuple[str, str], tuple[int, ReportLine]] = {}
    for place, row in told:
        key = row[0], row[1]
        before = lines.get(key)
        if before is None:
            lines[key] = place, _line(row)
        else:
            lines[key] = before[0], _with(before[1], row)
    yield from lines.values()


def _line(row: Told) -> ReportLine:
    """Return the line of one row."""
    value, target, outcome, reason, id_ = row
    line = {"value": value, "target": target, "outcome": outcome}
    if reason:
        line["reason"] = reason
    if id_ is not None and id_ != value:
        line["ids"] = [id_]
    return line


def _with(line: ReportLine, row: Told) -> ReportLine:
    """Return a line with one more row."""
    value, target, outcome, reason, id_ = row
    known = worst([line["outcome"], outcome])
    same = line.get("reason") if known == line["outcome"] else None
    ids = [*line.get("ids", ()), *([id_] if id_ not in (None, value) else ())]
    more = {"reason": same or (reason if known == outcome else None), "ids": ids}
    found = {"value": value, "target": target, "outcome": known}
    return found | {name: part for name, part in more.items() if part}


class _Keys:
    """Which keys come more than once, if not all that seem to."""

    def __init__(self) -> None:
        self._once, self._again = bytearray(KEY_MARKS >> 3), bytearray(KEY_MARKS >> 3)

    def mark(self, row: Told) -> None:
        """Note the key of a row."""
        mark = hash((row[0], row[1])) % KEY_MARKS
        at, bit = mark >> 3, 1 << (mark & 7)
        if self._once[at] & bit:
            self._again[at] |= bit
        else:
            self._once[at] |= bit

    def comes_again(self, row: Told) -> bool:
        """Tell whether there may be another row with the key of this one."""
        mark = hash((row[0], row[1])) % KEY_MARKS
        return bool(self._again[mark >> 3] & 1 << (mark & 7))


def _many(told: Iterable[Told], resolved: Iterable[Mapping[str, Any]]) -> Iterator[ReportLine]:
    """Yield the lines of rows that are not in memory at once."""
    rows, keys, nameless = Spool(), _Keys(), set[Any]()
    for row in told:
        rows.add(row)
        if row[0] is None:
            nameless.add(row[4])
        else:
            keys.mark((str(row[0]), row[1]))
    values = _values(nameless, resolved)

    def named() -> Iterator[Told]:
        return _named(rows, values)

    for known, row in zip(named(), rows, strict=True) if nameless else ():
        if row[0] is None:
            keys.mark(known)
    together = merge(*_together(named(), keys))
    place, line = next(together, (-1, {}))
    for at, row in enumerate(named()):
        if not keys.comes_again(row):
            yield _line(row)
        elif at == place:
            yield line
            place, line = next(together, (-1, {}))


def _together(told: Iterable[Told], keys: _Keys) -> Iterable[Iterator[tuple[int, ReportLine]]]:
    """Return the lines of the keys that come again, with their places, of each part in order."""
    several, lines = Spool(KEY_PARTS), Spool(KEY_PARTS)
    for at, row in enumerate(told):
        if keys.comes_again(row):
            several.add((at, row), hash((row[0], row[1])) // KEY_MARKS % KEY_PARTS)
    for part in range(KEY_PARTS):
        for found in _lines(several.values(part)):
            lines.add(found, part)
    return map(lines.values, range(KEY_PARTS))
