"""Which indicator a row of CyberTrace's error_indicators speaks of.

The server may echo an indicator as it stores it, so a row is matched exactly, then by case, then
by the form that CyberTrace's URL normalization rules give; and only when one candidate remains.
Source of the rules: https://support.kaspersky.com/CyberTrace/4.4/en-US/231546.htm
"""

from collections.abc import Callable, Sequence
from re import sub
from typing import Any

from ..indicators.normal import normalised
from ..outcome import Rows

SCHEME = r"^[a-z][a-z0-9+.-]*://"
AUTHORITY = r"^(?:[^/@]*@)?(?:www\.)?([^/:?#]*)\.?(?::\d+)?"


def match_rows(rows: Sequence[Any], indicators: Sequence[str]) -> tuple[dict[str, Rows], set[str]]:
    """Match rows with the indicators that were sent.

    Returns the rows of each indicator that has some, and the indicators in doubt: candidates of
    a row that fits several, or every one without a row when a row fits none.
    """
    matched: dict[str, Rows] = {}
    left = [row if isinstance(row, dict) else {} for row in rows]
    left, doubtful = _pass(left, indicators, matched, str)
    # What is echoed in other words than were sent can stand for any of one stored form.
    twins = _twins(left, [i for i in indicators if i not in matched])
    forms = set(map(stored_form, twins))
    left = [row for row in left if _form(row, stored_form) not in forms]
    doubtful |= twins
    for form in (str.casefold, stored_form):
        left, ambiguous = _pass(left, indicators, matched, form)
        doubtful |= ambiguous
    for row in left:
        again = [i for i in matched if _form(row, stored_form) == stored_form(i)]
        if len(again) == 1:
            matched[again[0]].append(row)
        else:
            doubtful.update(indicators)
    return matched, doubtful - matched.keys()


def stored_form(value: str) -> str:
    """Return a value in about the form in which CyberTrace stores a URL, for comparing only."""
    text = sub(SCHEME, "", normalised(value).casefold().replace("\\", "/"))
    text = sub(AUTHORITY, r"\1", text.partition("#")[0])
    while "//" in text:
        text = text.replace("//", "/")
    return text.rstrip("/")


def _twins(rows: Rows, indicators: Sequence[str]) -> set[str]:
    """Return the indicators of one stored form that rows do not tell apart.

    They do when each has a row, and all these say the same.
    """
    if not rows:
        return set()
    reasons: dict[str | None, list[str]] = {}
    for row in rows:
        reasons.setdefault(_form(row, stored_form), []).append(str(row.get("reason")))
    sent: dict[str, list[str]] = {}
    for indicator in indicators:
        sent.setdefault(stored_form(indicator), []).append(indicator)
    return {
        indicator
        for form, twins in sent.items()
        if len(twins) > 1 and (said := reasons.get(form))
        if len(said) < len(twins) or len(set(said)) > 1
        for indicator in twins
    }


def _pass(
    rows: Rows, indicators: Sequence[str], matched: dict[str, Rows], form: Callable[[str], str]
) -> tuple[Rows, set[str]]:
    """Match by one form; return the rows that fit none, and the candidates of those that fit many.

    An indicator takes one row: a second row of the same text may speak of its twin.
    """
    if not rows:
        return rows, set()
    candidates: dict[str, list[str]] = {}
    for indicator in indicators:
        if indicator not in matched:
            candidates.setdefault(form(indicator), []).append(indicator)
    left: Rows = []
    ambiguous: set[str] = set()
    for row in rows:
        found = [i for i in candidates.get(_form(row, form) or "", ()) if i not in matched]
        if len(found) == 1:
            matched[found[0]] = [row]
        elif found:
            ambiguous.update(found)
        else:
            left.append(row)
    return left, ambiguous


def _form(row: dict[str, Any], form: Callable[[str], str]) -> str | None:
    name = row.get("indicator")
    return form(name.strip()) if isinstance(name, str) and name.strip() else None
