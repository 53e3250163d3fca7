"""SecMaster's search over indicators: conditions, their logic, and pages.

`value` as a field is an analogy (the documents name other fields); `from_date` and `to_date`
are taken to bound `create_time`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

LARGEST_PAGE = 100
TIMES = ("create_time", "update_time", "first_report_time", "last_report_time")
FIELDS = ("name", "value", "status", "verdict", "indicator_type.indicator_type", *TIMES)

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
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
    tests = list(_tests(body))
    by = body.get("sort_by")
    if by is not None and by not in FIELDS:
        raise SearchError("sort_by")
    found = [row for row in rows if all(test(row) for test in tests)]
    if by is not None:
        found.sort(key=lambda row: str(_value(row, by)))
    size = min(limit, LARGEST_PAGE)
    data = found[offset : offset + size]
    return {"total": len(found), "size": size, "page": offset // size + 1, "data": data}


def _number(body: Row, name: str, least: int) -> int:
    number = body.get(name)
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= 999999:
        raise SearchError(name)
    return number


def _tests(body: Row) -> Iterator[Test]:
    ids = body.get("ids")
    if ids is not None:
        if not isinstance(ids, list) or len(ids) > 999:
            raise SearchError("ids")
        if not all(isinstance(one, str) for one in ids):
            raise SearchError("ids")
        if ids:
            wanted = set(ids)
            yield lambda row: row["id"] in wanted
    for name, operator in (("from_date", ">="), ("to_date", "<=")):
        if body.get(name) is not None:
            yield _comparison(["create_time", operator, body[name]])
    if body.get("condition") is not None:
        yield _condition(body["condition"])


def _condition(condition: Any) -> Test:
    conditions = condition.get("conditions", []) if isinstance(condition, dict) else None
    if not isinstance(conditions, list) or len(conditions) > 999:
        raise SearchError("condition.conditions")
    named: dict[str, Test] = {}
    for one in conditions:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or len(name) > 64:
            raise SearchError("condition.conditions.name")
        named[name] = _comparison(one.get("data"))
    logics = condition.get("logics") or [part for name in named for part in ("and", name)][1:]
    return _logic(logics, named) if named else lambda row: True  # noqa: ARG005


def _logic(logics: Any, named: Mapping[str, Test]) -> Test:
    """Read names joined by and/or from left to right."""
    if not isinstance(logics, list) or len(logics) % 2 == 0:
        raise SearchError("condition.logics")
    if not all(isinstance(part, str) for part in logics):
        raise SearchError("condition.logics")
    names, words = logics[::2], [word.lower() for word in logics[1::2]]
    if not set(names) <= set(named) or not set(words) <= {"and", "or"}:
        raise SearchError("condition.logics")

    def test(row: Row) -> bool:
        result = named[names[0]](row)
        for word, name in zip(words, names[1:], strict=True):
            right = named[name](row)
            result = (result and right) if word == "and" else (result or right)
        return result

    return test


def _comparison(data: Any) -> Test:
    if not isinstance(data, list) or len(data) != 3:
        raise SearchError("condition.conditions.data")
    if not all(isinstance(part, str) and len(part) <= 100 for part in data):
        raise SearchError("condition.conditions.data")
    name, operator, operand = data
    if name not in FIELDS or operator not in (*_OPERATORS, "in"):
        raise SearchError("condition.conditions.data")
    if operator == "in":
        options = operand.split(",")
        return lambda row: _value(row, name) in options
    compare = _OPERATORS[operator]
    if name in TIMES and operator != "contains":
        moment = _moment(operand)
        return lambda row: compare(_moment(str(_value(row, name))), moment)
    return lambda row: compare(_value(row, name), operand)


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
