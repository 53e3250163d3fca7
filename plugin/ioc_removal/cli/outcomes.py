"""What became of each indicator, as tables and sums for a person."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..handlers.report import target_of
from ..outcome import ABSENT, ADDED, DONE, PRESENT, REMOVED, worst
from ..store.run_outcomes import OutcomeRows
from .output import Output
from .sums import counts_line, effect_on_one
from .table import Cell, shown

Row = Mapping[str, Any]

MOST_ROWS = 50
MOST_COLUMNS = 6
MOST_OF_TARGET = 12  # characters; an id is known by its first
COLUMNS = ("indicator", "outcome", "reason", "id", "request id")
OURS = {ABSENT: REMOVED, PRESENT: ADDED}  # what a request of ours may have done to it


class Target:
    """The rows of one action at one target: the first that are not done, and the first that are."""

    def __init__(self) -> None:
        self.not_done: list[Row] = []
        self.done: list[Row] = []
        self.counts = Counter[str]()


def show_outcomes(output: Output, rows: OutcomeRows, run: str | None) -> None:
    """Print a table a target; of a long one, what is not done first, and a count of the rest."""
    parts: dict[tuple[str, str], Counter[str]] = {}
    for action, target, outcome, count in rows.counts():
        parts.setdefault((action, target), Counter())[outcome] += count
    targets: dict[tuple[str, str], Target] = {}
    for (action, target), counts in parts.items():
        not_done = rows.some(action, target, counts.keys() - DONE, MOST_ROWS)
        done = rows.some(action, target, counts.keys() & DONE, MOST_ROWS)
        part = targets.setdefault((action, target_of((not_done or done)[0])), Target())
        part.not_done += not_done
        part.done += done
        part.counts += counts
    for (name, target), part in targets.items():
        first = [*part.not_done, *part.done][:MOST_ROWS]
        cells = [_cells(row) for row in first]
        requests = {row[-1] for row in cells}
        title = ", ".join(filter(None, (name, shown(target))))
        if len(requests) == 1 and (request := requests.pop()):
            title += f", request {shown(request)}"
            cells = [[*row[:-1], None] for row in cells]
        output.say(title)
        output.table(COLUMNS, cells)
        if rest := part.counts - Counter(row["outcome"] for row in first):
            listed = counts_line(rest)
            output.say(f"… and {listed}; `ioc-removal show {run} --json` has all")
        output.say()


def show_rows(output: Output, rows: Sequence[Row], first: Sequence[str] = ()) -> None:
    """Print rows that were read; first: the columns that name a row."""
    names, deep = dict[str, None](), set[str]()
    for row in rows:
        names |= dict.fromkeys(row)
        deep |= {name for name, value in row.items() if isinstance(value, dict | list)}
    wanted = [*first, "outcome", "reason"]
    others = sorted((n for n in names if n not in wanted), key=lambda name: name in deep)
    ordered = [*(n for n in wanted if n in names), *others]
    columns = ordered[: max(MOST_COLUMNS, len(first))]
    if rows:
        output.table(columns, [[_text(row.get(n)) for n in columns] for row in rows[:MOST_ROWS]])
    left = []
    if len(rows) > MOST_ROWS:
        left.append(f"{len(rows) - MOST_ROWS:,} more rows")
    if len(ordered) > len(columns):
        left.append(f"{len(ordered) - len(columns)} more fields of each")
    if left:
        output.say(f"… and {' and '.join(left)}; --json has all")


def show_matrix(output: Output, rows: Iterable[Row]) -> None:
    """Print a line an indicator, with its outcome at each target."""
    targets: dict[str, None] = {}
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        at = f"{row['action'].split('-')[0]} {target_of(row).split(' ', 1)[-1][:MOST_OF_TARGET]}"
        targets[at] = None
        line = lines.setdefault(str(row.get("value", row.get("id"))), {})
        line[at] = worst([row["outcome"], line.get(at) or row["outcome"]])
    cells: list[list[Cell]] = [
        [value, *(line.get(at) for at in targets)] for value, line in lines.items()
    ]
    output.table(("indicator", *targets), cells)


def _cells(row: Row) -> list[Cell]:
    value, id_ = row.get("value"), row.get("id")
    reason = row.get("reason")
    reason = effect_on_one(row) or reason
    if advice := row.get("advice"):
        reason = f"{reason} ({advice})" if reason else advice
    if row.get("maybe_ours"):
        ours = f"perhaps {OURS.get(row['outcome'], row['outcome'])} by this run"
        reason = "; ".join(filter(None, (reason, ours)))
    indicator = value if value is not None else id_
    return [indicator, row["outcome"], reason, id_ if id_ != indicator else None,
            row.get("request_id")]  # fmt: skip


def _text(value: Any) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)
