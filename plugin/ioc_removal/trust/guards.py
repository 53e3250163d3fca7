"""The guards of a run: their settings, their lists, what was warned about."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from typing import Any

from ..action import Action
from ..batches import Prepared
from ..errors import one_line
from .caps import CAPS, Counts, ProcessCounts
from .catalogue import DEFAULTS, GUARDS, KNOWN_GOOD, PROTECTED, WARNINGLISTS
from .effects import DISARMS, REARMS
from .findings import Findings
from .forms import Forms
from .guarded import Guarded
from .listed import Listed, read_listed
from .lists import Lists
from .provider_rules import LastRules
from .warninglists import WarningLists, second_levels

FIRST = 3  # items that a warning names
LONGEST_WARNED = 80  # characters of an item in a warning


class Guards:
    """The guards of one run, in this process.

    settings: the guards of the settings; source: where these were found, for messages; overrides:
    the reason of each guard that a person overrides.
    """

    def __init__(
        self,
        settings: Mapping[str, Any] = MappingProxyType({}),
        source: str = "the settings",
        overrides: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.settings, self.source, self.overrides = settings, source, overrides
        self.disabled = frozenset(self.settings.get("disabled", ()))
        self.last_rules, self.lists = LastRules(), Lists()
        self._counts = ProcessCounts()
        self._lock, self._loading = Lock(), Lock()
        self._doubts: dict[str, Listed] = {}
        self._warned: dict[str, dict[str, None]] = {}  # by guard, the names in their order

    def load(self) -> None:
        """Read the lists now and not when they are first needed; raises SettingsError."""
        with self._loading:
            _ = self.protected, self.second_levels, self._good, self._warning_lists

    @cached_property
    def protected(self) -> Listed:
        """What is never disarmed."""
        return self._listed(PROTECTED)

    @cached_property
    def second_levels(self) -> frozenset[str]:
        """The public suffixes that are known beside the usual ones."""
        return second_levels()

    @cached_property
    def _good(self) -> Listed:
        return self._listed(KNOWN_GOOD)

    @cached_property
    def _warning_lists(self) -> WarningLists | None:
        wanted = self.settings.get(WARNINGLISTS, False)
        return WarningLists(f"{self._where}.{WARNINGLISTS}") if wanted else None

    def _listed(self, key: str) -> Listed:
        listed = read_listed(self.settings.get(key, ()), f"{self._where}.{key}")
        if listed.doubtful:
            with self._lock:
                self._doubts[key] = listed
        return listed

    @property
    def _where(self) -> str:
        return f"{self.source}: guards"

    def value(self, key: str) -> Any:
        """Return a setting, or what holds without it."""
        return self.settings.get(key, DEFAULTS.get(key))

    @property
    def caps(self) -> dict[str, int]:
        """The caps that hold."""
        return {
            cap: self.value(cap) for cap in CAPS if cap not in {*self.disabled, *self.overrides}
        }

    @property
    def warnings(self) -> list[str]:
        """What a person should know, a line a guard, with how many it is about."""
        with self._lock:
            return [
                *(_doubt(f"{self._where}.{key}", listed) for key, listed in self._doubts.items()),
                *(_warning(guard, tuple(names)) for guard, names in self._warned.items()),
            ]

    def guarded(
        self, action: Action, prepared: Prepared, recorder: object, *, dry_run: bool
    ) -> Guarded:
        """Return the guards of one call, or of a part of it, before its first batch.

        Raises SettingsError when the lists cannot be read.
        """
        self.load()
        counts = recorder if isinstance(recorder, Counts) else None
        place = action.call.connection.place if action.call else ""
        excess = (counts or self._counts).reserve(place, prepared.size, self.caps, dry_run=dry_run)
        tried, failed = counts.tried() if counts else (0, 0)
        release = None if counts or dry_run else self._counts.release
        others = None if dry_run or counts is None else counts.leaves_none
        return Guarded(self, action, prepared, place, excess, tried, failed, release, others)

    def findings(self) -> Findings:
        """Return where the guards put what they find of a batch."""
        return Findings(self.disabled, self.overrides)

    def near(self, texts: Sequence[str], effect: str) -> Sequence[str]:
        """Return those of some texts that may be on a list of what an effect is not for."""
        lists: list[Listed | WarningLists] = []
        if effect == DISARMS:
            lists += filter(None, [self.protected])
        elif effect == REARMS:
            lists += filter(None, [self._good, self._warning_lists])
        if not lists:
            return ()
        from .glances import near  # few calls of one indicator have a list

        return near(texts, lists)

    @property
    def knows_good(self) -> bool:
        """Whether anything is known to be good."""
        return bool(self._good) or self._warning_lists is not None

    def known_good(self, forms: Forms) -> str | None:
        """Return what a value falls under that is known to be good, and where it stands."""
        entry = self._good.entry(forms)
        return self._warning_lists.entry(forms) if self._warning_lists and not entry else entry

    def warn(self, findings: Findings) -> None:
        """Count what is told of items that are not refused, and keep the first few."""
        with self._lock:
            for guard, items in findings.warned.items():
                told = {item: name for item, name in items.items() if item not in findings.refused}
                if told:
                    self._warned.setdefault(guard, {}).update(dict.fromkeys(told.values()))


def _warning(guard: str, names: Sequence[str]) -> str:
    """Return what is told of values: how many, and the first of them."""
    count, more = len(names), len(names) - FIRST
    words = (GUARDS[guard].warns or ("overridden", "overridden"))[count > 1]
    return f"{guard}: {count:,} {words}: {_first(names, more)}"


def _doubt(where: str, listed: Listed) -> str:
    """Return what is told of entries of a list that look like no value."""
    count, more = listed.doubtful, listed.doubtful - len(listed.doubts)
    words = "entry looks" if count == 1 else "entries look"
    first = _first([repr(text) for text in listed.doubts], more)
    return f"{where}: {count:,} {words} like no value, and may match nothing: {first}"


def _first(names: Sequence[str], more: int) -> str:
    first = ", ".join(one_line(name, LONGEST_WARNED) for name in names[:FIRST])
    return f"{first} and {more:,} more" if more > 0 else first
