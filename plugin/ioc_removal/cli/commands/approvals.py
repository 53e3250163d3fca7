"""The commands of approvals."""

from .options import Add, add_requester


def add_approvals(add: Add) -> None:
    """Add the commands of approvals."""
    add(
        "approvals", "approvals.show_approvals", "List the runs that wait for a decision",
        "ioc-removal approvals", "ioc-removal approvals --json",
    )  # fmt: skip
    approve = add(
        "approve", "approvals.approve", "Say yes to what a run asks",
        "ioc-removal approve 20240502-0915 --actor anna --ticket INC-4711",
        "ioc-removal approve 20240502-0915 --plan 3f9ac1d2",
        more=" The settings name who may\n(approval.approvers); who wants the run may not.",
    )  # fmt: skip
    approve.add_argument("given_run", metavar="RUN")
    approve.add_argument(
        "--plan", metavar="HASH", help="what is approved, by its first 8 digits or more"
    )
    approve.add_argument(
        "--answer", metavar="NAME=VALUE", action="append", help="what is asked beside yes or no"
    )
    add_requester(approve)
    reject = add(
        "reject", "approvals.reject", "Say no to what a run asks",
        'ioc-removal reject 20240502-0915 --reason "still used by the proxy team"',
        more=" It removes nothing\nmore then.",
    )  # fmt: skip
    reject.add_argument("given_run", metavar="RUN")
    add_requester(reject)
