"""The commands of runs that were, and their undoing."""

from .options import Add, add_overrides, add_requester


def add_runs(add: Add) -> None:
    """Add the commands of runs."""
    runs = add(
        "runs", "runs.show_runs", "List the runs, newest first", "ioc-removal runs --limit 5"
    )
    runs.add_argument("--limit", type=int, metavar="N", help="at most so many (20)")
    show = add(
        "show", "show.show", "Show a run: what became of each indicator",
        "ioc-removal show 20240502-0915", "ioc-removal show 20240502-0915 --json",
        more=" The first characters of RUN are enough.",
    )  # fmt: skip
    show.add_argument("given_run", metavar="RUN")
    show.add_argument(
        "--unused", action="store_true", help="list what its indicator file held and was not used"
    )
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
