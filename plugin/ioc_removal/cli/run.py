"""`run` and `resume`: playbooks."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..operations.history import resumable
from ..operations.undo import resume_undo
from ..outcome import Summary
from ..store.lease import is_held
from ..store.requests import AskedBefore, run_of_request
from ..store.runs import ENDED, OVERRIDES, RUNNING, UNDO, WAITING, Run, get_run
from ..trust.guards import Guards
from ..wording import hint
from .arguments import parsed
from .asked import check_same, ended, request_of, show_ended
from .detached import show_detached
from .ended import show_record
from .extras import needed_by
from .files import READING, file_of
from .interruption import interruption
from .plan import check_writable, show_made, tell_where
from .progress import Watch
from .session import Session
from .undo import show_not_restored
from .waiting import attending, status_of

if TYPE_CHECKING:
    from ..playbooks.performing import Progress


def run(session: Session) -> int:
    """Run a playbook, or apply a plan, and show what came of it; once for a request."""
    options = session.options
    _check_detached(session)
    request = options.given("request_id")
    if request is None:
        return _run(session)
    if options.given("dry_run") or not request:
        raise ArgumentError(
            "--request-id: goes without --dry-run, which sends nothing"
            if request
            else "--request-id: it is empty"
        )
    return _run_once(session, request)


def _run_once(session: Session, request: str) -> int:
    options = session.options
    plan, playbook = options.given("plan"), options.given("playbook")
    known = run_of_request(session.database, request)
    while True:
        if known is None:
            try:
                return _run(session)
            except AskedBefore as asked:
                known = asked.run
        before = get_run(session.database, known)
        check_same(session, before, playbook or before.name, plan)
        begun = before.status == RUNNING and "connections" in before.details
        if options.given("detach") and begun:
            return show_detached(session, known)
        now = ended(session, request, known)
        if now is not None and now.status in {ENDED, WAITING}:
            return show_ended(session, now)
        if now is not None:
            options.given_run = now.run
            try:
                return resume(session)
            except ArgumentError:
                if not is_held(session.database, now.run):
                    raise
                continue  # somebody else goes on with it
        known = None


def _run(session: Session) -> int:
    options, output = session.options, session.output
    with needed_by("run"):
        from ..operations.input_rules import input_rules
        from ..operations.playbooks import actions_of, gather, parse_all, systems_of
        from ..operations.run import run_approved
        from .applying import apply
    if options.given("plan") is not None:
        return apply(session)
    out = _checked_out(session)
    if options.given("playbook") is None:
        raise ArgumentError("PLAYBOOK is missing; or give --plan (see ioc-removal run --help)")
    integration, name = session.integration, options.playbook
    _check_name(name)
    playbooks = parse_all(gather(name, integration), integration)
    own = next(iter(playbooks))
    typed = input_rules(own, playbooks, integration)["properties"]
    rules = {key: typed.get(key, {}) for key, _ in playbooks[own].inputs}
    inputs = parsed(options.given("input") or (), rules, "input")
    session.note_what_is_not_verified(actions_of(playbooks.values()))
    terms = session.terms
    if terms.guards:
        terms.guards.load()  # its mistakes, before anything is recorded
    watch = Watch(wanted=not output.quiet, color=output.color)
    file = file_of(options, lambda size: watch.tell(READING, size, size))
    for system in systems_of(playbooks.values(), integration):
        session.connection(system)  # its mistakes and warnings, before anything is recorded
    with interruption(session.database, output) as began:
        with watch:
            watch.tell(READING if file else own, 0)
            record, summary = run_approved(
                session.database,
                integration,
                session.settings,
                name,
                inputs,
                file=file,
                choose=session.chosen,
                terms=terms,
                requester=session.requester,
                request=request_of(options),
                progress=teller(watch),
                began=began,
                attend=attending(session, stay=bool(options.given("wait"))),
                detach=bool(options.given("detach")),
            )
        session.warn_of(terms.guards)
        if record.get("status") == RUNNING:
            return show_detached(session, record["run"])
        planned = "plan" in record and "applied" not in record["plan"]
        if planned:
            show_made(session, record["plan"]["plan"], out)
        show_record(output, session.database, record, summary, listed=not planned)
        if planned:
            tell_where(session, record["plan"]["plan"], out)
        elif out:
            output.error(f"{out}: there is no plan to write")
    return status_of(record, summary)


def _checked_out(session: Session) -> str | None:
    """Return the file of --out, which must go with --dry-run and be there to write."""
    out: str | None = session.options.given("out")
    if out is not None:
        if not session.options.given("dry_run"):
            raise ArgumentError("--out: goes with --dry-run, which makes a plan")
        check_writable(out)
    return out


def _check_detached(session: Session) -> None:
    """Refuse --detach where nobody could go on, or where it has no meaning."""
    if not session.options.given("detach"):
        return
    for name, why in (("wait", "nobody stays"), ("dry_run", "a plan is made here, for you")):
        if session.options.given(name):
            raise ArgumentError(f"--detach: goes without --{name.replace('_', '-')}: {why}")
    with needed_by("run"):
        from ..operations.detach import check_shared
    check_shared(session.database, "--detach")


def resume(session: Session) -> int:
    """Go on with a run that stopped without ending, or waited for a decision."""
    options, output = session.options, session.output
    name = options.given("given_run")
    if name is None:
        stopped = resumable(session.database)
        if not stopped:
            raise ArgumentError(
                "no run can go on; `ioc-removal runs` lists all, `ioc-removal approvals` what they "
                "wait for"
            )
        if len(stopped) > 1:
            names = ", ".join(f"{one.run} ({one.name})" for one in stopped)
            raise ArgumentError(f"several runs can go on, name one: {names}")
        name = stopped[0].run
    known = get_run(session.database, name)
    settings = session.settings
    guards = Guards(settings.guards, settings.source, known.details.get(OVERRIDES, {}))
    guards.load()
    what = f"undo of {known.name}" if known.kind == UNDO else known.name
    output.note(f"going on with run {known.run}: {what}")
    watch = Watch(wanted=not output.quiet, color=output.color)
    with interruption(session.database, output, known.run):
        with watch:
            watch.tell(known.name, 0)
            record, summary = _resumed(session, known, guards, watch)
        session.warn_of(guards)
        show_record(output, session.database, record, summary)
        if known.kind == UNDO:
            show_not_restored(output, record["outcomes"])
    return status_of(record, summary)


def _resumed(
    session: Session, known: Run, guards: Guards, watch: Watch
) -> tuple[dict[str, Any], Summary]:
    """Go on with a run of its kind."""
    given = (session.database, session.integration, session.settings, known.run)
    if known.kind == UNDO:
        return resume_undo(*given, guards=guards, progress=watch.tell)
    with needed_by("resume"):
        from ..operations.resume import resume_run
    attend = attending(session, stay=bool(session.options.given("wait")))
    return resume_run(*given, guards=guards, progress=teller(watch), attend=attend)


def teller(watch: Watch) -> Any:
    """Return what is told of a run's progress."""

    def tell(progress: "Progress") -> None:
        watch.tell(progress.task, progress.done, progress.total)

    return tell


def _check_name(name: str) -> None:
    """Suggest what was probably meant by the name of a playbook that does not ship."""
    from ..operations.playbooks import shipped

    names = shipped()
    if name in names or Path(name).is_file():
        return
    if meant := hint(name, names):
        raise ArgumentError(f"there is no playbook {name!r}{meant}")
