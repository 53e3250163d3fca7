"""How outcomes of CyberTrace are undone: by the values that their rows have.

CyberTrace can list nothing, so what an indicator had besides its value is known from a lookup at
most. Source: https://support.kaspersky.com/CyberTrace/5.0/ja-JP/296215.htm
"""

from collections.abc import Mapping
from typing import Any

from ..restoring import Restoring
from .cybertrace import FALSE_POSITIVE
from .cybertrace_rows import stored_form

INTERNAL = "InternalTI"
OWNER = "supplier_name"  # which CyberTrace itself writes into a context
SINCE = "when it was first added, and by whom"


def add_indicator_again(
    row: Mapping[str, Any], given: Mapping[str, Any], _fields: Mapping[str, Any]
) -> Restoring:
    """Return how an indicator that was deleted from a supplier is added again."""
    supplier, value = row["supplier"], row["value"]
    arguments: dict[str, Any] = {"supplier": supplier, "indicators": [value]}
    if supplier == FALSE_POSITIVE:
        lost = [SINCE]
        if given.get("unmark_detections"):
            lost.append("the marks of its detections as false positives")
        return Restoring(arguments, not_restored=tuple(lost))
    context = _context(row.get("snapshot"), supplier, value)
    if context:
        arguments["context"] = {value: context}
    lost = [SINCE, "its tags", *([] if context else ["its context"])]
    return Restoring(arguments, not_restored=(*lost, "its retention, which begins anew"))


def delete_added_indicator(
    row: Mapping[str, Any], _given: Mapping[str, Any], _fields: Mapping[str, Any]
) -> Restoring:
    """Return how an indicator that was added to a supplier is deleted from it."""
    arguments: dict[str, Any] = {"supplier": row["supplier"], "indicators": [row["value"]]}
    lost = "whether it was there already before it was added"
    return Restoring(arguments, not_restored=(lost,))


def _context(snapshot: Any, supplier: str, value: str) -> dict[str, str]:
    """Return the context that a lookup gave, if it is clear that it is this supplier's.

    Another supplier may hold the same value, and a mask of a feed may match it.
    """
    categories = snapshot.get("categories") if isinstance(snapshot, Mapping) else None
    found = [
        category.get("context")
        for category in (categories if isinstance(categories, list) else ())
        if isinstance(category, Mapping) and _is_of(category, supplier, value)
    ]
    if len(found) != 1 or not isinstance(found[0], Mapping):
        return {}
    return {
        name: text
        for name, text in found[0].items()
        if name != OWNER and isinstance(text, str) and text
    }


def _is_of(category: Mapping[str, Any], supplier: str, value: str) -> bool:
    context = category.get("context")
    owner = context.get(OWNER) if isinstance(context, Mapping) else None
    internal = str(category.get("category")).startswith(f"KL_{INTERNAL}_")
    detected = category.get("detected_indicator")
    same = isinstance(detected, str) and stored_form(detected) == stored_form(value)
    return same and (owner == supplier or (owner is None and internal and supplier == INTERNAL))
