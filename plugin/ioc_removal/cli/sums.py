"""Sums in a line: outcomes, an indicator file, what a dry run would do."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..operations.plan_text import EFFECTS
from ..outcome import (
    ABSENT,
    ADDED,
    CHANGED,
    DONE,
    FAILED,
    PLANNED,
    PRESENT,
    REFUSED,
    REMOVED,
    UNKNOWN,
    Summary,
)

IN_ORDER = (REMOVED, ADDED, CHANGED, ABSENT, PRESENT, PLANNED, REFUSED, FAILED, UNKNOWN)
WOULD = "would be "


def summary_line(
    summary: Summary, run: str | None, *, effects: Iterable[str] = (), deed: str = REMOVED
) -> str:
    """Return "7 of 8 done: 6 removed, 1 absent, 1 failed · run 2026...".

    effects: of a dry run; deed: what it would have done.
    """
    counts = summary.counts
    total, planned = sum(counts.values()), counts.get(PLANNED, 0)
    done = sum(counts.get(name, 0) for name in DONE)
    parts = []
    if planned:
        parts.append(f"dry run: {planned:,} {WOULD}{deed}, nothing was")
        parts += [EFFECTS[effect] for effect in effects]
        if total > planned:
            rest = {name: count for name, count in counts.items() if name != PLANNED}
            parts.append(counts_line(rest))
    elif total:
        parts.append(f"{done:,} of {total:,} done: {counts_line(counts)}")
    else:
        parts.append("nothing was removed")
    return " · ".join([*parts, *([f"run {run}"] if run else [])])


def effects_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the removals of a dry run would do: "disarms", "rearms", both, or nothing."""
    return sorted({effect_of(row) for row in rows} - {""})


def deed_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return what would be done to the rows of a dry run: "removed", "added", or of several."""
    planned = [str(row.get("reason", "")) for row in rows if row["outcome"] == PLANNED]
    deeds = {text.removeprefix(WOULD).partition(";")[0] for text in planned}
    return deeds.pop() if len(deeds) == 1 else REMOVED if not deeds else "done"


def counts_line(counts: Mapping[str, int]) -> str:
    """Return "6 removed, 1 absent"."""
    return ", ".join(f"{counts[name]:,} {name}" for name in IN_ORDER if counts.get(name))


def sums_line(sums: Mapping[str, Any]) -> str:
    """Return "read 9 = 7 used + 1 duplicate + 1 unused", with the types of those used."""
    duplicates = f"{sums['duplicates']:,} duplicate{'s' if sums['duplicates'] != 1 else ''}"
    types = ", ".join(f"{count:,} {kind}" for kind, count in sums["types"].items())
    line = (
        f"read {sums['read']:,} = {sums['used']:,} used + {duplicates} + {sums['unused']:,} unused"
    )
    return f"{line} ({types})" if types else line


def effect_of(row: Mapping[str, Any]) -> str:
    """Return what the removal of a planned row would do, the end of its reason."""
    effect = str(row.get("reason", "")).rpartition("; ")[2]
    return effect if row["outcome"] == PLANNED and effect in EFFECTS else ""
