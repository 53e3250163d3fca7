"""Who may decide, and how many indicators may be acted on without a person's approval."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple

from ..duration import duration_of
from ..errors import ArgumentError, SettingsError

USUAL_WAIT = "24h"
VERBS = {"disarms": "disarm", "rearms": "rearm"}
IN_PARTS = {
    "call": "a single call asks nobody, `ioc-removal run` does: call it with fewer at a time",
    "undo": "an undo asks nobody: put back fewer at a time with --indicator VALUE (repeatable)",
}


class Approving(NamedTuple):
    """The settings of approval.

    most: indicators that need none, by effect; approvers: who may decide, by name; four_eyes:
    whether who wants a run may not: True compares the names as declared and the users of the
    operating system, "actors" only the names; wait: for a decision; source: of the settings, for
    messages.
    """

    most: Mapping[str, int] = MappingProxyType({})
    approvers: tuple[str, ...] = ()
    four_eyes: bool | str = True
    wait: timedelta = duration_of(USUAL_WAIT)
    source: str = "the settings"

    def may(self, users: Iterable[str], requesters: Iterable[str]) -> list[str]:
        """Return who may decide; users: those whom a playbook names, else all approvers."""
        named = set(users) or set(self.approvers)
        out = {_folded(name) for name in requesters} if self.four_eyes else set()
        return [one for one in self.approvers if one in named and _folded(one) not in out]

    def check(self, actor: str, user: str, users: Iterable[str], requesters: Iterable[str]) -> None:
        """Refuse who may not decide; user: of the operating system.

        users: whom a playbook names; requesters: actor and user of who wants the run. Raises
        SettingsError when nobody may, ArgumentError when this one may not.
        """
        if not self.approvers:
            raise SettingsError(
                f"nobody may decide: name who may in approval.approvers of {self.source}"
            )
        if actor not in self.approvers:
            raise ArgumentError(
                f"{actor} may not decide: approval.approvers of {self.source} has "
                f"{', '.join(self.approvers)}; --actor NAME tells who you are"
            )
        if (named := set(users)) and actor not in named:
            raise ArgumentError(
                f"{actor} may not decide this: the playbook asks {', '.join(sorted(named))}"
            )
        wanting = [_folded(name) for name in requesters]
        if self.four_eyes and _folded(actor) in wanting:
            raise ArgumentError(
                f"{actor} wants this run, and may not decide on it (approval.four_eyes): ask "
                f"{' or '.join(self.may(users, requesters)) or 'to name another approver'}"
            )
        if self.four_eyes is True and _folded(user) in wanting:
            raise ArgumentError(
                f"{actor} is declared by --actor, and the user of the operating system is {user}, "
                "who wants this run and may not decide on it (approval.four_eyes): decide from "
                "another account; where all share one, `four_eyes: actors` compares only the names"
            )


class Tally:
    """Counts indicators that turn out to have another effect than their call tells.

    most: how many need no approval, by effect; advice: how to go on above that, by effect.
    """

    def __init__(self, most: Mapping[str, int], advice: Callable[[str], str]) -> None:
        self._most, self._advice = most, advice
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def refused(
        self, told: str, shown: Mapping[str, str], sizes: Mapping[str, int]
    ) -> dict[str, str]:
        """Say why some may not be done, by item; the others count from now on.

        told: the effect by the arguments; shown: that of each item as the system shows it; sizes:
        how many have an effect by their arguments.
        """
        reasons = {}
        with self._lock:
            for item, effect in shown.items():
                if effect == told:
                    continue
                size = sizes.get(effect, 0) + self._counts[effect] + 1
                if reason := too_many(effect, size, self._most, self._advice(effect)):
                    reasons[item] = reason
                else:
                    self._counts[effect] += 1
        return reasons


class Counted:
    """The approval of a call or an undo, which have no plan: a few indicators need none.

    kind: "call" or "undo"; most: by effect; sizes: how many indicators it acts on, with all its
    calls, by effect as their arguments tell it.
    """

    def __init__(self, kind: str, most: Mapping[str, int], sizes: Mapping[str, int]) -> None:
        self._kind, self._most, self._sizes = kind, most, sizes
        self._tally = Tally(most, self._advice)

    @property
    def bounds(self) -> bool:
        """Whether beyond() may say anything: whether there is a bound."""
        return bool(self._most)

    def refusal(self, effect: str) -> str | None:
        """Say why nothing with this effect may be done; None when it may."""
        return too_many(effect, self._sizes.get(effect, 0), self._most, self._advice(effect))

    def beyond(self, told: str, shown: Mapping[str, str]) -> Mapping[str, str]:
        """Say of items that have another effect than the call tells why they may not be done."""
        return self._tally.refused(told, shown, self._sizes)

    def _advice(self, effect: str) -> str:
        return f"{IN_PARTS[self._kind]}, or have approval.{effect} raised"


def approving_of(settings: Mapping[str, Any], source: str) -> Approving:
    """Return the settings of approval; settings: `approval` of schemas/settings.json."""
    return Approving(
        most={effect: settings[effect] for effect in VERBS if effect in settings},
        approvers=tuple(settings.get("approvers", ())),
        four_eyes=settings.get("four_eyes", True),
        wait=duration_of(settings.get("expires", USUAL_WAIT)),
        source=source,
    )


def too_many(effect: str, size: int, most: Mapping[str, int], advice: str) -> str | None:
    """Say that so many indicators need an approved plan; None when they do not."""
    if effect not in most or size <= most[effect]:
        return None
    return (
        f"not approved: this would {counted(effect, size)}, more than {most[effect]:,} "
        f"(approval.{effect} of the settings); {advice}"
    )


def counted(effect: str, size: int) -> str:
    """Return an effect on so many indicators in words, such as "disarm 2 indicators"."""
    return f"{VERBS.get(effect, effect)} {size:,} indicator{'s' if size != 1 else ''}"


def _folded(name: str) -> str:
    return name.strip().casefold()
