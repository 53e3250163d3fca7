"""Decide on what runs ask, and tell what they ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import ArgumentError
from ..playbooks.asking import USUAL, response_of
from ..settings import Settings
from ..store.approvals import decide, put_ask, settled
from ..store.asks import APPROVED, PLAN, REJECTED, Ask, asks_of, open_ask
from ..store.database import Database
from ..store.lease import is_held
from ..store.plans import StoredPlan
from ..store.runs import ENDED, RUNNING, WAITING, Requester, Run, get_run, set_status
from ..trust.approval import approving_of, too_many

Attend = Callable[[Ask], bool]  # stays until it may be decided; False leaves the run waiting
SHORTEST_HASH = 8  # digits by which a plan may be named


@dataclass(frozen=True)
class Decided:
    """A question with its decision; alive: whether a process waits for it, and goes on."""

    ask: Ask
    alive: bool


def awaited(database: Database) -> list[tuple[Run, Ask]]:
    """Return the runs that have not ended and ask, with what they ask, oldest first."""
    waiting = [ask for ask in asks_of(database) if ask.used is None]
    pairs = [(get_run(database, ask.run), ask) for ask in waiting]
    return [(run, ask) for run, ask in pairs if run.status != ENDED]


def may_decide(settings: Settings, run: Run, ask: Ask) -> list[str]:
    """Return who may decide on what a run asks: as it was asked, and by the settings now."""
    approving = approving_of(settings.approval, settings.source)
    may, asked = approving.may(ask.question["users"], _requesters(run)), ask.question["approvers"]
    return [name for name in may if name in asked or not asked]


def approve(
    database: Database,
    settings: Settings,
    run: str,
    decider: Requester,
    *,
    plan: str | None = None,
    answers: Mapping[str, str] | None = None,
) -> Decided:
    """Say yes; plan: the hash of what is approved, as the approver knows it.

    answers: to what core.ask asks beside that. Raises ArgumentError, SettingsError, RunError.
    """
    known, ask = _asked(database, run)
    _check_decider(settings, known, ask, decider)
    if plan is not None:
        _check_plan(ask, plan)
    response = response_of(ask.question["schema"], answers or {}, yes=True)
    decided = decide(database, ask, APPROVED, decider, response)
    return Decided(decided, is_held(database, known.run))


def reject(database: Database, settings: Settings, run: str, decider: Requester) -> Decided:
    """Say no; raises ArgumentError, SettingsError, RunError."""
    known, ask = _asked(database, run)
    _check_decider(settings, known, ask, decider)
    if not (decider.reason or "").strip():
        raise ArgumentError("--reason: say why, in a few words")
    response = response_of(ask.question["schema"], {}, yes=False)
    decided = decide(database, ask, REJECTED, decider, response)
    return Decided(decided, is_held(database, known.run))


def needs_approval(settings: Settings, plan: StoredPlan) -> bool:
    """Tell whether a plan acts on more than the settings allow without an approval."""
    most = approving_of(settings.approval, settings.source).most
    effects: Mapping[str, int] = plan.header["effects"]
    return any(too_many(effect, size, most, "") for effect, size in effects.items())


def ask_for_plan(database: Database, settings: Settings, run: str, plan: StoredPlan) -> None:
    """Let a run wait for the approval of its plan, if that acts on more than the settings allow."""
    if not needs_approval(settings, plan):
        return
    approving = approving_of(settings.approval, settings.source)
    question = {
        "text": f"May {plan.header['playbook']} do what its plan says?",
        "users": [],
        "schema": USUAL,
        "effects": plan.header["effects"],
        "approvers": approving.may((), _requesters(get_run(database, run))),
    }
    with database.transaction():
        put_ask(database, run, PLAN, question, plan=plan.hash, wait=approving.wait)
        set_status(database, run, WAITING)


def may_go_on(
    database: Database, run: str, attend: Attend, check: Callable[[Ask], None] = lambda _: None
) -> bool:
    """Tell whether a run goes on: it waits for nobody, or somebody decided, or nobody in time.

    check: raises when an approval does not count. Raises RunError when the times of what was asked
    cannot be true.
    """
    if get_run(database, run).status != WAITING:
        return True
    while ask := open_ask(database, run):
        if ask.decision == APPROVED:
            check(ask)
        if settled(database, ask):
            break
        if not attend(ask):
            return False
    set_status(database, run, RUNNING)
    return True


def _asked(database: Database, run: str) -> tuple[Run, Ask]:
    """Return a run and what it asks; one that asked only before says how that was decided."""
    known = get_run(database, run)
    ask = open_ask(database, known.run)
    if known.status != ENDED and ask:
        return known, ask
    before = [ask.said for ask in asks_of(database, known.run) if ask.said]
    raise ArgumentError(
        f"the run {known.run} asks nothing now"
        + (f": it was {before[-1]}" if before else "; `ioc-removal approvals` lists those that do")
    )


def _check_decider(settings: Settings, run: Run, ask: Ask, decider: Requester) -> None:
    approving = approving_of(settings.approval, settings.source)
    approving.check(decider.actor, decider.user, ask.question["users"], _requesters(run))
    asked = ask.question["approvers"]
    if asked and decider.actor not in asked:
        raise ArgumentError(
            f"{decider.actor} may not decide this: when the run {run.run} asked, "
            f"approval.approvers let {' or '.join(asked)}; start it anew to ask others"
        )


def _requesters(run: Run) -> list[str]:
    """Return the names of who wants a run: as told, and of the operating system."""
    requester = run.details.get("requester", {})
    return list(filter(None, (run.requester, requester.get("user"))))


def _check_plan(ask: Ask, given: str) -> None:
    if ask.plan is None:
        raise ArgumentError(f"--plan: the run {ask.run} asks without a plan")
    if len(given) < SHORTEST_HASH or not ask.plan.startswith(given.lower()):
        raise ArgumentError(
            f"--plan {given}: the run {ask.run} asks for the plan {ask.plan}; nothing was approved"
        )
