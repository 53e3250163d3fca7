"""Sums in a line: outcomes, an indicator file, what a dry run would do."""

from collections.abc import Iterable, Mapping
from typing import Any

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
ON_ONE = {"disarms": "no longer detected or blocked", "rearms": "alerts on it come back"}
OF_ADDITION = {"disarms": "alerts on it are silenced", "rearms": "it is detected or blocked"}
OF_CHANGE = {"rearms": OF_ADDITION["rearms"]}


def summary_line(
    summary: Summary,
    run: str | None,
    *,
    effects: Iterable[str] = (),
    deed: str = REMOVED,
    ended: bool = True,
) -> str:
    """Return "7 of 8 done: 6 removed, 1 absent, 1 failed · run 2026...".

    effects: of a dry run, what they mean; deed: what it would have done; ended: whether no more
    outcomes are to come.
    """
    counts = summary.counts
    total, planned = sum(counts.values()), counts.get(PLANNED, 0)
    done = sum(counts.get(name, 0) for name in DONE)
    parts = []
    if planned:
        parts.append(f"dry run: {planned:,} {WOULD}{deed}, nothing was")
        parts += effects
        if total > planned:
            rest = {name: count for name, count in counts.items() if name != PLANNED}
            parts.append(counts_line(rest))
    elif not ended:
        parts.append(f"so far {counts_line(counts) or 'no outcome'}")
    elif total:
        parts.append(f"{done:,} of {total:,} done: {counts_line(counts)}")
    else:
        parts.append("nothing was removed")
    return " · ".join([*parts, *([f"run {run}"] if run else [])])


def effects_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what a dry run would bring about, a text each."""
    found = {(_deed_of(row), effect_of(row)) for row in rows if effect_of(row)}
    if not found:
        return []
    from ..operations.plan_text import consequence

    return sorted({consequence(deed, effect) for deed, effect in found})


def deed_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return what would be done to the rows of a dry run: "removed", "added", or of several."""
    deeds = {_deed_of(row) for row in rows if row["outcome"] == PLANNED}
    return deeds.pop() if len(deeds) == 1 else REMOVED if not deeds else "done"


def effect_on_one(row: Mapping[str, Any]) -> str:
    """Return what a dry run would do to one indicator, and what that means; empty for others."""
    deed, effect = _deed_of(row), effect_of(row)
    special = {ADDED: OF_ADDITION, CHANGED: OF_CHANGE}.get(deed, {})
    text = special.get(effect) or ON_ONE.get(effect)
    return f"{WOULD}{deed}: {text}" if text else ""


def _deed_of(row: Mapping[str, Any]) -> str:
    return str(row.get("reason", "")).removeprefix(WOULD).partition(";")[0]


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
    return effect if row["outcome"] == PLANNED and effect in ON_ONE else ""
