"""The bodies that CyberTrace takes, and what is wrong with any other."""

from typing import Any

from .exchange import Request
from .server import LARGEST_BODY


def unreadable(request: Request) -> str | None:
    """Say what is wrong with the headers of a request that has a body; None when nothing is."""
    if request.media_type("Content-Type") not in (
        ("application/json", ""),
        ("application/json", "utf-8"),
    ):
        return "Content-Type must be application/json, in utf-8"
    if request.length < 0 or "Content-Length" not in request.headers:
        return "Content-Length is required"
    if request.length > LARGEST_BODY:
        return f"the body has {request.length} bytes, the maximum is {LARGEST_BODY}"
    return None


def malformed_deletion(document: Any, version: str, supplier: str) -> str | None:
    """Say what is wrong with a body; None when it is an array of indicators to delete.

    version: of the API; supplier: whose indicators they are.
    """
    if not isinstance(document, list) or not document:
        return "the body must be a JSON array of indicator objects"
    may_unmark = supplier == "FalsePositive" and version not in ("1.0", "1.1")
    for place, row in enumerate(document):
        if not isinstance(row, dict) or not isinstance(row.get("indicator"), str):
            return f"item {place}: the property indicator must be a string"
        for name, value in row.items():
            if name == "unmark_detections" and may_unmark and isinstance(value, bool):
                continue
            if name != "indicator":
                return f"item {place}: the property {name} is not allowed here or not valid"
    return None


def malformed_addition(document: Any, version: str, supplier: str) -> str | None:
    """Say what is wrong with a body; None when it is an array of indicators to add.

    version: of the API; supplier: that gets them.
    """
    if not isinstance(document, list) or not document:
        return "the body must be a JSON array of indicator objects"
    for place, row in enumerate(document):
        if not isinstance(row, dict) or not isinstance(row.get("indicator"), str):
            return f"item {place}: the property indicator must be a string"
        for name, value in row.items():
            context = name == "context" and supplier != "FalsePositive" and _is_context(value)
            tags = name == "tags" and version != "1.0" and _are_texts(value)
            if name != "indicator" and not context and not tags:
                return f"item {place}: the property {name} is not allowed here or not valid"
    return None


def _is_context(value: Any) -> bool:
    return isinstance(value, dict) and _are_texts(list(value.values()))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def malformed_lookup(document: Any) -> str | None:
    """Say what is wrong with a body; None when it is an array of objects to look up."""
    if not isinstance(document, list) or not document:
        return "the body must be a JSON array of objects"
    for place, row in enumerate(document):
        if not isinstance(row, dict) or not isinstance(row.get("object"), str):
            return f"item {place}: the property object must be a string"
        if len(row) > 1:
            return f"item {place}: has a property that is not known"
    return None
