"""What a run was given, as its chain has it: nobody lets it do another thing by changing tables."""

from collections.abc import Collection, Iterable

from ..errors import RunError
from .ahead import SAID as AHEAD
from .ahead import added
from .chain import START, Link
from .database import Database
from .entries import Linked
from .fact_verification import verify_facts
from .journal import BEGIN, CALLED, CONNECTIONS, CUT, INPUTS

_TOLD = (BEGIN, CALLED, CONNECTIONS, INPUTS, *AHEAD)
_OF_A_CALL = (CALLED, CUT)
_LINKS = (
    "SELECT l.run, l.link, l.kind, l.call, l.batch, l.rows, l.marks, l.facts, l.at, l.key, l.hash,"
    " (SELECT b.hash FROM links b WHERE b.run = l.run AND b.link = l.link - 1) FROM links l"
    " WHERE l.run = ? AND {} ORDER BY l.link"
)


def check_given(database: Database, run: str, *, inputs: bool = True) -> None:
    """Refuse to go on with a run that the tables tell otherwise than its chain; raises RunError.

    inputs: whether it has any, as a playbook has. A run from before the journal has no chain.
    """
    kinds = _checked(database, run, f"l.kind IN ({_places(_TOLD)})", _TOLD)
    if kinds or database.rows("SELECT 1 FROM heads WHERE run = ? LIMIT 1", (run,)):
        _check_added(database, run, kinds, (BEGIN, INPUTS) if inputs else (BEGIN,))


def check_call(database: Database, run: str, call: str) -> None:
    """Refuse to go on with one call of a run that is told otherwise than its chain does.

    Checked is what its batches are performed by: how the run began and where it leads, the call,
    and how it was cut. Raises RunError.
    """
    where = (
        f"(l.kind IN ({_places((BEGIN, CONNECTIONS))})"
        f" OR (l.call = ? AND l.kind IN ({_places(_OF_A_CALL)})))"
    )
    kinds = _checked(database, run, where, (BEGIN, CONNECTIONS, call, *_OF_A_CALL))
    _check_added(database, run, kinds, (BEGIN, CONNECTIONS, *_OF_A_CALL), call)


def _checked(database: Database, run: str, where: str, values: tuple[str, ...]) -> set[str]:
    """Check the links of a run for which a condition holds, and return their kinds."""
    kinds = set()
    for *columns, hash_, before in database.rows(_LINKS.format(where), (run, *values)):
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
    return kinds


def _check_added(
    database: Database,
    run: str,
    kinds: Collection[str],
    needed: Iterable[str],
    call: str | None = None,
) -> None:
    for kind in needed:
        if kind not in kinds:
            raise _changed(run, f"its chain has no link that tells of its {kind}")
    for what in added(database, run, call):
        raise _changed(run, what)


def _places(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _changed(run: str, what: str) -> RunError:
    return RunError(
        f"the store was changed by hand: run {run}: {what}; nothing was sent now; "
        "`ioc-removal journal verify` names all that was changed; start the run anew"
    )
