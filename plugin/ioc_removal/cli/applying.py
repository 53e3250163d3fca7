"""`run --plan`: do what a plan says, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import ArgumentError
from ..operations.apply import apply_plan
from ..operations.plan_reading import read_plan
from ..operations.playbooks import actions_of, parse_all, systems_of
from ..store.plans import StoredPlan, get_plan
from ..store.runs import RUNNING
from ..trust.guards import Guards
from .asked import request_of
from .detached import show_detached
from .ended import show_record
from .interruption import interruption
from .progress import Watch
from .run import teller
from .session import Session
from .waiting import attending, status_of

NOT_WITH = ("playbook", "input", "indicators", "format", "column", "to_ids_only", "dry_run", "out")


def apply(session: Session) -> int:
    """Apply the plan of --plan and show what came of it."""
    options, output, integration = session.options, session.output, session.integration
    for name in NOT_WITH:
        if options.given(name):
            shown = "PLAYBOOK" if name == "playbook" else f"--{name.replace('_', '-')}"
            raise ArgumentError(
                f"{shown}: cannot be given with --plan, which has its playbook and its inputs"
            )
    plan = _plan(session, options.given("plan"))
    playbooks = parse_all(plan.header["texts"], integration)
    session.note_what_is_not_verified(actions_of(playbooks.values()))
    chosen = {**plan.header["choose"], **session.chosen}
    for system in systems_of(playbooks.values(), integration):
        session.open(session.settings.pick(system, chosen.get(system)))  # its mistakes, before
    guards = _overriding(session, plan.header["overrides"])
    for guard, why in plan.header["overrides"].items():
        output.note(f"the plan was made with --override {guard}: {why}")
    watch = Watch(wanted=not output.quiet, color=output.color)
    with interruption(session.database, output) as began:
        with watch:
            watch.tell(plan.header["playbook"], 0)
            record, summary = apply_plan(
                session.database,
                integration,
                session.settings,
                plan,
                choose=session.chosen,
                terms=session.terms._replace(guards=guards),
                requester=session.requester,
                request=request_of(options),
                progress=teller(watch),
                began=began,
                attend=attending(session, stay=bool(options.given("wait"))),
                detach=bool(options.given("detach")),
            )
        session.warn_of(guards)
        if record.get("status") == RUNNING:
            return show_detached(session, record["run"])
        show_record(output, session.database, record, summary)
    return status_of(record, summary)


def _overriding(session: Session, overrides: Mapping[str, str]) -> Guards:
    """Return the guards with what the plan overrides, and what the command line does."""
    settings, given = session.settings, session.terms.guards
    both = {**overrides, **(given.overrides if given else {})}
    return Guards(settings.guards, settings.source, both)


def _plan(session: Session, name: str) -> StoredPlan:
    """Return a plan of the store by its id, else of a file."""
    path = Path(name)
    if not path.is_file():
        return get_plan(session.database, name)
    try:
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            return read_plan(session.database, file, name)
    except OSError as error:
        raise ArgumentError(f"--plan {name}: cannot be read: {error.strerror}") from error
