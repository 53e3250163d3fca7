"""What CyberTrace does with an indicator that is added, or that it has already."""

from collections.abc import Collection, Mapping
from typing import Any

from .values import is_indicator

INVALID = "Invalid indicator format"
NO_TAG = "Tag doesn't exist"


def added(
    row: Mapping[str, Any], indicators: dict[str, dict[str, Any]], tags: Collection[str]
) -> str | None:
    """Add an indicator, or update it; return why not, None when it was done.

    row: of the request; indicators: of the supplier, by value; tags: those that exist.
    """
    value = row["indicator"]
    if not is_indicator(value):
        return INVALID
    if not set(row.get("tags", ())) <= set(tags):
        return NO_TAG
    kept = indicators.setdefault(value, {})
    if "context" in row:
        kept["context"] = dict(row["context"])
    if "tags" in row:  # without them they stay as they are, and an empty list removes them
        kept["tags"] = list(row["tags"])
    return None
