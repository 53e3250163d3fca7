"""Read the attributes of MISP events, of the event and of its objects.

An attribute is one item; a composite ("domain|ip") is one for each part that may be an indicator,
and its other parts (filename, port) are none. Proposals (ShadowAttribute) are not read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .items import Indicator, Unused, typed_item

_ADDRESS = ("ipv4", "ipv6")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "md5": ("md5",),
    "sha1": ("sha1",),
    "sha256": ("sha256",),
    "ip": _ADDRESS,
    "ip-src": _ADDRESS,
    "ip-dst": _ADDRESS,
    "domain": ("domain",),
    "hostname": ("domain",),
    "url": ("url",),
    "uri": ("url",),
}
_COMPOSITES = frozenset(
    {
        "ip-src|port",
        "ip-dst|port",
        "domain|ip",
        "hostname|port",
        "filename|md5",
        "filename|sha1",
        "filename|sha256",
    }
)


def misp_events(document: Any) -> list[tuple[str, Any]]:
    """Return the events of an export, each with its place, in any of the forms in use.

    They are {"Event": ...}, {"response": [{"Event": ...}]}, {"response": {"Event": ...}}, a list
    of {"Event": ...}, and {"response": {"Attribute": [...]}}; anything else gives none.
    """
    prefix, found = "", document
    if isinstance(document, dict) and "response" in document:
        prefix, found = "response", document["response"]
    if isinstance(found, list):
        return [
            (f"{prefix}[{index}].Event", entry["Event"])
            for index, entry in enumerate(found)
            if isinstance(entry, dict) and isinstance(entry.get("Event"), dict)
        ]
    if isinstance(found, dict) and isinstance(found.get("Event"), dict):
        return [(f"{prefix}.Event".lstrip("."), found["Event"])]
    if prefix and isinstance(found, dict) and "Attribute" in found:
        return [(prefix, found)]
    return []


def misp_items(document: Any, *, to_ids_only: bool) -> Iterator[Indicator | Unused]:
    """Yield the items of every event; to_ids_only: leave out what is not marked for detection."""
    for place, event in misp_events(document):
        groups = [(place, event, False)]
        for index, group in enumerate(_entries(event, "Object")):
            groups.append((f"{place}.Object[{index}]", group, _is_set(group.get("deleted"))))
        for where, group, deleted in groups:
            for index, attribute in enumerate(_entries(group, "Attribute")):
                at = f"{where}.Attribute[{index}]"
                yield from _attribute_items(attribute, at, deleted, to_ids_only)


def _attribute_items(
    attribute: Mapping[str, Any], place: str, deleted: bool, to_ids_only: bool
) -> Iterator[Indicator | Unused]:
    kind, value = str(attribute.get("type", "")), attribute.get("value")
    text = value if isinstance(value, str) else ""
    parts = _parts(kind, text)
    for part, part_text in parts:
        if deleted or _is_set(attribute.get("deleted")):
            yield Unused(part_text, place, "deleted in MISP")
        elif to_ids_only and not _is_set(attribute.get("to_ids")):
            yield Unused(part_text, place, "to_ids is false")
        else:
            yield typed_item(part_text, place, _TYPES[part], f"MISP type {part}")
    if not parts:
        reason = (
            f"the value is not of the form {kind}" if kind in _COMPOSITES else f"MISP type {kind}"
        )
        yield Unused(text, place, reason)


def _parts(kind: str, text: str) -> list[tuple[str, str]]:
    """Return type and text of each part that may be an indicator."""
    if kind in _TYPES:
        return [(kind, text)]
    if kind not in _COMPOSITES or "|" not in text:
        return []
    first, second = kind.split("|")
    # A file name may hold a "|", a hash or a port does not.
    left, _, right = text.rpartition("|")
    return [(part, value) for part, value in ((first, left), (second, right)) if part in _TYPES]


def _entries(group: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = group.get(key) or []
    entries = found if isinstance(found, list) else [found]
    return [entry if isinstance(entry, dict) else {"value": str(entry)} for entry in entries]


def _is_set(flag: object) -> bool:
    return flag is True or str(flag).lower() in {"1", "true"}
