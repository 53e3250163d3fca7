"""CyberTrace's search across suppliers, POST lookup.

Where the documents are silent, a choice was made: an indicator is found by its exact text alone;
what FalsePositive holds is not detected, unless InternalTI holds it too; a disabled supplier
detects nothing; `categories` is left out when nothing is detected; the category of a supplier made
by REST is built as those of InternalTI are; the context holds the supplier's name.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

INTERNAL, FALSE_POSITIVE = "InternalTI", "FalsePositive"
HASHES = {32: "Hash_MD5", 40: "Hash_SHA1", 64: "Hash_SHA256"}


def looked_up(value: str, suppliers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row of one object; suppliers: of one tenant."""
    holding = [
        name
        for name, supplier in suppliers.items()
        if value in supplier["indicators"] and supplier["status"] == "enabled"
    ]
    if FALSE_POSITIVE in holding:
        holding = [INTERNAL] if INTERNAL in holding else []
    if not holding:
        return {"object": value, "result": "not detected"}
    categories = [
        {
            "category": f"KL_{name}_{_kind(value)}",
            "detected_indicator": value,
            "context": {
                **suppliers[name]["indicators"][value].get("context", {}),
                "supplier_name": name,
            },
        }
        for name in holding
    ]
    return {"object": value, "result": "detected", "categories": categories}


def _kind(value: str) -> str:
    if len(value) in HASHES and all(one in "0123456789abcdefABCDEF" for one in value):
        return HASHES[len(value)]
    try:
        ip_address(value)
    except ValueError:
        return "URL"
    return "IP"
