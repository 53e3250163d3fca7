"""Kaspersky CyberTrace: one function a request.

Source: https://support.kaspersky.com/CyberTrace/5.1/en-US/198660.htm
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from ..answer import Answer
from ..body import objects_of
from ..call import Call
from ..errors import ArgumentError
from ..outcome import ABSENT, ADDED, FAILED, REMOVED, UNKNOWN, Outcome, worst
from ..same_outcome import SameOutcome
from .cybertrace_rows import match_rows

FALSE_POSITIVE = "FalsePositive"
UNMARKING_VERSIONS = ("1.2", "1.3")
WITHOUT_TAGS = "1.0"
NOT_THERE = "indicatordoesntexist"  # "Indicator doesn't exist" in any case and punctuation
SAYS = {REMOVED: "deleted", ADDED: "added"}


def delete_indicators(
    call: Call, supplier: str, indicators: Sequence[str], unmark_detections: bool | None = None
) -> Sequence[Outcome]:
    """DELETE suppliers/{supplier}/indicators."""
    flag: dict[str, bool] = {}
    if supplier == FALSE_POSITIVE and call.api_version in UNMARKING_VERSIONS:
        flag = {"unmark_detections": bool(unmark_detections)}
    elif unmark_detections is not None:
        raise ArgumentError(
            f"unmark_detections: the server speaks REST API {call.api_version}, which does not "
            "know it; leave it out"
        )
    answer = call.send(
        path={"supplier": supplier},
        body=objects_of("indicator", indicators, flag),
    )
    return _outcomes(answer, indicators, {"supplier": supplier, **call.place}, REMOVED)


def add_indicators(
    call: Call,
    supplier: str,
    indicators: Sequence[str],
    context: Mapping[str, Mapping[str, str]] | None = None,
    tags: Mapping[str, Sequence[str]] | None = None,
) -> Sequence[Outcome]:
    """PUT suppliers/{supplier}/indicators."""
    if tags and call.api_version == WITHOUT_TAGS:
        raise ArgumentError("tags: the server speaks REST API 1.0, which knows none; leave it out")
    more = {name: given for name, given in (("context", context), ("tags", tags)) if given}
    answer = call.send(
        path={"supplier": supplier},
        body=[
            {"indicator": i, **{name: given[i] for name, given in more.items() if i in given}}
            for i in indicators
        ],
    )
    return _outcomes(answer, indicators, {"supplier": supplier, **call.place}, ADDED)


def unmark_false_positives(
    call: Call, indicators: Sequence[str], unmark_detections: bool | None = None
) -> Sequence[Outcome]:
    """DELETE suppliers/FalsePositive/indicators."""
    return delete_indicators(call, FALSE_POSITIVE, indicators, unmark_detections)


def list_suppliers(call: Call) -> list[dict[str, Any]]:
    """GET suppliers."""
    answer = call.send()
    rows = answer.body if isinstance(answer.body, list) else [answer.body]
    if not all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows):
        raise answer.undocumented("no list of suppliers with their names")
    return [{"name": row["name"], "status": row.get("status")} for row in rows]


def look_up_indicators(call: Call, indicators: Sequence[str]) -> list[dict[str, Any]]:
    """POST lookup."""
    answer = call.send(body=objects_of("object", indicators, {}))
    rows = [{**row, "indicator": row["object"]} for row in call.listed(answer, None, "object")]
    matched, doubtful = match_rows(rows, indicators)
    found = {i: _found(matched.get(i, ()), doubtful=i in doubtful) for i in indicators}
    if call.raw:
        alone = {i: of_it[0] for i, of_it in matched.items() if len(of_it) == 1}
        found |= {i: {"raw": _without(row, "indicator")} for i, row in alone.items()}
    return [{"value": indicator, **call.tenant, **found[indicator]} for indicator in indicators]


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _found(rows: Sequence[Mapping[str, Any]], *, doubtful: bool) -> dict[str, Any]:
    """Read what a lookup found of one indicator; without one clear result it is unknown."""
    results = {str(row.get("result") or "").strip() for row in rows}
    if len(results) == 1 and "" not in results:
        listed = [row.get("categories") for row in rows]
        categories = [one for row in listed if isinstance(row, list) for one in row]
        return {"result": results.pop(), "categories": categories}
    reason = "the answer has no row for it"
    if doubtful:
        reason = "the answer names an indicator that may be this one"
    elif rows:
        reason = "the answer gives it no result, or several"
    return {"outcome": UNKNOWN, "reason": reason}


def _outcomes(
    answer: Answer, indicators: Sequence[str], target: Mapping[str, str], done: str
) -> Sequence[Outcome]:
    """Read what became of each indicator from the rows of the answer and its status.

    done: removed or added, which a success means.
    """
    said = answer.body[0] if isinstance(answer.body, list) and answer.body else answer.body
    if not isinstance(said, dict) or (isinstance(answer.body, list) and len(answer.body) > 1):
        raise answer.undocumented("no status of the operation")
    rows, status = said.get("error_indicators") or [], said.get("status")
    if not isinstance(rows, list):
        raise answer.undocumented("error_indicators is not a list")
    succeeded = isinstance(status, str) and bool(status.strip())
    if not rows:
        succeeded = succeeded and answer.status in {200, 201} and "error" not in str(status).lower()
    quoted = {} if status is None else answer.quotes.fields({"status": status})
    silent = f"{answer.status} with status {status!r} does not say that it is {SAYS[done]}"
    what, why = (done, None) if succeeded else (UNKNOWN, silent)
    rest = _said_of(answer, target, quoted, what, why)
    if not rows:
        return SameOutcome(rest, indicators)
    said_of = cache(partial(_said_of, answer, target, quoted))
    matched, doubtful = match_rows(rows, indicators)
    alike = said_of(UNKNOWN, "the answer names an indicator that may be this one")

    def outcome(indicator: str) -> Outcome:
        if indicator in matched:
            meant = [_meaning(row, answer, done) for row in matched[indicator]]
            name = worst(name for name, _ in meant)
            reason = next(text for outcome, text in meant if outcome == name)
            return said_of(name, reason).same_of(indicator)
        return (alike if indicator in doubtful else rest).same_of(indicator)

    return [outcome(indicator) for indicator in indicators]


def _said_of(
    answer: Answer,
    target: Mapping[str, str],
    quoted: Mapping[str, Any],
    name: str,
    reason: str | None,
) -> Outcome:
    """Return what an answer says of an indicator; quoted: of the answer."""
    return Outcome(
        name,
        target,
        reason=reason and answer.quotes.line(reason),
        http_status=answer.status,
        request_id=answer.request_id,
        attempts=answer.attempts,
        maybe_ours=name == ABSENT and answer.unclear,
        response=quoted,
    )


def _meaning(row: Mapping[str, Any], answer: Answer, done: str) -> tuple[str, str]:
    """Return the outcome and the reason of one row of error_indicators.

    After a try that may have been carried out, only an absence says what became of the indicator.
    """
    reason = row.get("reason")
    refused = UNKNOWN if answer.unclear else FAILED
    if not isinstance(reason, str) or not reason.strip():
        return refused, f"not {SAYS[done]}; the answer gives no reason"
    letters = "".join(char for char in reason.lower() if char.isalnum())
    return (ABSENT if letters == NOT_THERE and done == REMOVED else refused), reason
