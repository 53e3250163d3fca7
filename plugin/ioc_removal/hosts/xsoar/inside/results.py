"""The record of a call as entries of the War Room, with context; what is not done is an error."""

from collections.abc import Iterable, Mapping
from typing import Any

from CommonServerPython import CommandResults, EntryType, IndicatorsTimeline, tableToMarkdown

from ....definition import Definition
from ....errors import one_line
from ....outcome import ADDED, CHANGED, DONE, PLANNED, REMOVED, TARGETS, Rows, Summary
from .definitions import INSTANCE

HIDDEN = frozenset({"action", "snapshot", "raw", "attempts", INSTANCE})
IN_FRONT = ("value", "id", *TARGETS, "outcome", "reason", "advice")
LONGEST_REASON = 300
SHOWN = 100  # rows of a table in the War Room
MADE = frozenset({REMOVED, ADDED, CHANGED})


def results_of(
    definition: Definition,
    title: str,
    record: Mapping[str, Any],
    summary: Summary,
    instance: str,
    warnings: Iterable[str] = (),
) -> list[Any]:
    """Return the entries of a call: what was done with the record, then what was not as an error.

    title: of the system; instance: the name of the instance, "" without one; warnings: what a
    person should know. Rows in the context name the instance, as others may have the same.
    """
    rows = [{**row, **({INSTANCE: instance} if instance else {})} for row in _rows(record)]
    done = [row for row in rows if _is_done(row)]
    undone = [row for row in rows if not _is_done(row)]
    notes = [f"**Note:** {line}" for line in (*warnings, *_filled(record))]
    head = f"{definition.title}: {record['result']}{_counted(summary.counts)}"
    table = _table(f"{title}: {definition.name}", [*undone, *done])
    entries = [
        CommandResults(
            readable_output="\n\n".join([head, *notes, table]),
            outputs=_context(definition, done),
            raw_response=record,
            indicators_timeline=_timeline(definition, title, done),
            ignore_auto_extract=True,
        )
    ]
    if undone or record["errors"]:
        message = error_of(record, undone)
        entries.append(
            CommandResults(
                entry_type=EntryType.ERROR,
                readable_output="\n\n".join(
                    [message, *([_table("Not done", undone)] * any(undone))]
                ),
                outputs=_context(definition, undone),
                raw_response=message,
                content_format="text",
                ignore_auto_extract=True,
            )
        )
    return entries


def _is_done(row: Mapping[str, Any]) -> bool:
    """Tell whether a row needs nobody: done, planned, or what a read found."""
    return row.get("outcome", PLANNED) in {*DONE, PLANNED}


def error_of(record: Mapping[str, Any], undone: Rows) -> str:
    """Return one line: how many are not done, why the first of them, and what else went wrong."""
    parts = [error["message"] for error in record["errors"]]
    if undone:
        first = undone[0]
        name = first.get("value", first.get("id", ""))
        why = one_line(str(first.get("reason", "")), LONGEST_REASON)
        many = f"{len(undone)} of {len(_rows(record))} not done"
        parts.insert(0, f"{record['action']}: {many}: {name}: {first['outcome']}: {why}")
    return "; ".join(parts)


def key_of(definition: Definition, rows: Rows) -> list[str]:
    """Return what tells rows apart in the context: the catalogue's key, and where they are of.

    Of what acts the outcome too: what was removed stays, with its snapshot, when the same is
    planned, or found absent, later.
    """
    places = [name for name in ("node", "tenant", INSTANCE) if any(name in row for row in rows)]
    return [*definition.context_key, *places, *(["outcome"] if definition.acts else [])]


def _context(definition: Definition, rows: Rows) -> dict[str, Any] | None:
    """Return rows by their path and key; where one key is missing, it is missing in both."""
    if not rows:
        return None
    tests = " && ".join(f"val.{name} == obj.{name}" for name in key_of(definition, rows))
    return {f"{definition.context_path}({tests})": list(rows)}


def _rows(record: Mapping[str, Any]) -> Rows:
    rows: Rows = record.get("outcomes", record.get("outputs", ()))
    return rows


def _filled(record: Mapping[str, Any]) -> list[str]:
    names = record["filled_defaults"]
    return [f"taken from the instance: {', '.join(names)}"] if names else []


def _counted(counts: Mapping[str, int]) -> str:
    text = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f" ({text})" if text else ""


def _table(title: str, rows: Rows) -> str:
    """Return the first rows as a table; all are in the context."""
    names = dict.fromkeys(name for row in rows for name in row if name not in HIDDEN)
    headers = [
        *(name for name in IN_FRONT if name in names),
        *(n for n in names if n not in IN_FRONT),
    ]
    text: str = tableToMarkdown(title, rows[:SHOWN], headers=headers, removeNull=True)
    more = len(rows) - SHOWN
    return f"{text}\nand {more:,} more, in the context" if more > 0 else text


def _timeline(definition: Definition, title: str, rows: Rows) -> Any:
    """Return what the history of each value tells: what was done with it, and where."""
    timeline = IndicatorsTimeline(indicators=[])
    for row in rows:
        if row.get("outcome") in MADE and "value" in row:
            where = ", ".join(str(row[name]) for name in TARGETS if row.get(name))
            said = f"{row['outcome']}: {where}, {title} ({definition.name})"
            one = IndicatorsTimeline(indicators=[row["value"]], message=said)
            timeline.indicators_timeline += one.indicators_timeline
    return timeline if timeline.indicators_timeline else None
