"""`runs`: what was done, newest first."""

import re

from ..errors import ArgumentError
from ..loader import definition_names
from ..operations.journal import asked
from ..store.database import Database
from ..store.run_list import RunsWanted, find_runs
from ..store.runs import CANCELLED, PRUNE, RUNNING, UNDO, Run, get_run
from ..wording import hint
from .moments import moment
from .session import Session
from .sums import counts_line

LIMIT = 20
COLUMNS = ("run", "what", "result", "outcomes", "by", "ticket", "")
BEFORE_NAME = {UNDO: "undo of ", PRUNE: "prune of runs "}


def show_runs(session: Session) -> int:
    """List the runs."""
    options, output = session.options, session.output
    limit = options.given("limit")
    limit = LIMIT if limit is None else limit
    if limit < 1:
        raise ArgumentError(f"--limit: {limit} is not 1 or more")
    wanted = _wanted(session)
    found = find_runs(session.database, wanted, limit + 1)
    runs, more = found[:limit], len(found) > limit
    if output.json:
        output.print_json([_known(run, state) for run, state in runs])
    elif runs:
        output.table(COLUMNS, [_row(run, state) for run, state in runs])
        if more:
            output.say(f"… and more, which --limit {10 * limit} shows")
    elif wanted == RunsWanted():
        output.say("no runs yet")
    else:
        output.say(f"no runs like this{_meant(session, wanted.name)}")
    return 0


def _wanted(session: Session) -> RunsWanted:
    given = session.options.given
    since, until = given("since"), given("until")
    since = moment("--since", since) if since is not None else None
    until = moment("--until", until, whole=True) if until is not None else None
    if since and until and since >= until:
        raise ArgumentError(f"--since, --until: nothing is from {since} on and before {until}")
    for name in ("only_name", "requester"):
        if given(name) == "":
            raise ArgumentError(f"--{name.replace('only_name', 'playbook')}: it is empty")
    named = _whole(session.database, given("only_name"))
    return RunsWanted(tuple(given("status") or ()), named, given("requester"), since, until)


def _whole(database: Database, name: str | None) -> str | None:
    """Return the name of runs; of a run that was undone the first characters are enough."""
    begun = name is not None and re.match(r"\d{8}-", name)
    return get_run(database, name).run if name is not None and begun else name


def _meant(session: Session, name: str | None) -> str:
    """Suggest what was probably meant by a name that has no runs."""
    playbooks = (file.removesuffix(".yml") for file in definition_names("playbooks"))
    known = (*playbooks, *session.integration.definitions)
    return "" if name is None or name in known else hint(name, known)


def _row(run: Run, state: str) -> tuple[str, ...]:
    counts = counts_line(run.details.get("counts", {}))
    return (
        run.run,
        f"{BEFORE_NAME.get(run.kind, '')}{run.name}",
        state,
        counts,
        run.requester,
        asked(run)["ticket"] or "",
        ", ".join(filter(None, ("dry run" * run.dry_run, CANCELLED * (CANCELLED in run.details)))),
    )


def _known(run: Run, state: str) -> dict[str, object]:
    row = run._asdict()
    row["counts"] = row.pop("details").get("counts", {})
    about = asked(run)
    row |= {"user": about["user"], "ticket": about["ticket"], "reason": about["why"]}
    row["result"] = run.result if run.status != RUNNING else None
    row["state"] = state
    return row
