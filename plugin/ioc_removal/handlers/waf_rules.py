"""Which rules are meant: ids, names or tags, exactly one rule each, and never an address."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from ..outcome import Rows

WAYS = ("rule_ids", "names", "tags")


def refused_addresses(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of each IP address that it names no rule: a rule is a whole provider, never one IP."""
    return [
        f"rules[{position}].{way}: {text!r} is an address, and no address names such a rule: it "
        "covers the whole address space of a data-centre provider; name it by id, name or tag"
        for position, wanted in enumerate(rules)
        for way in WAYS
        for text in wanted.get(way, ())
        if _is_address(text)
    ]


def chosen_rules(
    wanted: Mapping[str, Any], there: Sequence[Mapping[str, Any]]
) -> tuple[Rows, list[str]]:
    """Return the rules that are meant among those of the policy, and what names none or many.

    An id that the policy does not have is passed on: its deletion tells that it is absent.
    """
    by_id = {row["id"]: row for row in reversed(there)}
    rows: Rows = [dict(by_id.get(id_, {"id": id_})) for id_ in wanted.get("rule_ids", ())]
    problems: list[str] = []
    for way, named in (("names", _named), ("tags", _tagged)):
        for text in wanted.get(way, ()):
            found = [dict(row) for row in there if named(row, text)]
            if len(found) == 1:
                rows += found
            else:
                problems.append(_refusal(wanted["policy_id"], way, text, found or there))
    return rows, problems


def tags_taken(tags: Sequence[str], there: Sequence[Mapping[str, Any]]) -> str | None:
    """Say which rules have some of the tags already; None when none has."""
    taken = [
        f"rule {row['id']} (name {row.get('name')!r}) has {' '.join(common)}"
        for row in there
        if (common := [tag for tag in tags if _tagged(row, tag)])
    ]
    if not taken:
        return None
    return f"a tag can be in one rule only: {'; '.join(taken)}; change that rule, or choose others"


def _named(row: Mapping[str, Any], text: str) -> bool:
    return row.get("name") == text


def _tagged(row: Mapping[str, Any], text: str) -> bool:
    return text in (row.get("tags") or ())


def _refusal(policy_id: str, way: str, text: str, rules: Sequence[Mapping[str, Any]]) -> str:
    candidates = ", ".join(
        f"{row['id']} (name {row.get('name')!r}, tags {' '.join(row.get('tags') or ()) or 'none'})"
        for row in rules[:10]
    )
    return (
        f"policy {policy_id}: {way[:-1]} {text!r} names no one rule; "
        f"the candidates are: {candidates or 'none, the policy has no rule'}"
    )


def _is_address(text: str) -> bool:
    try:
        ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True
