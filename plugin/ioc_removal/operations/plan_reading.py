"""Read a plan from a file, and find out where somebody changed it.

Line ends of CRLF and a byte order mark, as mail programmes make them, are tolerated.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from secrets import token_hex
from typing import Any

from ..errors import ArgumentError
from ..loader import read
from ..outcome import OUTCOMES, PLANNED
from ..schema import Schema
from ..store.database import Database
from ..store.planning import forget_plan, keep_lines, lacking, move_lines
from ..store.plans import PlannedLine, StoredPlan, find_plan, keep_plan, plans_made_at
from ..store.sets import REFERENCE, forget_sets, write_set
from ..trust.removal_key import digest
from .plan_check import changed_within
from .plan_file import HEADER, INPUT, ITEM, SECTION, head_lines
from .plan_lines import AGAIN, PlanLines, shown_line
from .plan_parts import plan_hash
from .plan_sections import key_of

AT_ONCE = 2_000  # lines kept together
TEXTS = ("value", "id", "reason", "advice")


def read_plan(database: Database, lines: Iterable[str], name: str) -> StoredPlan:
    """Read a plan from the lines of a file, keep it in the store, and return it.

    name: of the file, for messages. A plan that the store has already must be the same. Raises
    ArgumentError when the file was cut or changed, and keeps nothing of it then.
    """
    reading = _Reading(database, PlanLines(lines, name))
    try:
        plan = reading.plan()
        reading.keep(plan)
    except BaseException:
        forget_plan(database, reading.draft)
        forget_sets(database, reading.draft)
        raise
    return find_plan(database, plan.plan) or plan


class _Reading:
    """A file that is being read: its lines and sets are kept under a draft's name at first."""

    def __init__(self, database: Database, lines: PlanLines) -> None:
        self.database, self.lines = database, lines
        self.draft = f"draft-{token_hex(8)}"
        self.sections: list[dict[str, Any]] = []

    def plan(self) -> StoredPlan:
        """Read everything and return what it says; refuse what was changed."""
        lines = self.lines
        head = list(lines.all("#"))
        while (section := lines.one(SECTION)) is not None:
            self.check("section", section, lines.number - 1)
            self.sections.append(section)
            self.read_lines(section)
        own = lines.one(HEADER)
        if own is None:
            raise lines.strange()
        self.check("header", own, lines.number - 1)
        header = {**own["header"], "sections": self.sections}
        if header["inputs"].keys() != header["parts"]["inputs"].keys():
            raise lines.changed(lines.number - 1, "its inputs are not those of its parts")
        given = self.read_inputs(header["inputs"])
        whole = lines.whole()
        plan = StoredPlan(own["plan"], own["sha256"], own["created"], own["expires"], header)
        found = list(self.differences(plan, given, head))
        if not whole and not found:
            found = ["it was changed: its checksum is wrong"]
        if found:
            found += [*self.compared(plan), AGAIN]
            raise ArgumentError(*(f"{lines.name}: {line}" for line in found))
        return StoredPlan(
            plan.plan, plan.hash, plan.created, plan.expires, {**header, "inputs": given}
        )

    def keep(self, plan: StoredPlan) -> None:
        """Keep the plan, unless it is in the store; there it must be the same."""
        known = find_plan(self.database, plan.plan)
        if known is None:
            for other in plans_made_at(self.database, plan.created):
                if other.header["parts"]["removals"] == plan.header["parts"]["removals"]:
                    raise ArgumentError(
                        f"{self.lines.name}: it is the plan {other.plan} of the store under another"
                        f" name; apply that one: --plan {other.plan}"
                    )
            move_lines(self.database, self.draft, plan.plan)
            keep_plan(self.database, plan)
            return
        found = list(self.compared(plan))
        if known.hash != plan.hash or found:
            told = "; ".join(found) or "its sha256 is another"
            raise ArgumentError(
                f"{self.lines.name}: is not the plan {plan.plan} of the store: {told}; "
                f"apply that one: --plan {plan.plan}"
            )
        forget_plan(self.database, self.draft)
        forget_sets(self.database, self.draft)

    def compared(self, plan: StoredPlan) -> Iterator[str]:
        """Say how it differs from the plan of that name in the store, if there is one."""
        if find_plan(self.database, plan.plan) is not None:
            for one, other, what in (
                (self.draft, plan.plan, "names what the plan in the store does not"),
                (plan.plan, self.draft, "does not name what the plan in the store does"),
            ):
                count, first = lacking(self.database, one, other)
                if count:
                    yield f"it {what}: {count:,}, first {shown_line(first)}"

    def check(self, part: str, value: Any, number: int) -> None:
        """Refuse what does not look like a part of a plan."""
        for problem in Schema(read("schemas/plan.json"), part).problems(value):
            raise self.lines.changed(number, problem)

    def read_lines(self, section: Mapping[str, Any]) -> None:
        """Read the lines of the section that was read last."""
        walk = (self.line(section, *found) for found in self.lines.all(ITEM))
        while portion := list(islice(walk, AT_ONCE)):
            keep_lines(self.database, self.draft, portion)

    def line(self, section: Mapping[str, Any], number: int, text: str) -> PlannedLine:
        """Read one line."""
        row = self.lines.json(number, text)
        if not isinstance(row, dict):
            raise self.lines.changed(number, "it is not an object")
        outcome, assumed = row.pop("outcome", PLANNED), row.pop("assumed", False)
        times = row.pop("times", 1)
        values = row.get("value", "")
        texts = [row.get(name, "") for name in TEXTS if name != "value"]
        texts += values if isinstance(values, list) else [values]
        if (
            not all(isinstance(one, str) for one in texts)
            or outcome not in OUTCOMES
            or (outcome == PLANNED and section["done"] is None)
            or not isinstance(assumed, bool)
            or not isinstance(times, int)
            or not row.keys() & {"value", "id"}
            or not _is_told(row.get("told", {}))
        ):
            raise self.lines.changed(number, "it does not say what would be done")
        at = len(self.sections) - 1
        key = f"{outcome} {digest([at, row])}"
        return PlannedLine(
            key_of(section, row) if outcome == PLANNED else key, at, outcome, assumed, times, row
        )

    def read_inputs(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Read the sets of the inputs; return the inputs with references to where they are now."""
        given = dict(inputs)
        missing = {k for k, v in inputs.items() if isinstance(v, Mapping) and REFERENCE in v}
        while (name := self.lines.one(INPUT)) is not None:
            if not isinstance(name, str) or name not in missing:
                raise self.lines.changed(self.lines.number - 1, f"there is no input {name!r}")
            missing.remove(name)
            items = (self.lines.json(*found) for found in self.lines.all(ITEM))
            write_set(self.database, self.draft, name, items)
            given[name] = {REFERENCE: [self.draft, name]}
        if missing:
            raise self.lines.changed(self.lines.number, f"the input {min(missing)} is missing")
        return given

    def differences(
        self, plan: StoredPlan, given: Mapping[str, Any], head: list[tuple[int, str]]
    ) -> Iterator[str]:
        """Name what does not fit together."""
        header = plan.header
        yield from changed_within(self.database, plan, self.draft, dict(given))
        if plan_hash(header["parts"]) != plan.hash:
            yield "its sha256 is not that of its parts"
        expected = [line.removeprefix("#") for line in head_lines(plan)]
        for (number, line), right in zip(head, expected, strict=False):
            if line.rstrip() != right.rstrip():
                said, other = shown_line(line), shown_line(right)
                yield f"line {number} says {said!r}, what follows says {other!r}"
                return
        if len(head) != len(expected):
            yield f"its head has {len(head)} lines, what follows needs {len(expected)}"


def _is_told(told: Any) -> bool:
    """Tell whether it is what a line may tell of what an id names."""
    return isinstance(told, dict) and all(
        isinstance(one, str)
        for fact in told.values()
        for one in (fact if isinstance(fact, list) else [fact])
    )
