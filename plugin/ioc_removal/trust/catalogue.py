"""The guards by name: what each refuses or warns about, and which setting is its own."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..errors import ArgumentError
from ..wording import hint
from .caps import CAPS, PER_CALL, PER_HOUR, PER_RUN

EMPTY = "empty"
WILDCARD, SUFFIX, PRIVATE = "wildcard", "suffix", "private"
PROTECTED, KNOWN_GOOD = "protected", "known_good"
EXPECT_TAGS, LAST_RULE = "expect_tags", "last_rule"
STOP_AFTER, SNAPSHOT = "stop_after", "snapshot"
WARNINGLISTS = "warninglists"  # the setting


class Guard(NamedTuple):
    """What a guard does.

    refuses: or warns about, in words; instead: what to do, when it refuses; settings: its keys in
    the settings' guards; warns: of what, after their number, one and many,
    when it does not refuse.
    """

    name: str
    refuses: str
    instead: str = ""
    settings: tuple[str, ...] = ()
    warns: tuple[str, str] | None = None

    @property
    def overridable(self) -> bool:
        """Whether a person may go on with a reason, or switch it off."""
        return self.name != EMPTY


def _cap(name: str, refuses: str) -> Guard:
    return Guard(name, refuses, f"name fewer, raise guards.{name} in the settings", (name,))


_ALL = (
    _cap(PER_CALL, "more indicators in one call than this"),
    _cap(PER_RUN, "more indicators in one run, over all its calls"),
    _cap(PER_HOUR, "more in an hour through one connection, over all runs"),
    Guard(EMPTY, "a list of nothing; nobody can override it"),
    Guard(WILDCARD, "when disarming, values with * or ?, and networks", "name each value"),
    Guard(
        SUFFIX,
        "when disarming, top-level domains, single labels, public suffixes",
        "name each domain",
    ),
    Guard(
        PROTECTED,
        "when disarming, what is on your list",
        "take it off guards.protected of the settings",
        (PROTECTED,),
    ),
    Guard(
        EXPECT_TAGS,
        "a WAF rule whose provider tags are not exactly those that were named",
        "name them with --expect-tags",
        (EXPECT_TAGS,),
    ),
    Guard(LAST_RULE, "the last IP reputation rule of a WAF policy", "keep one rule"),
    Guard(
        SNAPSHOT,
        "what cannot be kept as it was, when that is required",
        "set guards.snapshot to tried",
        (SNAPSHOT,),
    ),
    Guard(
        STOP_AFTER,
        "the rest of a call of which too much failed",
        "see why, change guards.stop_after in the settings",
        (STOP_AFTER,),
    ),
    Guard(
        PRIVATE,
        "private, reserved and local addresses and names",
        warns=(
            "is a private or reserved address or a local name, which is another machine elsewhere",
            "are private or reserved addresses or local names, which are other machines elsewhere",
        ),
    ),
    Guard(
        KNOWN_GOOD,
        "when rearming, what is known to be good",
        settings=(KNOWN_GOOD, WARNINGLISTS),
        warns=(
            "is known to be good and will alert at once",
            "are known to be good and will alert at once",
        ),
    ),
)
GUARDS: Mapping[str, Guard] = {guard.name: guard for guard in _ALL}
OVERRIDABLE = tuple(guard.name for guard in _ALL if guard.overridable)
DEFAULTS: Mapping[str, object] = {
    **CAPS,
    EXPECT_TAGS: False,
    SNAPSHOT: "tried",
    STOP_AFTER: {"percent": 50, "of": 100},
}


def overrides_of(names: Iterable[str], reason: str | None) -> dict[str, str]:
    """Return the reason of each guard that is overridden; raises ArgumentError."""
    overrides: dict[str, str] = {}
    for name in names:
        if name not in GUARDS:
            raise ArgumentError(
                f"--override {name}: there is no guard {name!r}{hint(name, OVERRIDABLE)}; "
                "`ioc-removal guards` lists them"
            )
        if name not in OVERRIDABLE:
            raise ArgumentError(f"--override {name}: nobody can override it")
        if not (reason or "").strip():
            raise ArgumentError(f"--override {name}: tell why with --reason TEXT")
        overrides[name] = str(reason).strip()
    return overrides
