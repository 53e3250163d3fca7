"""From an indicator as SecMaster shows it to one as it takes it: in the form of its schema.

What cannot be written is left out and named: an indicator matters more than its date.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from re import compile as pattern
from typing import Any

from ..schema import Schema

# As a row shows a time, a zone is not always there; one is written 2023-10-24T17:23:55.000Z+0800.
SHOWN_TIME = pattern(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)? ?(?:(Z)?([+-]\d\d):?(\d\d)|(Z))?"
)
EPOCH = pattern(r"\d{10}|\d{13}")  # in seconds, or in milliseconds
START = datetime(1970, 1, 1, tzinfo=timezone.utc)
UNKNOWN_FORM = "in a form that is not known"
_schemas: dict[int, Schema] = {}  # by the identity of their rules, which they hold


def as_written(
    shown: Mapping[str, Any], known: Mapping[str, Any], above: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """Return those fields of a row that can be written, and what of them is not as it was.

    known: properties of a schema; above: the name of the object that has the fields, with a dot.
    """
    written: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in shown.items():
        rule = known.get(name)
        if rule is None or value in (
            None,
            "",
            [],
            {},
        ):  # an empty text is refused, and says nothing
            continue
        if isinstance(value, str) and name in rule.get("properties", {}):
            value = {name: value}  # the type of an indicator without what is around it
        if isinstance(value, Mapping) and "properties" in rule:
            part, more = as_written(value, rule["properties"], f"{above}{name}.")
            lost += more
            if part:
                written[name] = part
            continue
        zone = ""
        if name.endswith("_time"):
            value, zone = _time(value)  # the same in another form
        else:
            value = _typed(value, rule)
        if any(_schema_of(rule).problems(value)):
            lost.append(f"its {above}{name}, {UNKNOWN_FORM}")
            continue
        written[name] = value
        if zone:
            lost.append(f"the time zone of its {above}{name}, which {zone}")
    return written, lost


def spelled(shown: Any, rule: Mapping[str, Any]) -> Any:
    """Return a text as its rule spells it, where they differ in case only; else as it came."""
    form = shown.strip().casefold() if isinstance(shown, str) else None
    return next((name for name in rule.get("enum", ()) if name.casefold() == form), shown)


def _schema_of(rule: Mapping[str, Any]) -> Schema:
    """Return the schema of a rule, made once: a plan asks for it for each field of each line."""
    known = _schemas.get(id(rule))
    if known is None:
        known = _schemas[id(rule)] = Schema(rule)
    return known


def _typed(value: Any, rule: Mapping[str, Any]) -> Any:
    """Return a value in the form of its rule, where it is clear what is meant; else as it came."""
    kind = rule.get("type")
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold(), value)
    if "enum" in rule:
        return spelled(value, rule)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "string" and number:
        return str(value)
    if kind == "integer" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) < 10 else value  # no number is as long
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _time(shown: Any) -> tuple[Any, str]:
    """Return a time as it is written, or as it came; and what is not known of its zone."""
    text = str(shown).strip()
    if EPOCH.fullmatch(text):
        moment = START + timedelta(milliseconds=int(text.ljust(13, "0")))
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z+0000", ""
    found = SHOWN_TIME.fullmatch(text)
    if found is None:
        return shown, ""
    day, hour, part, _, hours, minutes, zulu = found.groups()
    try:
        datetime.fromisoformat(f"{day}T{hour}")
    except ValueError:
        return None, ""
    zone = f"{hours}{minutes}" if hours else "+0000"
    lost = "" if hours or zulu else "no row tells: it is taken for UTC"
    return f"{day}T{hour}{part or ''}Z{zone}", lost
