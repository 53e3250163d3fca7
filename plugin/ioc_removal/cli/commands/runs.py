"""The commands of runs that were, and their undoing."""

from ...store.run_list import STATES
from .options import Add, add_overrides, add_requester

ON_RUNS = """
All that is given must hold; --status may be repeated. A run that is stopped has not ended,
and no process has it: `ioc-removal resume` goes on with it."""


def add_runs(add: Add) -> None:
    """Add the commands of runs."""
    runs = add(
        "runs",
        "runs.show_runs",
        "List the runs, newest first",
        "ioc-removal runs --limit 5",
        "ioc-removal runs --status stopped --status failed --since 24h",
        "ioc-removal runs --playbook remove-iocs-after-triage --requester anna",
        "ioc-removal runs --since 2024-05-01 --until 2024-05-07 --json",
        more=ON_RUNS,
    )
    runs.add_argument("--limit", type=int, metavar="N", help="at most so many (20)")
    runs.add_argument(
        "--status", metavar="STATUS", choices=tuple(STATES), action="append",
        help=f"only these: {', '.join(STATES)}",
    )  # fmt: skip
    runs.add_argument(
        "--playbook", metavar="NAME", dest="only_name",
        help="only of this playbook; or of this action, or the undos of this run",
    )  # fmt: skip
    runs.add_argument("--requester", metavar="NAME", help="only those that NAME wanted")
    runs.add_argument(
        "--since", metavar="TIME", help="begun from then on: 2024-05-01 (UTC), or 7d, 12h, 90m ago"
    )
    runs.add_argument(
        "--until", metavar="TIME", help="begun until then; a date alone is the whole of that day"
    )
    show = add(
        "show", "show.show", "Show a run: what became of each indicator",
        "ioc-removal show 20240502-0915", "ioc-removal show 20240502-0915 --json",
        more=" The first characters of RUN are enough.",
    )  # fmt: skip
    show.add_argument("given_run", metavar="RUN")
    show.add_argument(
        "--unused", action="store_true", help="list what its indicator file held and was not used"
    )
    cancel = add(
        "cancel",
        "cancel.cancel",
        "Cancel a run: send nothing more of it, and end it",
        "ioc-removal cancel 20240502-0915 --reason 'wrong file' --ticket INC-4711",
        more=" What is in flight\nends by itself and is recorded; all else is refused, so that the"
        " numbers add up. A run that\nstopped or waits for a person is ended at once, that of"
        " another process within seconds.\nWhat it did can be undone.",
    )
    cancel.add_argument("given_run", metavar="RUN", help="its id, or the first characters")
    add_requester(cancel)
    undo = add(
        "undo",
        "undo.undo",
        "Undo a run: put back what it removed",
        "ioc-removal undo 20240502-0915 --dry-run",
        "ioc-removal undo 20240502-0915 --indicator 192.0.2.57 --reason 'true positive'",
        more=" What cannot be put back, such\nas dates, ids and tags, is said of each indicator."
        " An undo is itself a run, which can be undone.",
    )
    undo.add_argument("given_run", metavar="RUN", help="its id, or the first characters")
    undo.add_argument(
        "--indicator", metavar="VALUE", action="append",
        help="only this one, by value or id; may be repeated",
    )  # fmt: skip
    undo.add_argument("--dry-run", action="store_true", help="list what would be put back")
    undo.add_argument(
        "--send-again", action="store_true",
        help="send once more what stayed unknown where nothing can be looked up (CyberTrace), "
        "which then updates what is there",
    )  # fmt: skip
    undo.add_argument(
        "--verify", action="store_true", help="read back what was done, where that is possible"
    )
    add_requester(undo)
    add_overrides(undo)
