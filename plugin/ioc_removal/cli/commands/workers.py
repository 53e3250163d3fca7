"""The command of workers."""

from .options import Add


def add_workers(add: Add) -> None:
    """Add the command of workers."""
    worker = add(
        "worker",
        "worker.worker",
        "Work on the runs of a store that several hosts share",
        "ioc-removal worker --store postgresql://soc@db.example/runs",
        more=" It performs parts of\nremovals whose connections it has, and goes on with runs whose"
        " process died. Any number\nmay work at once. SIGTERM lets it finish what it has taken.",
    )
    worker.add_argument(
        "--serve", metavar="NAME", action="append",
        help="only this connection of the settings; may be repeated",
    )  # fmt: skip
    worker.add_argument("--chunks", type=int, metavar="N", help="at most so many at once (4)")
    worker.add_argument("--runs", type=int, metavar="N", help="go on with so many at once (2)")
