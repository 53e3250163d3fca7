"""SecMaster's search over indicators: conditions, their logic, and pages.

`value` as a field is an analogy (the documents name other fields); `from_date` and `to_date`
are taken to bound `create_time`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

LARGEST_PAGE = 100
TIMES = ("create_time", "update_time", "first_report_time", "last_report_time")
FIELDS = ("name", "value", "status", "verdict", "indicator_type.indicator_type", *TIMES)

Row = Mapping[str, Any]
Test = Callable[[Any, Any], bool]

_OPERATORS: Mapping[str, Test] = {
    "=": lambda value, operand: bool(value == operand),
    "!=": lambda value, operand: bool(value != operand),
    ">=": lambda value, operand: bool(value >= operand),
    "<=": lambda value, operand: bool(value <= operand),
    "contains": lambda value, operand: str(operand) in str(value),
}


class SearchError(ValueError):
    """The search breaks a documented limit; the text says which."""


def search(body: Any, rows: Sequence[Row]) -> dict[str, Any]:
    """Return total, size, page and data, at most 100 rows however large the limit is."""
    if not isinstance(body, dict):
        raise SearchError("body")
    offset, limit = _number(body, "offset", 0), _number(body, "limit", 1)
    found = [row for row in rows if _wanted(body, row)]
    by = body.get("sort_by")
    if by is not None:
        if by not in FIELDS:
            raise SearchError("sort_by")
        found.sort(key=lambda row: str(_value(row, by)))
    size = min(limit, LARGEST_PAGE)
    data = found[offset : offset + size]
    return {"total": len(found), "size": size, "page": offset // size + 1, "data": data}


def _number(body: Row, name: str, least: int) -> int:
    number = body.get(name)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= 999999:
        raise SearchError(name)
    return number


def _wanted(body: Row, row: Row) -> bool:
    ids = body.get("ids")
    if ids is not None:
        if not isinstance(ids, list) or len(ids) > 999:
            raise SearchError("ids")
        if ids and row["id"] not in ids:
            return False
    for name, operator in (("from_date", ">="), ("to_date", "<=")):
        bound = body.get(name)
        if bound is not None and not _holds(["create_time", operator, bound], row):
            return False
    condition = body.get("condition")
    return condition is None or _condition(condition, row)


def _condition(condition: Any, row: Row) -> bool:
    conditions = condition.get("conditions", []) if isinstance(condition, dict) else None
    if not isinstance(conditions, list) or len(conditions) > 999:
        raise SearchError("condition.conditions")
    verdicts: dict[str, bool] = {}
    for one in conditions:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or len(name) > 64:
            raise SearchError("condition.conditions.name")
        verdicts[name] = _holds(one.get("data"), row)
    return _logic(condition.get("logics") or list(_joined(verdicts)), verdicts)


def _joined(names: Mapping[str, bool]) -> Sequence[str]:
    return [part for name in names for part in ("and", name)][1:]


def _logic(logics: Any, verdicts: Mapping[str, bool]) -> bool:
    """Read names joined by and/or from left to right."""
    if not verdicts:
        return True
    if not isinstance(logics, list) or len(logics) % 2 == 0:
        raise SearchError("condition.logics")
    if any(name not in verdicts for name in logics[::2]):
        raise SearchError("condition.logics")
    result = verdicts[logics[0]]
    for word, name in zip(logics[1::2], logics[2::2], strict=True):
        if str(word).lower() not in ("and", "or"):
            raise SearchError("condition.logics")
        right = verdicts[name]
        result = (result and right) if str(word).lower() == "and" else (result or right)
    return result


def _holds(data: Any, row: Row) -> bool:
    if not isinstance(data, list) or len(data) != 3 or data[0] not in FIELDS:
        raise SearchError("condition.conditions.data")
    name, operator, operand = data
    if not all(isinstance(part, str) and len(part) <= 100 for part in data):
        raise SearchError("condition.conditions.data")
    value = _value(row, name)
    if operator == "in":
        return value in operand.split(",")
    if operator not in _OPERATORS:
        raise SearchError("condition.conditions.data")
    if name in TIMES and operator != "contains":
        return _OPERATORS[operator](_moment(str(value)), _moment(operand))
    return _OPERATORS[operator](value, operand)


def _value(row: Row, name: str) -> Any:
    found: Any = row["data_object"]
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return "" if found is None else found


def _moment(text: str) -> datetime:
    """Read both ways of writing a time: `...000+08:00` in answers, `...000Z+0800` in requests."""
    plain = re.sub(r"Z(?=[+-])", "", text).replace("Z", "+0000")
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            return datetime.strptime(plain, form)
        except ValueError:
            continue
    raise SearchError(f"time {text}")
