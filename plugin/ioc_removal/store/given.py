"""What a run was given, as its chain has it: nobody lets it do another thing by changing tables."""

from ..errors import RunError
from .ahead import SAID as AHEAD
from .ahead import added
from .chain import START, Link
from .database import Database
from .entries import Linked
from .fact_verification import verify_facts
from .journal import BEGIN, CALLED, CONNECTIONS, INPUTS

_TOLD = (BEGIN, CALLED, CONNECTIONS, INPUTS, *AHEAD)
_LINKS = (
    "SELECT l.run, l.link, l.kind, l.call, l.batch, l.rows, l.marks, l.facts, l.at, l.key, l.hash,"  # noqa: S608
    " (SELECT b.hash FROM links b WHERE b.run = l.run AND b.link = l.link - 1) FROM links l"
    f" WHERE l.run = ? AND l.kind IN ({', '.join('?' * len(_TOLD))}) ORDER BY l.link"
)


def check_given(database: Database, run: str, *, inputs: bool = True) -> None:
    """Refuse to go on with a run that the tables tell otherwise than its chain; raises RunError.

    inputs: whether it has any, as a playbook has. A run from before the journal has no chain.
    """
    kinds = set()
    for *columns, hash_, before in database.rows(_LINKS, (run, *_TOLD)):
        linked = Linked(Link(*columns), hash_)
        if not linked.readable:
            raise _changed(run, "a link of its chain was changed")
        link = linked.link
        if database.hashing.link(before or START, link, ()) != hash_:
            what = "is not as it was" if link.key == database.hashing.name else "has another key"
            raise _changed(run, f"link {link.number} of its chain ({link.kind}) {what}")
        for problem in verify_facts(database, linked):
            raise _changed(run, ": ".join(filter(None, (problem.call, problem.what))))
        kinds.add(link.kind)
    if kinds or database.rows("SELECT 1 FROM heads WHERE run = ? LIMIT 1", (run,)):
        for kind in (BEGIN, INPUTS) if inputs else (BEGIN,):
            if kind not in kinds:
                raise _changed(run, f"its chain has no link that tells of its {kind}")
        for what in added(database, run):
            raise _changed(run, what)


def _changed(run: str, what: str) -> RunError:
    return RunError(
        f"the store was changed by hand: run {run}: {what}; nothing was sent now; "
        "`ioc-removal journal verify` names all that was changed; start the run anew"
    )
