"""The command of workers."""

from .options import Add


def add_workers(add: Add) -> None:
    """Add the command of workers."""
    worker = add(
        "worker",
        "worker.worker",
        "Work on the runs of a store that several hosts share",
        "ioc-removal worker --store postgresql://soc@db.example/runs",
        "ioc-removal worker --serve cybertrace --metrics 9464",
        more=" It performs parts of\nremovals whose connections it has, and goes on with runs whose"
        " process died. Any number\nmay work at once, each telling what it does in lines of JSON."
        " SIGTERM lets it finish what\nit has taken; after a second one others take that over.",
    )
    worker.add_argument(
        "--serve", metavar="NAME", action="append",
        help="only this connection of the settings; may be repeated",
    )  # fmt: skip
    worker.add_argument("--chunks", type=int, metavar="N", help="at most so many at once (4)")
    worker.add_argument(
        "--in-flight", type=int, metavar="N",
        help="at most so many requests of a connection at once from here (as many as it may have)",
    )  # fmt: skip
    worker.add_argument("--runs", type=int, metavar="N", help="go on with so many at once (2)")
    worker.add_argument(
        "--metrics", metavar="HOST:PORT",
        help="serve /metrics for Prometheus and /healthz there; PORT alone is of this host only",
    )  # fmt: skip
    worker.add_argument(
        "--verbose", action="store_true",
        help="print a line of JSON for each batch, not only for those that failed or are unknown",
    )  # fmt: skip
