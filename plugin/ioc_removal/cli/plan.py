"""`plan` and `plans`: what a run would do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..operations.plan_file import file_lines
from ..operations.plan_text import plan_lines, section_lines
from ..store.database import Database
from ..store.plans import PlannedLine, StoredPlan, get_plan, list_plans, planned_lines, uses_of
from ..store.sets import by_value
from .output import Output
from .session import Session
from .table import Cell

FIRST = 50  # lines of a section
LIMIT = 20


def show_plan(session: Session) -> int:
    """Show a plan, or write it to a file."""
    options, output = session.options, session.output
    plan = get_plan(session.database, options.given_plan)
    if out := options.given("out"):
        check_writable(out)
        write_plan(session, plan, out)
    elif output.json:
        output.print_json(_known(session.database, plan))
    else:
        tell_plan(output, session.database, plan)
    return 0


def show_plans(session: Session) -> int:
    """List the plans."""
    options, output = session.options, session.output
    limit = options.given("limit")
    limit = LIMIT if limit is None else limit
    if limit < 1:
        raise ArgumentError(f"--limit: {limit} is not 1 or more")
    plans = list_plans(session.database, limit)
    uses = [uses_of(session.database, plan.plan) for plan in plans]
    if output.json:
        output.print_json([_row(plan, used) for plan, used in zip(plans, uses, strict=True)])
    elif plans:
        columns = ("plan", "playbook", "effect", "by", "expires", "applied by run", "sha256")
        rows: list[list[Cell]] = [
            [
                plan.plan,
                plan.header["playbook"],
                ", ".join(f"{count:,} {name}" for name, count in plan.header["effects"].items()),
                plan.header["requester"]["actor"],
                plan.expires,
                ", ".join(used),
                plan.hash[:12],
            ]
            for plan, used in zip(plans, uses, strict=True)
        ]
        output.table(columns, rows)
    else:
        output.say("no plans yet; `ioc-removal run PLAYBOOK --dry-run` makes one")
    return 0


def show_made(session: Session, name: str, out: str | None) -> None:
    """Show the plan that a dry run made, and write it to a file; out: its path, if it is wanted."""
    plan = get_plan(session.database, name)
    output = session.output
    if not output.json and out != "-":
        tell_plan(output, session.database, plan)
        output.say()
    if out:
        write_plan(session, plan, out)


def tell_where(session: Session, name: str, out: str | None) -> None:
    """Tell how the plan that was made is applied."""
    apply = f"ioc-removal run --plan {name if out in (None, '-') else out}"
    if get_plan(session.database, name).header["errors"]:
        session.output.note(f"the dry run was not complete; apply what the plan has: {apply}")
    else:
        session.output.note(f"apply it: {apply}")


def check_writable(path: str) -> None:
    """Refuse a file that is there already or could not be written, before anything else is done."""
    if path == "-":
        return
    file = Path(path)
    try:
        with file.open("x", encoding="utf-8"):
            pass
        file.unlink()
    except FileExistsError:
        raise ArgumentError(
            f"--out {path}: it is there already; name a new file, or remove it"
        ) from None
    except OSError as error:
        raise ArgumentError(f"--out {path}: cannot be written: {error.strerror}") from error


def write_plan(session: Session, plan: StoredPlan, path: str) -> None:
    """Write a plan to a file; "-" is standard output."""
    lines = file_lines(session.database, plan)
    if path == "-":
        for line in lines:
            session.output.say(line)
        return
    try:
        with Path(path).open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise ArgumentError(f"--out {path}: cannot be written: {error.strerror}") from error
    session.output.note(f"plan {plan.plan} is in {path}")


def tell_plan(output: Output, database: Database, plan: StoredPlan) -> None:
    """Print a plan: its head, and the first lines of each section."""
    for text in plan_lines(plan):
        output.say(text)
    connections = plan.header["parts"]["connections"]
    for number, section in enumerate(plan.header["sections"]):
        address = ", ".join(connections.get(section["system"], {}).get("url", ()))
        output.say()
        for text in section_lines(section, address):
            output.say(text)
        lines = list(planned_lines(database, plan.plan, number, FIRST))
        columns = ("indicator", "id", "outcome", "reason", "advice", "")
        output.table(columns, [_cells(one) for one in lines])
        rest = sum(section["counts"].values()) - len(lines)
        if rest:
            output.say(f"… and {rest:,} more; `ioc-removal plan {plan.plan} --out FILE` has all")
    for run, count in uses_of(database, plan.plan).items():
        output.say()
        output.say(f"run {run} was let to do {count:,} of it; each is done once")


def _cells(line: PlannedLine) -> list[Cell]:
    value, id_ = line.line.get("value"), line.line.get("id")
    if isinstance(value, list):
        value = ", ".join(value)
    if value is None and (told := line.line.get("told")):  # a rule: its name, and whose space it is
        value = ": ".join(filter(None, (told.get("name"), ", ".join(told.get("tags") or ()))))
    reason, advice = line.line.get("reason"), line.line.get("advice")
    return [value, id_, line.outcome, reason, advice, "assumed" * line.assumed]


def _row(plan: StoredPlan, used: dict[str, int]) -> dict[str, Any]:
    told = ("playbook", "requester", "counts", "effects", "assumed", "repeated")
    return {
        "plan": plan.plan,
        "sha256": plan.hash,
        "created": plan.created,
        "expires": plan.expires,
        **{name: plan.header[name] for name in told},
        "used": used,
    }


def _known(database: Database, plan: StoredPlan) -> dict[str, Any]:
    header = plan.header
    inputs = by_value(database, header["inputs"])
    return {
        **_row(plan, uses_of(database, plan.plan)),
        "inputs": {name: _listed(value) for name, value in inputs.items()},
        "parts": header["parts"],
        "errors": header["errors"],
        "warnings": header["warnings"],
        "overrides": header["overrides"],
        "collisions": header["collisions"],
        "sections": [
            {**section, "lines": list(_lines(database, plan, number))}
            for number, section in enumerate(header["sections"])
        ],
    }


def _lines(database: Database, plan: StoredPlan, number: int) -> Iterator[dict[str, Any]]:
    for line in planned_lines(database, plan.plan, number):
        more = {"assumed": True} if line.assumed else {}
        yield {**line.line, "outcome": line.outcome, **more}


def _listed(value: Any) -> Any:
    if isinstance(value, dict | str) or not hasattr(value, "__len__"):
        return value
    return list(value)
