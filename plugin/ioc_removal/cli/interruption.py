"""A run that is cut short, by Ctrl-C or a mistake of ours: what is recorded, and how to see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import PluginError, StoreError, is_of_interruption
from ..store.database import Database
from ..store.results import run_summary
from ..store.runs import CALL, ENDED, PLAYBOOK, PRUNE, WAITING, get_run
from .output import Output
from .sums import counts_line


@contextmanager
def interruption(
    database: Database, output: Output, run: str | None = None
) -> Iterator[Callable[[str], None]]:
    """Yield what is to be told the id of the run; when it is cut short, note what is recorded.

    run: its id, when it is known already.
    """
    told = [run] if run else []
    try:
        yield told.append
    except BaseException as error:
        if is_of_interruption(error):
            database.leave()
        expected = isinstance(error, PluginError) and not isinstance(error, StoreError)
        if told and not expected:
            output.recorded = _recorded(database, told[-1])
        raise


def _recorded(database: Database, run: str) -> str:
    """Say in a line what is recorded of a run."""
    doubt = "a request in flight may have been carried out"
    look = f"`ioc-removal show {run}` tells what is recorded"
    try:
        known = get_run(database, run)
        counts = counts_line(run_summary(database, run).counts)
    except StoreError:
        return f"{doubt}; {look}"
    if known.status == ENDED:
        return f"{counts or 'no outcome'} in all; {look}"
    if known.status == WAITING:
        return (
            f"{counts or 'no answer'} so far; the run waits on: `ioc-removal resume {run}`; {look}"
        )
    if known.kind == PLAYBOOK and "inputs" not in known.details:
        return f"its input was not read to the end, and nothing was sent: start it anew; {look}"
    if known.kind == PRUNE:
        return f"what was pruned is whole, the next `ioc-removal prune` goes on; {look}"
    if known.dry_run:
        doubt = "a dry run sends nothing that does something"
    said = f"{counts or 'no answer'} so far; {doubt}; {look}"
    if known.kind == CALL:
        return said
    go_on = f"`ioc-removal resume {run}` goes on"
    if known.kind == PLAYBOOK and database.is_shared:
        go_on = f"workers go on with it, or `ioc-removal resume {run}`"
    return f"{said}; {go_on}; `ioc-removal cancel {run} --reason TEXT` ends it"
