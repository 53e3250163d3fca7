"""The approval of a playbook's run: by its asks, and by how many indicators it acts on."""

import json
from collections import Counter
from collections.abc import Mapping
from threading import Lock

from ..integration import Integration
from ..store.database import Database
from ..store.denials import denial, is_approved
from ..store.looks import Look
from ..store.plans import StoredPlan
from ..trust.approval import Tally, too_many

ADVICE = "no approved plan covers it: run it anew, which plans it and asks for approval"
# Of batches that go to several nodes, those for one node count.
SIZES = (
    "SELECT call, action, arguments, sum(json_array_length(items)) FROM (SELECT DISTINCT c.call,"
    " c.action, c.arguments, b.items FROM calls c JOIN batches b ON b.run = c.run"
    " AND b.call = c.call WHERE c.run = ?) batches GROUP BY call, action, arguments"
)


class RunApproval:
    """What may be done in a run.

    most: settings.approval, by effect; plan: that it applies, if any; it bounds what is done.
    """

    def __init__(
        self,
        database: Database,
        run: str,
        integration: Integration,
        most: Mapping[str, int],
        plan: StoredPlan | None,
    ) -> None:
        self._database, self._run, self._integration = database, run, integration
        self._most, self._plan = most, plan
        self._sizes: dict[str, tuple[str, int]] | None = None
        self._sums = Counter[str]()  # of these sizes, by effect
        self._approved = False  # an approval that was used is not taken back
        self._tally = Tally(most, lambda _: ADVICE)
        self._lock = Lock()
        self._denial = Look(lambda: denial(database, run))

    def add(self, call: str, effect: str, size: int) -> None:
        """Note how many indicators a call acts on, before it does."""
        if self._most:
            with self._lock:
                before, less = self._known().get(call, (effect, 0))
                self._sums[before] -= less
                self._sums[effect] += size
                self._known()[call] = effect, size

    @property
    def bounds(self) -> bool:
        """Whether beyond() may say anything: whether there is a bound, and no plan that counts."""
        return bool(self._most) and self._plan is None

    def refusal(self, effect: str) -> str | None:
        """Say why nothing with this effect may be done now; None when it may."""
        if no := self._denial():
            return no
        if self._plan is not None:
            return self._unapproved_plan(self._plan)
        if effect not in self._most:
            return None
        with self._lock:
            self._known()
            size = self._sums[effect]
        return too_many(effect, size, self._most, ADVICE)

    def beyond(self, told: str, shown: Mapping[str, str]) -> Mapping[str, str]:
        """Say of items that have another effect than the call tells why they may not be done.

        A plan counts each as it was found.
        """
        if self._plan is not None:
            return {}
        with self._lock:
            self._known()
            sizes = self._sums.copy()
        return self._tally.refused(told, shown, sizes)

    def _unapproved_plan(self, plan: StoredPlan) -> str | None:
        """Say why a plan may not be done: its counts, of each indicator as it was found, tell."""
        reasons = (
            too_many(effect, size, self._most, ADVICE)
            for effect, size in plan.header["effects"].items()
        )
        reason = next(filter(None, reasons), None)
        if reason and not self._approved:
            self._approved = is_approved(self._database, self._run, plan.hash)
        return None if self._approved else reason

    def _known(self) -> dict[str, tuple[str, int]]:
        """Return what the calls of the run act on, those of an earlier process too."""
        if self._sizes is None:
            definitions = self._integration.definitions
            self._sizes = {
                call: (definitions[action].effect_on(json.loads(arguments)), int(size))
                for call, action, arguments, size in self._database.rows(SIZES, (self._run,))
                if action in definitions and definitions[action].acts
            }
            for effect, size in self._sizes.values():
                self._sums[effect] += size
        return self._sizes
