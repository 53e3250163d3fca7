"""The commands of what is done later: tried again, by a schedule, or taken away."""

from .options import WAIT, Add, add_overrides, add_proof, add_requester


def add_retry(add: Add) -> None:
    """Add the command that tries a run again."""
    retry = add(
        "retry",
        "retry.retry",
        "Try again what a run did not do, and nothing else",
        "ioc-removal retry 20240502-0915 --not-done --dry-run",
        "ioc-removal retry 20240502-0915 --not-done --reason 'SecMaster is back'",
        more=" What failed, is unknown or\nwas refused is sent; what was done is not touched, and"
        " what is new since is not of that run.\nOf a playbook it is a run of the same text with"
        " the same inputs, under the same guards\nand approvals as any.",
    )
    retry.add_argument("given_run", metavar="RUN", help="a playbook's run or a call, by its id")
    retry.add_argument(
        "--not-done", action="store_true", help="only what it did not do; it has to be given"
    )
    retry.add_argument(
        "--dry-run", action="store_true", help="show what would be sent; of a playbook, make a plan"
    )
    add_proof(retry)
    retry.add_argument("--wait", action="store_true", help=WAIT)
    add_requester(retry)
    add_overrides(retry)
