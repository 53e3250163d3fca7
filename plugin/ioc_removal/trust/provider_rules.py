"""Rules that stand for whole providers: only with the tags that were named, and never the last."""

from collections.abc import Mapping, Sequence, Set
from threading import Lock
from typing import Any

from ..errors import one_line

LONGEST_TAGS = 200  # characters in a message


class LastRules:
    """Which rules this run removes, by policy; several at a time must not be each other's last."""

    def __init__(self) -> None:
        self._going: dict[str, set[str]] = {}
        self._lock = Lock()

    def leaves_none(self, policy: str, rule: str, there: Set[str]) -> bool:
        """Tell whether no rule would be left; if one would, the rule is going from now on.

        there: the ids of the policy's rules now. What the policy does not have takes nothing away.
        """
        with self._lock:
            going = self._going.setdefault(policy, set())
            left = (other for other in there if other != rule and other not in going)
            few = len(there) <= len(going) + 1  # of more, one is left whichever these are
            if few and rule in there and next(left, None) is None:
                return True
            going.add(rule)
            return False


def other_tags(row: Mapping[str, Any], expected: Sequence[str]) -> str | None:
    """Say which tags a rule has when these are not exactly those that were expected."""
    shown = row.get("tags") or []
    if not isinstance(shown, list):
        return "the rule's provider tags are shown in a form that is not known"
    tags = [str(tag) for tag in shown]
    if set(tags) == set(expected):
        return None
    has = one_line(" ".join(sorted(tags)) or "none", LONGEST_TAGS)
    wanted = one_line(" ".join(sorted(set(expected))), LONGEST_TAGS)
    return f"the rule's provider tags are {has}, not {wanted}"
